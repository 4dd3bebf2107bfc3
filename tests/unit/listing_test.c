/* listing - 3 spam recipients in 20 days are listed, 2 are not; and what Postfix' file says.
 * ctest label: threads */
#include "spamgear/base/clock.h"
#include "spamgear/base/sqlite.h"
#include "spamgear/store/state.h"

#include "test.h"
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NOW 1800000000
#define DAY 86400

static struct strbuf why;
static const struct listing_rule standard = {
    .on = true, .days = 20, .divisor = 20, .probability = 0.1, .action = "REJECT spam"};

/* ---- the formula ---- */

static void test_threshold(void)
{
    const struct {
        double divisor, probability;
        int64_t thousandths;
    } rows[] = {{20, 0.1, 2107}, {20, 0.5, 13863}, {1, 0.1, 105}, {100, 0.9, 230259}, {20, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct listing_rule rule = {.divisor = rows[i].divisor, .probability = rows[i].probability};
        test_number("threshold", (int64_t)lround(listing_threshold(&rule) * 1000),
                    rows[i].thousandths);
    }
    struct listing_rule never = {.divisor = 20, .probability = 1};
    test_true("never", listing_threshold(&never) > 1e300);
    for (unsigned v = 1; v < 200; v++) /* the same as postlog-sa's */
        test_number("formula", v > listing_threshold(&standard), 1 - exp(-(v / 20.0)) > 0.1);
}

static void test_until(void)
{
    const struct {
        const char *name;
        struct listing_point points[4];
        size_t len;
        int64_t want; /* behind now */
    } rows[] = {
        {"nothing", {{0, 0}}, 0, 0},
        {"2 victims", {{NOW, 2}}, 1, 0},
        {"3 victims", {{NOW, 3}}, 1, 20 * DAY},
        {"3 times 1", {{NOW - 5, 1}, {NOW, 1}, {NOW - 9, 1}}, 3, 20 * DAY - 9},
        {"the oldest do not matter",
         {{NOW - 9 * DAY, 50}, {NOW - 5, 2}, {NOW - 19 * DAY, 7}, {NOW - 3, 1}},
         4,
         20 * DAY - 5},
        {"old and new", {{NOW - 9 * DAY, 2}, {NOW, 1}}, 2, 11 * DAY},
        {"too old", {{NOW - 20 * DAY, 90}}, 1, 0},
        {"nearly too old", {{NOW - 20 * DAY + 1, 90}}, 1, 1},
        {"a wrong clock", {{NOW + 900 * DAY, 3}}, 1, 20 * DAY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t until = listing_until(&standard, rows[i].points, rows[i].len, NOW);
        test_number(rows[i].name, until == 0 ? 0 : until - NOW, rows[i].want);
    }
}

/* ---- the file ---- */

static struct listing_settings listing = {.file = "map/postfix-map.db"};
static char *state_folder;

static struct state *start(void)
{
    struct state_settings settings = {.folder = state_folder, .commit_ms = 1, .listing = &listing};
    struct state *state = state_open(&settings, &why);
    if (state == NULL || state_start(state, &why) != 0) {
        printf("%s\n", strbuf_text(&why));
        exit(1);
    }
    return state;
}

static void spam(struct state *state, const char *client, const char *from, const char *sasl,
                 unsigned victims)
{
    struct spam_event event = {.time = clock_now(),
                               .verdict_time = clock_now(),
                               .client = span_text(client),
                               .from = span_text(from),
                               .sasl = span_text(sasl),
                               .verdict = MAIL_VERDICT_SPAM,
                               .victims = victims};
    struct state_batch *batch = state_batch_new();
    state_batch_spam(batch, &event);
    state_submit(state, batch);
    test_number("flush", state_flush(state, 10000, &why), 0);
}

/* All that is in the file, "kind name days;". */
static void test_map(const char *name, const char *want)
{
    struct strbuf text = {0};
    struct sqlite *db = sqlite_open_to_read(listing.file, 1000, &why);
    struct sqlite_query *query =
        db == NULL ? NULL
                   : sqlite_prepare(db, "SELECT kind, name, until FROM access ORDER BY 1, 2", &why);
    while (query != NULL && sqlite_step(query, &why) == 1) {
        struct span kind = sqlite_bytes(query, 0), who = sqlite_bytes(query, 1);
        strbuf_format(&text, "%.*s %.*s %lld;", (int)kind.len, kind.at, (int)who.len, who.at,
                      (long long)(sqlite_number(query, 2) - NOW) / DAY);
    }
    sqlite_query_close(query);
    sqlite_close(db);
    test_text(name, strbuf_text(&text), want);
    test_text("no trouble", strbuf_text(&why), "");
    strbuf_clear(&text);
}

static void await_map(const char *name, const char *want)
{
    struct stat st;
    for (int i = 0; i < 1000 && stat(listing.file, &st) != 0; i++)
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    test_map(name, want);
}

static void test_who(void)
{
    struct state *state = start();
    await_map("made at once", "");
    spam(state, "192.0.2.1", "Spam@Example.org", "Bob", 2);
    test_map("2 victims", "");
    spam(state, "2001:DB8::0:7", "spam@example.ORG", "bob", 1);
    test_map("a user, however written", "sasl bob 20;");
    spam(state, "192.0.2.1", "other@example.org", "", 1);
    test_map("a client", "client 192.0.2.1 20;sasl bob 20;");
    spam(state, "2001:db8:0::7", "", "", 5);
    test_map("an address, however written",
             "client 192.0.2.1 20;client 2001:db8::7 20;sasl bob 20;");
    spam(state, "192.0.2", "example.org", "", 50); /* these would be a network and a domain */
    spam(state, "", "@example.org", "", 50);
    spam(state, "", "bob@", "", 50);
    test_map("nobody else", "client 192.0.2.1 20;client 2001:db8::7 20;sasl bob 20;");
    state_close(state);
}

static void test_time(void)
{
    struct state *state = start();
    clock_pin(NOW + 5 * DAY);
    spam(state, "192.0.2.1", "", "", 1);
    test_map("it is the newest that are missing", "client 192.0.2.1 20;client 2001:db8::7 20;"
                                                  "sasl bob 20;");
    spam(state, "192.0.2.1", "", "", 2);
    test_map("prolonged", "client 192.0.2.1 25;client 2001:db8::7 20;sasl bob 20;");
    clock_pin(NOW + 21 * DAY);
    spam(state, "198.51.100.1", "", "", 1);
    test_map("expired ones go", "client 192.0.2.1 25;");
    clock_pin(NOW + 6 * DAY);
    spam(state, "198.51.100.1", "", "", 1);
    test_map("the clock was ahead", "client 192.0.2.1 25;client 2001:db8::7 20;sasl bob 20;");
    state_close(state);
    clock_pin(NOW);
}

static void test_settings(void)
{
    listing.rules[LISTING_SENDER].on = true;
    listing.rules[LISTING_CLIENT].on = false;
    listing.rules[LISTING_SASL].probability = 0.5;
    clock_pin(NOW + 5 * DAY);
    struct state *state = start();
    spam(state, "", "x@example.org", "", 1);
    test_map("other settings", "sender spam@example.org 20;");
    state_close(state);
    listing.rules[LISTING_SASL].probability = 0.1;
    listing.rules[LISTING_CLIENT].on = true;
    listing.rules[LISTING_SENDER].on = false;
    clock_pin(NOW + DAY);
}

#define ALL "client 192.0.2.1 21;client 2001:db8::7 20;sasl bob 20;"

static void test_made_again(void)
{
    struct stat st, before;
    test_number("away", unlink(listing.file), 0);
    struct state *state = start();
    state_flush(state, 1000, &why);
    await_map("made again", ALL);
    stat(listing.file, &st);
    test_number("everybody may read it", st.st_mode & 07777, 0644);
    test_number("gone while it runs", unlink(listing.file), 0);
    spam(state, "", "", "carl", 1);
    test_map("made again", ALL);
    stat(listing.file, &before);
    state_close(state);
    int fd = open(listing.file, O_WRONLY);
    test_true("spoil", pwrite(fd, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 39, 0) == 39);
    close(fd);
    state = start();
    spam(state, "", "", "carl", 1);
    test_map("a damaged one is made again", ALL);
    stat(listing.file, &st);
    test_true("beside it", st.st_ino != before.st_ino);
    struct stat gone;
    test_true("nothing is left", stat("map/postfix-map.db.new", &gone) != 0 &&
                                     stat("map/postfix-map.db-journal", &gone) != 0);
    state_close(state);
}

static void run_sql(const char *sql)
{
    struct sqlite *db = sqlite_open(listing.file, 1000, &why);
    test_number(sql, sqlite_run(db, sql, &why), 0);
    sqlite_close(db);
}

static void restart(const char *name, const char *want)
{
    struct state *state = start();
    spam(state, "", "", "carl", 0);
    test_map(name, want);
    state_close(state);
}

/* A start writes what is wrong, and nothing else: Postfix reads all the time. */
static void test_compared(void)
{
    struct stat before, st;
    stat(listing.file, &before);
    restart("as it was", ALL);
    stat(listing.file, &st);
    test_true("not written", st.st_ino == before.st_ino &&
                                 st.st_mtim.tv_sec == before.st_mtim.tv_sec &&
                                 st.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
    run_sql("INSERT INTO access VALUES ('sasl', 'eve', 'REJECT', 9999999999), ('x', '', 'OK', "
            "9999999999); DELETE FROM access WHERE name = 'bob'; UPDATE access SET action = 'OK' "
            "WHERE kind = 'client'");
    restart("made good", ALL);
    stat(listing.file, &st);
    test_true("in its place", st.st_ino == before.st_ino);
    chmod(listing.file, 0600);
    test_number("empty, as Postfix makes it", truncate(listing.file, 0), 0);
    restart("filled", ALL);
    stat(listing.file, &st);
    test_number("and everybody may read it", st.st_mode & 07777, 0644);
    run_sql("CREATE TABLE more AS SELECT * FROM access");
    test_number("as if it was not written whole", truncate(listing.file, st.st_size), 0);
    restart("made anew", ALL);
    stat(listing.file, &st);
    test_true("beside it", st.st_ino != before.st_ino);
}

/* Postfix' processes must not wait for us, nor we for them. */
static void test_hanging_reader(void)
{
    struct state_health health;
    struct state *state = start();
    spam(state, "", "", "carl", 0);
    struct sqlite *db = sqlite_open_to_read(listing.file, 0, &why);
    test_number("reads", sqlite_run(db, "BEGIN; SELECT count(*) FROM access", &why), 0);
    int64_t begin = clock_steady_ms();
    spam(state, "", "", "dora", 3);
    state_look(state, &health);
    test_true("goes on", clock_steady_ms() - begin < 2000 && !health.failing);
    test_true("is told", health.map_failing && strstr(health.map_trouble, "locked") != NULL);
    test_number("others can read", sqlite_run(db, "SELECT count(*) FROM access", &why), 0);
    sqlite_run(db, "COMMIT", &why);
    sqlite_close(db);
    for (int i = 0; i < 1000 && health.map_failing; i++) {
        nanosleep(&(struct timespec){0, 10000000}, NULL);
        state_look(state, &health);
    }
    test_map("later", ALL "sasl dora 21;");
    state_close(state);
}

static void test_refused(void)
{
    struct state_health health = {0};
    listing.file = "map/link";
    test_true("link", symlink("/etc/passwd", listing.file) == 0);
    struct state *state = start();
    for (int i = 0; i < 1000 && !health.map_failing; i++) {
        state_look(state, &health);
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    test_text("told", health.map_trouble, "map/link: is no regular file of one name");
    state_close(state);
}

static int remove_it(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st, (void)kind, (void)place;
    return remove(path);
}

int main(void)
{
    char work[] = "/tmp/listing_test.XXXXXX";
    if (mkdtemp(work) == NULL || chdir(work) != 0)
        return 1;
    umask(022);
    mkdir("map", 0755);
    clock_pin(NOW);
    struct strbuf folder = {0};
    strbuf_format(&folder, "%s/state", work);
    state_folder = strbuf_take(&folder);
    for (int i = 0; i < LISTING_KINDS; i++) {
        listing.rules[i] = standard;
        listing.rules[i].on = i != LISTING_SENDER;
    }
    test_threshold();
    test_until();
    test_who();
    test_time();
    clock_pin(NOW + DAY);
    test_settings();
    test_made_again();
    test_compared();
    test_hanging_reader();
    test_refused();
    free(state_folder);
    strbuf_clear(&why);
    test_true("tidies up", nftw(work, remove_it, 8, FTW_DEPTH | FTW_PHYS) == 0);
    return test_end();
}
