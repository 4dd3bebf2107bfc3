/* method_postfix_map - the database, and the text from which postmap (here one of the test's own)
 * makes a map: what others wrote stays, and an account is only lifted by its own case. */
#include "method_steps.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/sqlite.h"

static const struct method *const m = &method_postfix_map;

static void test_row(const char *name, const char *want)
{
    struct strbuf got = {0};
    struct sqlite *db = sqlite_open(settings.map_file, 1000, NULL);
    struct sqlite_query *query = sqlite_prepare(
        db,
        "SELECT action || '|' || reason || '|' || case_id || '|' || expires FROM access"
        " WHERE name = ?1",
        NULL);
    sqlite_bind_text(query, 1, span_text(name));
    if (sqlite_step(query, NULL) == 1)
        strbuf_add_span(&got, sqlite_bytes(query, 0));
    test_text(name, strbuf_text(&got), want);
    sqlite_query_close(query);
    sqlite_close(db);
    strbuf_clear(&got);
}

static void test_sqlite(void)
{
    struct stat st;
    clock_pin(1000);
    target.name = "Bob";
    settings.map_action = "REJECT case {case}: {reason} {x}";
    step(m, "check", "good");
    step(m, "look", "off");
    step(m, "plan", "needed: let Postfix refuse mail of Bob (sqlite:...");
    test_true("planning makes nothing", stat(settings.map_file, &st) != 0);
    step(m, "apply", "good");
    step(m, "apply", "good");
    step(m, "look", "on");
    test_row("bob", "REJECT case 7: 131 messages {x}|131 messages|7|0");
    test_number("readable", stat(settings.map_file, &st) == 0 ? st.st_mode & 0777 : 0, 0644);
    step(m, "plan", "in force: ...");
    target.case_id = 8;
    step(m, "undo", "good");
    step(m, "look", "on");
    target.case_id = 7;
    target.expires = 2000;
    target.reason = "a\nb\033[1m\xff";
    step(m, "apply", "good");
    test_row("bob", "REJECT case 7: a?b?[1m? {x}|a?b?[1m?|7|2000");
    clock_pin(2000);
    step(m, "look", "off");
    clock_pin(0);
    step(m, "undo", "good");
    test_row("bob", "");
    target.name = "z'\"$(touch${IFS}/x)\"'; DROP TABLE access";
    step(m, "apply", "good");
    step(m, "undo", "good");
    target.name = "j\xc3\xb6rg";
    step(m, "plan", "refused: Postfix' maps hold names of printable ASCII only");
    put("map", "this is no database, but something else", 0644);
    target.name = "bob";
    step(m, "look", "untold: ...");
    step(m, "apply", "failed: ...");
    unlink(settings.map_file);
    target.expires = 0;
    target.reason = "131 messages";
}

/* postmap: makes FILE.db a copy of the text, and finds keys in it. */
static const char postmap[] = "#!/bin/sh\n"
                              "[ \"$1\" = -q ] || { cp \"${1#hash:}\" \"${1#hash:}.db\"; exit; }\n"
                              "sed -n \"s/^$2\t//p\" \"${3#hash:}.db\" | grep .\n";

static void test_text_map(void)
{
    settings.map_type = MAP_HASH;
    settings.map_action = NULL;
    put("postmap", postmap, 0755);
    put("map", "# mine\nbob@example.net\tREJECT\n  never\nbob.x OK\n", 0640);
    target.name = "Bob";
    step(m, "look", "untold: ...");
    put("map.db", "", 0644);
    step(m, "plan", "needed: let Postfix refuse mail of Bob (hash:...");
    step(m, "apply", "good");
    step(m, "apply", "good");
    step(m, "look", "on");
    test_file("added", "map",
              "# mine\nbob@example.net\tREJECT\n  never\nbob.x OK\n"
              "# spamgear case 7, expires 0: 131 messages\n"
              "bob\tREJECT This account may not send mail at the moment: please ask your "
              "postmaster\n");
    step(m, "undo", "good");
    step(m, "undo", "good");
    step(m, "look", "off");
    test_file("gone", "map", "# mine\nbob@example.net\tREJECT\n  never\nbob.x OK\n");
    put("map", "bob\tOK\n", 0644);
    step(m, "apply", "good");
    step(m, "undo", "good");
    test_file("the administrator's own", "map", "bob\tOK\n");
    target.name = "a b";
    step(m, "plan", "refused: ...");
    target.name = "#b";
    step(m, "plan", "refused: ...");
    target.name = "bob";
    put("postmap", "#!/bin/sh\necho 'postmap: fatal: no idea'; exit 1\n", 0755);
    step(m, "look", "untold: postmap -q: status 1: postmap: fatal: no idea");
    step(m, "apply", "failed: postmap: status 1: postmap: fatal: no idea");
}

static void test_check(void)
{
    static const struct {
        const char *file, *action, *want;
    } rows[] = {
        {NULL, NULL, "failed: map-file: must be set"},
        {"", NULL, "failed: map-file: must be set"},
        {"map", NULL, "failed: map-file: must be a full path"},
        {"/x/", NULL, "failed: map-file: must be a full path"},
        {"/a b", NULL, "failed: map-file: Postfix takes no blank..."},
        {"/a,b", NULL, "failed: map-file: Postfix takes no blank..."},
        {"/a", "REJECT\nOK", "failed: map-action: must be one line of ASCII"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        settings.map_file = (char *)(uintptr_t)rows[i].file;
        settings.map_action = (char *)(uintptr_t)rows[i].action;
        step(m, "check", rows[i].want);
    }
    settings.map_action = NULL;
    test_number("a closed folder", mkdir(in_folder("closed"), 0700), 0);
    settings.map_file = in_folder("closed/map");
    step(m, "check", "failed: map-file: Postfix cannot get through ...");
}

/* The memo names the map, whatever is set by then. */
static void test_moved(void)
{
    char *map = settings.map_file;
    settings.map_type = MAP_SQLITE;
    unlink(map);
    target.name = "bob";
    target.case_id = 7;
    step(m, "plan", "needed: ...");
    step(m, "apply", "good");
    settings.map_file = in_folder("other");
    settings.map_type = MAP_HASH;
    step(m, "look", "on");
    step(m, "undo", "good");
    step(m, "look", "off");
    test_true("not this one", access(in_folder("other"), F_OK) != 0);
    unlink(map); /* renamed by the administrator: then it is the one that is set */
    put("other", "", 0644);
    settings.map_type = MAP_SQLITE;
    step(m, "look", "untold: ...");
    settings.map_file = map;
}

int main(void)
{
    if (begin() != 0)
        return 1;
    char map[4096];
    snprintf(map, sizeof map, "%s", in_folder("map"));
    settings.map_file = map;
    settings.postfix_programs = folder;
    test_sqlite();
    test_text_map();
    test_moved();
    test_check();
    return end();
}
