/* scan - from settings to a sweep: rules, engines, files, reactions. */
#include "scan.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/map.h"
#include "spamgear/base/text.h"
#include "spamgear/php/pure.h"
#include "spamgear/scan/clam.h"
#include "spamgear/scan/signatures.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define VAULT_FOLDER  "/root/shells"
#define CACHE_FILE    "/var/lib/spamgear/verdicts.db"
#define CLAMAV_FOLDER "/var/lib/clamav"
#define CLAMD_WAIT_MS 2000
#define CLAMD_RELOADS 1200 /* s: it looks for new databases every 600 (SelfCheck) */

static const char *const standard_signatures[] = {
    "/etc/spamgear/signatures", "/var/lib/spamgear/signatures/current",
    "/usr/local/share/spamgear/rules", "/usr/share/spamgear/rules", NULL};

static volatile bool stopped, unread; /* by a signal; nobody reads the output any more */

static void on_signal(int number)
{
    unread = number == SIGPIPE;
    stopped = true;
}

static void complain(const char *text)
{
    diag_error("%s", text);
}

static void inform(const char *text)
{
    diag_info("%s", text);
}

static void tell_all(const struct texts *problems)
{
    for (size_t i = 0; i < problems->len; i++)
        diag_error("%s", problems->at[i]);
}

/* ---- detectors ---- */

static const struct {
    const char *name;
    unsigned bit;
} detectors[] = {{"rules", 1u << RULE_OWN},
                 {"fingerprints", 1u << RULE_FINGERPRINT},
                 {"backdoors", 1u << RULE_BACKDOOR},
                 {"shelldetect", 1u << RULE_SHELLDETECT},
                 {"php", 1u << RULE_PHP},
                 {"hashes", 1u << RULE_HASH},
                 {"clamav", 1u << RULE_CLAMAV}};

/* The detectors that are left, 0 when a name is wrong. */
static unsigned wanted_detectors(const struct texts *without)
{
    unsigned wanted = SIGNATURES_ALL;
    for (size_t i = 0; i < without->len; i++) {
        size_t at = 0;
        const size_t count = sizeof detectors / sizeof *detectors;
        while (at < count && strcmp(detectors[at].name, without->at[i]) != 0)
            at++;
        if (at == count) {
            diag_error("--without %s: is none of rules, fingerprints, backdoors, shelldetect, "
                       "php, hashes and clamav",
                       without->at[i]);
            return 0;
        }
        wanted &= ~detectors[at].bit;
    }
    if (wanted == 0)
        diag_error("--without: no detector is left");
    return wanted;
}

static void load_signatures(struct scan *scan, const struct scan_engine_settings *settings,
                            unsigned wanted)
{
    struct texts problems = {0};
    bool own = settings->signatures.len > 0;
    for (size_t i = 0; own && i < settings->signatures.len; i++)
        signatures_load(scan->rules, settings->signatures.at[i], wanted, true, &problems);
    for (size_t i = 0; !own && standard_signatures[i] != NULL; i++)
        signatures_load(scan->rules, standard_signatures[i], wanted, false, &problems);
    tell_all(&problems);
    texts_clear(&problems);
}

/* Workers that are shut in can load no library any more. */
static void prepare_php(const struct scan *scan, unsigned wanted)
{
    struct strbuf why = {0};
    const struct rules *rules = scan->rules;
    if ((wanted & 1u << RULE_PHP) != 0 && rules->php == NULL)
        diag_info("what PHP does is not analysed: there is no *.weights file");
    if ((rules->php != NULL || known_bad_has_forms(&rules->bad)) && php_pure_load(&why) != 0)
        diag_error("what PHP unpacks cannot all be told: %s", strbuf_text(&why));
    strbuf_clear(&why);
}

static int load_allow_lists(struct scan *scan, const struct texts *files)
{
    struct texts problems = {0};
    scan->allow = allow_new();
    for (size_t i = 0; i < files->len; i++)
        allow_load(scan->allow, files->at[i], &problems);
    allow_finish(scan->allow);
    tell_all(&problems);
    texts_clear(&problems);
    return 0;
}

/* ---- ClamAV ---- */

static int open_inside(struct scan *scan, const struct scan_engine_settings *settings)
{
    struct strbuf why = {0};
    const char *folder = settings->clamav_db != NULL ? settings->clamav_db : CLAMAV_FOLDER;
    scan->clam = clam_open(folder, &why);
    if (scan->clam == NULL || why.len > 0)
        diag_error_lines(strbuf_text(&why));
    strbuf_clear(&why);
    return scan->clam == NULL ? -1 : 0;
}

/* Where clamd is, by the options or by its configuration. */
static int find_clamd(struct clamd_place *place, const struct scan_engine_settings *settings,
                      struct strbuf *why)
{
    if (settings->clamd_socket != NULL)
        place->socket = mem_text(settings->clamd_socket);
    else if (settings->clamd_host != NULL) {
        place->host = mem_text(settings->clamd_host);
        place->port = mem_text(settings->clamd_port);
    } else {
        return clamd_place_find(place, settings->clamd_conf, why);
    }
    return 0;
}

/* A clamd that is set up but does not answer is trouble; that there is none is not, unless it was
 * asked for. */
static int open_clamd(struct scan *scan, const struct scan_engine_settings *settings)
{
    struct strbuf why = {0};
    bool asked = settings->clamav == SCAN_CLAMAV_CLAMD || settings->clamd_socket != NULL ||
                 settings->clamd_host != NULL || settings->clamd_conf != NULL;
    int result = find_clamd(&scan->clamd, settings, &why);
    if (result != 0 && asked)
        diag_error("clamd: %s", strbuf_text(&why));
    else if (result != 0)
        diag_info("ClamAV is not asked: %s", strbuf_text(&why));
    else if ((result = clamd_version(&scan->clamd, CLAMD_WAIT_MS, &scan->clamd_version, &why)) != 0)
        diag_error("%s", strbuf_text(&why));
    else
        scan->sweep.pool.clamd = &scan->clamd;
    strbuf_clear(&why);
    return result == 0 || !asked ? 0 : -1;
}

static int open_clamav(struct scan *scan, const struct scan_engine_settings *settings,
                       unsigned wanted)
{
    int how = settings->clamav;
    if (how == SCAN_CLAMAV_OFF || !(wanted & 1u << RULE_CLAMAV))
        return 0;
    if (how == SCAN_CLAMAV_INSIDE || (how == SCAN_CLAMAV_AUTO && settings->clamav_db != NULL))
        return open_inside(scan, settings);
    return open_clamd(scan, settings);
}

/* ---- the engine ---- */

/* Workers of root become nobody. */
static void fill_sandbox(struct sandbox *sandbox, const struct scan_engine_settings *settings)
{
    const struct passwd *nobody = geteuid() == 0 ? getpwnam("nobody") : NULL;
    *sandbox = (struct sandbox){.memory_bytes = settings->memory_limit << 20};
    if (geteuid() != 0)
        return;
    sandbox->uid = nobody != NULL ? nobody->pw_uid : 65534;
    sandbox->gid = nobody != NULL ? nobody->pw_gid : 65534;
}

static size_t count_all(const struct rules *rules)
{
    size_t count = 0;
    for (int source = 0; source < RULE_CLAMAV; source++)
        count += rules_count(rules, (enum rule_source)source);
    return count;
}

static void explain_nothing(const struct scan_engine_settings *settings)
{
    struct strbuf places = {0};
    const struct texts *own = &settings->signatures;
    for (size_t i = 0; i < own->len; i++)
        strbuf_format(&places, "%s%s", i > 0 ? ", " : "", own->at[i]);
    for (size_t i = 0; own->len == 0 && standard_signatures[i] != NULL; i++)
        strbuf_format(&places, "%s%s", i > 0 ? ", " : "", standard_signatures[i]);
    if (settings->clamav_only)
        diag_error("there is nothing to look for: no ClamAV");
    else
        diag_error("there is nothing to look for: no signatures in %s, and no ClamAV",
                   strbuf_text(&places));
    strbuf_clear(&places);
}

static int fill_engine(struct scan *scan, const struct scan_engine_settings *settings)
{
    struct strbuf why = {0};
    unsigned wanted =
        settings->clamav_only ? 1u << RULE_CLAMAV : wanted_detectors(&settings->without);
    scan->rules = rules_new();
    scan->rules->trusting = settings->hurried;
    if (wanted == 0)
        return -1;
    if (!settings->clamav_only)
        load_signatures(scan, settings, wanted);
    prepare_php(scan, wanted);
    load_allow_lists(scan, &settings->allow_lists);
    scan->sweep.pool.no_hashes = settings->hurried && settings->allow_lists.len == 0;
    if (!scan->sweep.pool.no_hashes && digest_load(&why) != 0)
        diag_error("%s", strbuf_text(&why));
    if (open_clamav(scan, settings, wanted) != 0)
        return strbuf_clear(&why), -1;
    if (rules_compile(scan->rules, &why) != 0) {
        diag_error("%s", strbuf_text(&why));
        return strbuf_clear(&why), -1;
    }
    strbuf_clear(&why);
    if (count_all(scan->rules) == 0 && scan->clam == NULL && scan->sweep.pool.clamd == NULL) {
        explain_nothing(settings);
        return -1;
    }
    diag_info("%zu signatures", count_all(scan->rules));
    return 0;
}

int scan_open_engine(struct scan *scan, const struct scan_engine_settings *settings)
{
    struct pool_settings *pool = &scan->sweep.pool;
    if (fill_engine(scan, settings) != 0)
        return -1;
    pool->jobs = (unsigned)settings->jobs;
    pool->time_ms = (int)settings->time_limit * 1000;
    fill_sandbox(&pool->sandbox, settings);
    pool->clamav_folder = P_tmpdir; /* reachable for the user that workers become */
    scan->sweep.detect = (struct detect){.rules = scan->rules,
                                         .allow = scan->allow,
                                         .clam = scan->clam,
                                         .suspicious = settings->suspicious};
    return 0;
}

/* ---- which files ---- */

static int fill_walk(struct scan *scan, const struct scan_walk_settings *settings,
                     const struct run *run)
{
    struct walk_settings *walk = &scan->sweep.walk;
    struct strbuf why = {0};
    int result = 0;
    for (int i = 0; i < run->argc; i++)
        texts_add(&scan->operands, run->argv[i]);
    *walk = (struct walk_settings){.input = run->argc > 0   ? WALK_OPERANDS
                                            : settings->nul ? WALK_NUL
                                                            : WALK_LINES,
                                   .input_fd = STDIN_FILENO,
                                   .may_wait = true,
                                   .operands = &scan->operands,
                                   .one_file_system = settings->one_file_system,
                                   .excludes = &settings->excludes,
                                   .newer_by = (enum walk_newer)settings->newer_by};
    if (settings->newer_than.seconds > 0)
        walk->newer_than = clock_now() - settings->newer_than.seconds;
    if (settings->size_max != NULL &&
        scan_size_parse(settings->size_max, &walk->size_max, &why) != 0) {
        diag_error("--max-size: %s", strbuf_text(&why));
        result = -1;
    }
    if (run->argc == 0 && isatty(STDIN_FILENO)) {
        diag_error("give files or folders to scan, or their paths on standard input");
        result = -1;
    }
    strbuf_clear(&why);
    return result;
}

/* ---- what is remembered ---- */

/* The version that clamd tells is that of the official database; what else lies in its folder (a
 * *.ndb of others or of the administrator) it does not tell. And what has just changed it may not
 * have loaded yet: a number that does not come again keeps such a scan from being remembered. */
static uint64_t clamd_fingerprint(const struct scan *scan)
{
    uint64_t version = map_digest(scan->clamd_version.data, scan->clamd_version.len), files;
    int64_t newest;
    const struct clamd_place *place = scan->sweep.pool.clamd;
    if (place == NULL || (place->database == NULL && place->socket == NULL))
        return version; /* none, or one of another machine */
    const char *folder = place->database != NULL ? place->database : CLAMAV_FOLDER;
    if (clam_folder_fingerprint(folder, &files, &newest) != 0)
        return version;
    const uint64_t parts[] = {version, files,
                              clock_now() - newest < CLAMD_RELOADS ? (uint64_t)clock_now() : 0};
    return map_digest(parts, sizeof parts);
}

static uint64_t fingerprint(const struct scan *scan)
{
    const uint64_t parts[] = {rules_fingerprint(scan->rules),
                              allow_fingerprint(scan->allow),
                              scan->clam != NULL ? clam_fingerprint(scan->clam) : 0,
                              clamd_fingerprint(scan),
                              scan->sweep.detect.suspicious,
                              map_digest(SPAMGEAR_VERSION, sizeof SPAMGEAR_VERSION)};
    return map_digest(parts, sizeof parts);
}

static void open_cache(struct scan *scan, const struct scan_settings *settings)
{
    struct strbuf why = {0};
    const char *path = settings->cache;
    if (settings->no_cache || (path == NULL && geteuid() != 0))
        return;
    scan->sweep.cache =
        verdict_cache_open(path != NULL ? path : CACHE_FILE, fingerprint(scan), &why);
    if (scan->sweep.cache == NULL || why.len > 0)
        diag_warn("every file is examined: %s", strbuf_text(&why));
    strbuf_clear(&why);
}

/* ---- what is done ---- */

/* Is it a folder with something in it, and no quarantine yet? */
static bool holds_other_things(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    bool others = false, cases = false;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        cases |= strcmp(entry->d_name, "cases") == 0;
        others |= strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    if (dir != NULL)
        closedir(dir);
    return others && !cases;
}

static void explain_operands(const char *folder)
{
    diag_error("a folder to scan is written apart from -q: full-scan -q -- %s", folder);
}

static int open_vault(struct scan *scan, const struct scan_act_settings *settings)
{
    struct strbuf why = {0};
    struct texts problems = {0};
    struct sweep *sweep = &scan->sweep;
    const char *folder =
        settings->quarantine.value != NULL ? settings->quarantine.value : VAULT_FOLDER;
    sweep->quarantine = settings->quarantine.given;
    sweep->remove = strcmp(folder, "/dev/null") == 0;
    sweep->clean = settings->clean;
    sweep->dry_run = settings->dry_run;
    if (sweep->dry_run || (!sweep->clean && (!sweep->quarantine || sweep->remove)))
        return 0;
    if (settings->quarantine.value != NULL && scan->operands.len == 0 && holds_other_things(folder))
        scan->doubtful = folder;
    sweep->vault = vault_open(sweep->remove ? VAULT_FOLDER : folder, &problems, &why);
    for (size_t i = 0; i < problems.len; i++)
        diag_warn("%s", problems.at[i]);
    if (sweep->vault == NULL) {
        diag_error("%s", strbuf_text(&why));
        if (settings->quarantine.value != NULL && scan->operands.len == 0)
            explain_operands(folder);
    }
    texts_clear(&problems);
    strbuf_clear(&why);
    return sweep->vault == NULL ? -1 : 0;
}

/* A mistake in [mail] is found before the scan, not when it is over. */
static int open_mail(struct scan *scan, const struct run *run)
{
    struct texts problems = {0};
    mail_section_read(&scan->mail, run->config, &problems);
    tell_all(&problems);
    int result = problems.len == 0 ? 0 : -1;
    texts_clear(&problems);
    return result;
}

static int open_notices(struct scan *scan, const struct scan_settings *settings,
                        const struct run *run)
{
    struct strbuf why = {0};
    struct sweep *sweep = &scan->sweep;
    if (!settings->notify.given)
        return 0;
    if (open_mail(scan, run) != 0)
        return -1;
    sweep->tenants =
        tenants_open(settings->notify.value, (enum tenant_pattern)settings->pattern_type,
                     settings->mail_map, settings->mail_domain, &why);
    if (sweep->tenants != NULL)
        sweep->notices = notices_open(settings->template, settings->sendmail, &why);
    if (sweep->notices == NULL)
        diag_error("%s", strbuf_text(&why));
    else
        notices_mail_with(sweep->notices, &scan->mail.mail);
    strbuf_clear(&why);
    return sweep->notices == NULL ? -1 : 0;
}

static void fill_report(struct scan *scan, const struct scan_settings *settings,
                        enum scan_show show)
{
    bool terminal = isatty(STDERR_FILENO);
    scan->report =
        (struct scan_report){.settings = {.format = (enum scan_format)settings->walk.format,
                                          .show = show,
                                          .details = settings->walk.details,
                                          .why = settings->walk.why,
                                          .nul = settings->walk.print_nul,
                                          .dry_run = settings->act.dry_run,
                                          .progress = settings->progress || terminal,
                                          .lines = !terminal,
                                          .rules = scan->rules},
                             .out = stdout};
    scan->sweep.report = &scan->report;
    scan->sweep.inform = diag_is_verbose() ? inform : NULL;
}

int scan_open(struct scan *scan, const struct scan_settings *settings, const struct run *run,
              enum scan_show show)
{
    if (fill_walk(scan, &settings->walk, run) != 0 || open_notices(scan, settings, run) != 0 ||
        open_vault(scan, &settings->act) != 0 || scan_open_engine(scan, &settings->engine) != 0)
        return -1;
    open_cache(scan, settings);
    fill_report(scan, settings, show);
    return 0;
}

/* ---- running ---- */

/* Ctrl-C, the end of a session and of a pager stop it in good order; what is under way is finished.
 */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    action.sa_flags = 0; /* what was begun is told all the same, and nobody hears it */
    sigaction(SIGPIPE, &action, NULL);
}

static void send_notices(struct scan *scan)
{
    struct texts problems = {0};
    if (scan->sweep.notices != NULL)
        notices_send(scan->sweep.notices, scan->sweep.dry_run, &problems);
    scan->sweep.notices = NULL;
    tell_all(&problems);
    texts_clear(&problems);
}

static void close_cache(struct scan *scan)
{
    struct strbuf why = {0};
    if (scan->sweep.cache != NULL && verdict_cache_close(scan->sweep.cache, &why) != 0)
        diag_warn("what was clean is not remembered: %s", strbuf_text(&why));
    scan->sweep.cache = NULL;
    strbuf_clear(&why);
}

int scan_run(struct scan *scan, bool exit_zero)
{
    struct strbuf why = {0};
    catch_signals();
    int result = sweep_run(&scan->sweep, complain, &stopped, &scan->totals, &why);
    if (result != 0)
        diag_error("%s", strbuf_text(&why));
    if (result == 0 && scan->doubtful != NULL && scan->totals.files == 0 && !stopped) {
        diag_error("no path came on standard input, and %s is a quarantine now", scan->doubtful);
        explain_operands(scan->doubtful);
    }
    send_notices(scan);
    close_cache(scan);
    if (result == 0)
        scan_report_end(&scan->report, &scan->totals);
    scan_report_flush(&scan->report);
    diag_output_failed(scan->report.write_error);
    if (stopped)
        diag_error("%s: not everything was examined",
                   unread ? "nobody reads the output any more" : "stopped by a signal");
    strbuf_clear(&why);
    return scan->totals.found > 0 && !exit_zero ? 1 : 0;
}

void scan_close(struct scan *scan)
{
    close_cache(scan);
    if (scan->sweep.notices != NULL)
        notices_close(scan->sweep.notices);
    mail_section_clear(&scan->mail);
    tenants_close(scan->sweep.tenants);
    vault_close(scan->sweep.vault);
    clam_close(scan->clam);
    clamd_place_clear(&scan->clamd);
    strbuf_clear(&scan->clamd_version);
    allow_free(scan->allow);
    rules_free(scan->rules);
    texts_clear(&scan->operands);
}

enum verdict_result scan_one(struct scan *scan, int fd, struct strbuf *why)
{
    struct strbuf reason = {0};
    struct stat st;
    struct pool_job job = {.fd = fd, .cleaned_fd = -1};
    const struct verdict *verdict = NULL;
    enum verdict_result result = VERDICT_UNKNOWN;
    struct pool *pool = NULL;
    scan->sweep.pool.jobs = 1;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        strbuf_why(why, "is no regular file");
    else if ((pool = pool_open(&scan->sweep.pool, &scan->sweep.detect, &reason)) == NULL)
        strbuf_why(why, "%s", strbuf_text(&reason));
    if (pool != NULL) {
        diag_info("in force in the worker: %s", pool_protection(pool));
        job.size = (uint64_t)st.st_size;
        pool_give(pool, &job);
        while (pool_take(pool, &job, &verdict, -1) == 0 && pool_outstanding(pool) > 0)
            ;
    }
    if (verdict != NULL) {
        result = verdict->result;
        strbuf_why(why, "%s", verdict->why);
        if (result == VERDICT_FOUND) {
            strbuf_reset(why);
            verdict_labels(verdict, scan->rules, why);
        }
    }
    pool_close(pool);
    strbuf_clear(&reason);
    return result;
}
