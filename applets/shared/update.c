/* update - from settings to a run of store/signature_update, and its words to the terminal. */
#include "update.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/text.h"
#include "spamgear/cli/settings.h"
#include "spamgear/store/signature_update.h"
#include <stdio.h>
#include <unistd.h>

#define NOBODY 65534 /* who fetches and who examines when root starts it */

/* ---- options ---- */

static int check_source(const char *value, void *field, struct strbuf *why)
{
    struct strbuf ignored = {0};
    size_t blanks = strspn(value, " \t");
    const char *at = value + blanks;
    char *word = mem_text_of(at, strcspn(at, " \t"));
    bool good = strcmp(word, "unsigned") == 0 || signature_set_is_name(word) ||
                fetch_check(word, true, &ignored) == 0;
    (void)field;
    if (!good && strstr(word, "://") != NULL)
        strbuf_why(why, "\"%s\": %s", word, strbuf_text(&ignored));
    else if (!good)
        strbuf_why(why,
                   "\"%s\" is neither a URL nor the name of a signature file (fingerprints.txt, "
                   "backdoors.re, shelldetect.db, NAME.rules)",
                   word);
    free(word);
    strbuf_clear(&ignored);
    return good ? 0 : -1;
}

static int check_key(const char *value, void *field, struct strbuf *why)
{
    uint8_t key[SIGNATURE_KEY];
    (void)field;
    return signature_key_read(span_text(value), key)
               ? 0
               : strbuf_why(why, "\"%s\" is no Ed25519 public key, in base64 or hexadecimal",
                            value);
}

const struct option update_options[] = {
    OPTION_LIST(struct update_settings, sources, "source", 's', "NAME URL",
                "Fetch URL, and keep it as NAME: fingerprints.txt, backdoors.re, shelldetect.db or "
                "NAME.rules. In the config a line is NAME URL; on the command line both are one "
                "word in quotes. Followed by the word unsigned it needs no signature.",
                .check = check_source),
    OPTION_TEXT(struct update_settings, key, "key", 0, "KEY", NULL,
                "Take only what is signed: the Ed25519 public key, in base64 or hexadecimal. The "
                "signature is fetched from URL.sig, 64 bytes or base64 of them.",
                .check = check_key),
    OPTION_TEXT(struct update_settings, folder, "folder", 0, "DIR", "/var/lib/spamgear/signatures",
                "Where the sets are kept; DIR/current is the one that scans read."),
    OPTION_TEXT(struct update_settings, ca_file, "ca-file", 0, "FILE", NULL,
                "Trust the certification authorities in FILE (PEM), and no others."),
    OPTION_TEXT(struct update_settings, samples, "clean-samples", 0, "DIR", NULL,
                "Files that no signature may hit. Without the option: "
                "/usr/share/spamgear/clean-samples or /usr/local/share/spamgear/clean-samples."),
    OPTION_FLAG(struct update_settings, insecure, "insecure", 0,
                "Fetch from http:// too, which anybody on the way can change. Certificates are "
                "checked all the same."),
    OPTION_LIST(struct update_settings, removed, "remove", 0, "NAME",
                "Take the file NAME out of the set.", .flags = OPTION_NO_CONFIG),
    OPTION_FLAG(struct update_settings, force, "force", 0,
                "Take a set whose number of signatures jumped, or that was rolled back before.",
                .flags = OPTION_NO_CONFIG),
    OPTION_FLAG(struct update_settings, dry_run, "dry-run", 0,
                "Fetch and examine, but change nothing.", .flags = OPTION_NO_CONFIG),
    OPTION_END};

/* ---- running ---- */

static void say(const char *text, bool stdout_is_taken)
{
    struct strbuf line = {0};
    if (stdout_is_taken) {
        diag_info("%s", text);
        return;
    }
    text_escape(&line, span_text(text));
    puts(strbuf_text(&line));
    strbuf_clear(&line);
}

static void tell(struct texts *told, bool stdout_is_taken)
{
    for (size_t i = 0; i < told->len; i++)
        say(told->at[i], stdout_is_taken);
    texts_clear(told);
}

static void complain(struct texts *problems)
{
    for (size_t i = 0; i < problems->len; i++)
        diag_error("%s", problems->at[i]);
    texts_clear(problems);
}

/* What was installed by hand goes before what the package brought. */
static const char *installed(const char *local, const char *packaged)
{
    return access(local, F_OK) == 0 ? local : packaged;
}

static int run_with(const struct update_settings *settings, const struct signature_sources *sources,
                    bool stdout_is_taken)
{
    uint8_t key[SIGNATURE_KEY];
    struct texts told = {0}, problems = {0};
    struct signature_update update = {
        .folder = settings->folder,
        .sources = sources,
        .removed = &settings->removed,
        .samples = settings->samples != NULL ? settings->samples
                                             : installed("/usr/local/share/spamgear/clean-samples",
                                                         "/usr/share/spamgear/clean-samples"),
        .shipped = installed("/usr/local/share/spamgear/rules", "/usr/share/spamgear/rules"),
        .force = settings->force,
        .dry_run = settings->dry_run,
        .fetch = {.insecure = settings->insecure,
                  .ca_file = settings->ca_file,
                  .uid = NOBODY,
                  .gid = NOBODY}};
    update.key = settings->key != NULL ? key : NULL;
    if (update.key != NULL && !signature_key_read(span_text(settings->key), key)) {
        diag_error("\"%s\" is no Ed25519 public key", settings->key);
        return APPLET_TROUBLE; /* never without a key that was asked for */
    }
    enum signature_outcome outcome = signature_update(&update, clock_now(), &told, &problems);
    tell(&told, stdout_is_taken);
    complain(&problems);
    return outcome == SIGNATURES_REFUSED ? APPLET_TROUBLE : 0;
}

int update_run(const struct update_settings *settings, bool stdout_is_taken)
{
    struct signature_sources sources;
    struct strbuf why = {0};
    int status = APPLET_TROUBLE;
    if (signature_sources_read(&sources, &settings->sources, &why) != 0 || digest_load(&why) != 0)
        diag_error("%s", strbuf_text(&why));
    else if (sources.list.len == 0 && settings->removed.len == 0)
        diag_error("no source is configured: say in /etc/spamgear/spamgear.conf, section "
                   "[update-rules], source = NAME URL, where NAME is fingerprints.txt, "
                   "backdoors.re, shelldetect.db or NAME.rules");
    else
        status = run_with(settings, &sources, stdout_is_taken);
    signature_sources_clear(&sources);
    strbuf_clear(&why);
    return status;
}

int update_run_configured(const struct run *run, bool dry_run, bool stdout_is_taken)
{
    struct settings settings;
    struct texts problems = {0};
    settings_init(&settings, applet_find(run->all, "update-rules", NULL), &problems);
    settings_apply(&settings, run->config, run->all, &problems);
    struct update_settings *own = settings.own;
    own->dry_run = dry_run;
    int status = problems.len == 0 ? update_run(own, stdout_is_taken) : APPLET_TROUBLE;
    complain(&problems);
    settings_clear(&settings);
    return status;
}
