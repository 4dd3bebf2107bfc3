/* update-rules - fetches signatures, and puts them in use only when they are fit to be. */
#include "shared/update.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/text.h"
#include "spamgear/log/stamp.h"
#include "spamgear/store/signature_sets.h"
#include <inttypes.h>
#include <stdio.h>

/* ---- --list ---- */

static void put_line(struct strbuf *line)
{
    struct strbuf clean = {0};
    text_escape(&clean, strbuf_span(line));
    puts(strbuf_text(&clean));
    strbuf_clear(&clean);
    strbuf_reset(line);
}

static void print_file(const struct signature_file *file)
{
    struct strbuf line = {0};
    char when[32];
    stamp_format(file->fetched, when);
    strbuf_format(&line, "  %s: %" PRIu64 " signatures, %s, fetched %s from %s", file->name,
                  file->signatures, file->is_signed ? "signed" : "unsigned", when, file->url);
    put_line(&line);
    strbuf_clear(&line);
}

static void print_set(struct signature_sets *sets, const char *id, bool in_use)
{
    struct signature_set set;
    struct strbuf line = {0}, why = {0};
    if (signature_sets_read(sets, id, false, &set, &why) != 0) {
        diag_error("%s", strbuf_text(&why));
    } else {
        strbuf_format(&line, "set %s: files %zu, signatures %" PRIu64 "%s%s", id, set.files.len,
                      signature_set_count(&set), in_use ? ", in use" : "",
                      signature_sets_is_withdrawn(sets, id) ? ", rolled back" : "");
        put_line(&line);
        for (size_t i = 0; in_use && i < set.files.len; i++)
            print_file(&set.files.at[i]);
    }
    signature_set_clear(&set);
    strbuf_clear(&line);
    strbuf_clear(&why);
}

static void list_sets(struct signature_sets *sets)
{
    char current[SIGNATURE_SET_ID];
    struct texts ids = {0};
    struct strbuf why = {0};
    if (signature_sets_current(sets, current, &why) < 0 ||
        signature_sets_list(sets, &ids, &why) != 0)
        diag_error("%s", strbuf_text(&why));
    if (ids.len == 0)
        puts("nothing is installed");
    for (size_t i = ids.len; i-- > 0;)
        print_set(sets, ids.at[i], strcmp(ids.at[i], current) == 0);
    texts_clear(&ids);
    strbuf_clear(&why);
}

/* ---- --rollback ---- */

static void roll_back(struct signature_sets *sets)
{
    char id[SIGNATURE_SET_ID];
    struct strbuf why = {0};
    if (signature_sets_roll_back(sets, id, &why) != 0)
        diag_error("%s", strbuf_text(&why));
    else
        printf("set %s is in use again\n", id);
    strbuf_clear(&why);
}

/* ---- the applet ---- */

static int with_sets(const char *folder, enum signature_access access,
                     void (*act)(struct signature_sets *sets))
{
    struct strbuf why = {0};
    struct signature_sets *sets =
        digest_load(&why) == 0 ? signature_sets_open(folder, access, &why) : NULL;
    if (sets == NULL)
        diag_error("%s", strbuf_text(&why));
    else
        act(sets);
    signature_sets_close(sets);
    strbuf_clear(&why);
    return 0; /* diag_error makes it APPLET_TROUBLE */
}

static int run(void *at, const struct run *call)
{
    const struct update_settings *settings = at;
    (void)call;
    if (settings->list && settings->roll_back)
        diag_error("--list and --rollback are two things");
    else if (settings->list)
        return with_sets(settings->folder, SIGNATURE_SETS_LOOK, list_sets);
    else if (settings->roll_back && settings->dry_run)
        diag_error("--rollback cannot be tried: see --list");
    else if (settings->roll_back)
        return with_sets(settings->folder, SIGNATURE_SETS_CHANGE, roll_back);
    else
        return update_run(settings, false);
    return APPLET_TROUBLE;
}

static const struct option options[] = {
    OPTION_FLAG(struct update_settings, roll_back, "rollback", 0,
                "Go back to the set before the one in use; again: to the one before that.",
                .flags = OPTION_NO_CONFIG),
    OPTION_FLAG(struct update_settings, list, "list", 0,
                "Print which sets there are, and of the one in use what was fetched when and from "
                "where.",
                .flags = OPTION_NO_CONFIG),
    OPTION_END};

static const struct option *const tables[] = {update_options, options, NULL};

static const struct applet_example examples[] = {
    {"update-rules", "Fetch what section [update-rules] of the config names."},
    {"update-rules --list", "What is in use, since when, from where?"},
    {"update-rules --rollback", "Go back to the signatures before."},
    {"update-rules --source 'shelldetect.db "
     "https://raw.githubusercontent.com/emposha/PHP-Shell-Detector/master/shelldetect.db'",
     "The database of Shell-Detector, which is not signed."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "A new set is in use, or nothing has changed."},
    {2, "Trouble: something could not be fetched, or was refused. What was in use still is."},
    {0, NULL}};

const struct applet update_rules_applet = {
    .name = "update-rules",
    .summary = "Fetch signatures, check them, replace the old ones",
    .description =
        "Fetches each source by https (or reads it from a file:// URL) and makes a new set of "
        "signature files: those of the set in use, with what was fetched in place of the old. "
        "Redirects from https lead to https only; certificates are always checked. A proxy is "
        "used as the environment says (https_proxy, no_proxy). When root runs this, fetching and "
        "examining are done by processes of user 65534.\n\n"
        "Before it is used, the set is examined: every signature must load, none may be blank, "
        "short or so general that it hits ordinary files, none may hit the clean samples or have "
        "the id of a rule that spamgear ships, and "
        "the number of signatures of a file must not fall below half, or grow to more than three "
        "times (and by more than 20). Otherwise the reason is told and the old set stays. A "
        "source that cannot be fetched stays as it was; the others are updated.\n\n"
        "With --key every source must be signed, unless the word unsigned follows its URL: an "
        "Ed25519 signature of the whole file stands beside it, at URL.sig. `openssl pkeyutl -sign "
        "-rawin` makes one.\n\n"
        "The last five sets are kept. --rollback puts the one before in use again; what was "
        "rolled back is not taken a second time without --force.",
    .options = tables,
    .settings_size = sizeof(struct update_settings),
    .examples = examples,
    .statuses = statuses,
    .files = "DIR/current is a symbolic link to the set in use, DIR/sets/ID; its manifest tells "
             "what was fetched.",
    .run = run,
};
