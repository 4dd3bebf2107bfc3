/* scan_options - the option tables that the scanners share. */
#include "scan.h"

#include <string.h>

int scan_size_parse(const char *text, uint64_t *bytes, struct strbuf *why)
{
    static const char units[] = "KMGT";
    unsigned long long number;
    struct span digits = {text, strspn(text, "0123456789")};
    const char *unit = text + digits.len;
    const char *known = *unit == '\0' ? NULL : strchr(units, *unit & ~0x20);
    unsigned shift = known == NULL ? 0 : 10 * (unsigned)(known - units + 1);
    bool ends = *unit == '\0' || (known != NULL && (unit[1] == '\0' || strcmp(unit + 1, "B") == 0));
    if (!span_number(digits, &number) || !ends || number > UINT64_MAX >> shift)
        return strbuf_why(why, "\"%s\" is not a size (like 500K, 64M or 2G)", text);
    *bytes = number << shift;
    return 0;
}

static int check_size(const char *value, void *field, struct strbuf *why)
{
    uint64_t bytes;
    (void)field;
    return scan_size_parse(value, &bytes, why);
}

static const char *const clamav_ways[] = {"auto", "clamd", "inside", "off", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const newer_ways[] = {"ctime", "mtime", NULL};
static const char *const pattern_types[] = {"basic", "pcre2", NULL};

#define ENGINE(member) engine.member
#define WALK(member)   walk.member

const struct option scan_engine_options[] = {
    OPTION_LIST(struct scan_settings, ENGINE(signatures), "signatures", 0, "DIR",
                "Read fingerprints.txt, backdoors.re, shelldetect.db and *.rules from this folder. "
                "Without the option: /etc/spamgear/signatures, "
                "/var/lib/spamgear/signatures/current and /usr/share/spamgear/rules, as far as "
                "they are there."),
    OPTION_LIST(struct scan_settings, ENGINE(without), "without", 0, "DETECTOR",
                "Leave out a detector: rules, fingerprints, backdoors, shelldetect, php, hashes or "
                "clamav."),
    OPTION_FLAG(
        struct scan_settings, ENGINE(suspicious), "suspicious", 0,
        "Tell also what is only suspicious to spamgear's own rules and its analysis of PHP. "
        "Nothing is ever done about it."),
    OPTION_LIST(struct scan_settings, ENGINE(allow_lists), "allow-list", 0, "FILE",
                "Contents whose SHA-256 is in this file (of sha256sum or hash-tree) are good."),
    OPTION_CHOICE(struct scan_settings, ENGINE(clamav), "clamav", 0, "HOW", "auto", clamav_ways,
                  "How ClamAV is asked: clamd, inside this process, off, or auto: inside when "
                  "--clamav-db is given, else clamd when there is one."),
    OPTION_TEXT(struct scan_settings, ENGINE(clamav_db), "clamav-db", 0, "DIR", NULL,
                "The signatures that libclamav reads (all formats, YARA too).",
                .flags = OPTION_RARE),
    OPTION_END};

const struct option scan_clamd_options[] = {
    OPTION_TEXT(struct scan_settings, ENGINE(clamd_socket), "socket", 0, "PATH", NULL,
                "The socket on which clamd listens; without it clamd.conf says.",
                .flags = OPTION_RARE),
    OPTION_TEXT(struct scan_settings, ENGINE(clamd_host), "host", 0, "HOST", NULL,
                "Ask the clamd of another machine, over TCP; contents are sent there.",
                .flags = OPTION_RARE),
    OPTION_TEXT(struct scan_settings, ENGINE(clamd_port), "port", 0, "PORT", "3310",
                "The port of that clamd.", .flags = OPTION_RARE),
    OPTION_TEXT(struct scan_settings, ENGINE(clamd_conf), "clamd-conf", 0, "FILE", NULL,
                "Read this clamd.conf instead of the one in its usual place.",
                .flags = OPTION_RARE),
    OPTION_END};

const struct option scan_limit_options[] = {
    OPTION_COUNT(struct scan_settings, ENGINE(jobs), "jobs", 'j', "N", "0", 0, 256,
                 "How many workers examine files; 0 = one a processor."),
    OPTION_COUNT(struct scan_settings, ENGINE(time_limit), "time-limit", 0, "SECONDS", "30", 1,
                 86400,
                 "How long one file may take, and a second more for each 16 MiB of it; then it is "
                 "unknown.",
                 .flags = OPTION_RARE),
    OPTION_COUNT(struct scan_settings, ENGINE(memory_limit), "memory-limit", 0, "MIB", "512", 64,
                 1048576, "How much address space a worker may use.", .flags = OPTION_RARE),
    OPTION_END};

const struct option scan_cache_options[] = {
    OPTION_TEXT(struct scan_settings, cache, "cache", 0, "FILE", NULL,
                "Remember in this file what was clean, and examine only what changed since; "
                "root's is /var/lib/spamgear/verdicts.db.",
                .flags = OPTION_RARE),
    OPTION_FLAG(struct scan_settings, no_cache, "no-cache", 0,
                "Examine every file, and remember nothing."),
    OPTION_END};

const struct option scan_walk_options[] = {
    OPTION_FLAG(struct scan_settings, WALK(nul), "null", '0',
                "Paths on standard input end with NUL (find -print0)."),
    OPTION_FLAG(struct scan_settings, WALK(print_nul), "print0", 0,
                "End each line of output with NUL, and do not escape paths."),
    OPTION_LIST(struct scan_settings, WALK(excludes), "exclude", 0, "GLOB",
                "Leave out paths like this; without a / in it, names like this."),
    OPTION_FLAG(struct scan_settings, WALK(one_file_system), "one-file-system", 'x',
                "Do not walk into other file systems."),
    OPTION_PERIOD(struct scan_settings, WALK(newer_than), "newer-than", 0, "PERIOD", NULL,
                  "Only files that changed within this time, like 2days."),
    OPTION_CHOICE(struct scan_settings, WALK(newer_by), "newer-by", 0, "TIME", "ctime", newer_ways,
                  "By which of its times a file is newer; its owner can set mtime as he likes.",
                  .flags = OPTION_RARE),
    OPTION_TEXT(struct scan_settings, WALK(size_max), "max-size", 0, "SIZE", NULL,
                "Leave out files larger than this, like 64M.", .check = check_size),
    OPTION_CHOICE(struct scan_settings, WALK(format), "format", 0, "FORMAT", "text", formats,
                  "text, or json: one object a line."),
    OPTION_FLAG(struct scan_settings, WALK(details), "details", 0,
                "After each found file, a line for each finding: rule, place and excerpt."),
    OPTION_FLAG(struct scan_settings, WALK(why), "why", 0,
                "The same, and why PHP was judged so: points, the way from where it comes in to "
                "where it runs, what was unpacked."),
    OPTION_FLAG(struct scan_settings, WALK(exit_zero), "exit-zero", 0,
                "End with 0 instead of 1 when something was found."),
    OPTION_END};

const struct option scan_act_options[] = {
    OPTION_MEMO(struct scan_settings, act.quarantine, "quarantine", 'q', "DIR",
                "Take found files away into the quarantine DIR (default: /root/shells); "
                "/dev/null: delete them."),
    OPTION_FLAG(struct scan_settings, act.clean, "clean", 0,
                "Cut injected code out of files where that can be done; the rest is quarantined. "
                "The old content is kept in the quarantine."),
    OPTION_FLAG(struct scan_settings, act.dry_run, "dry-run", 0,
                "Change nothing; say what would be done, with the difference that cleaning makes."),
    OPTION_END};

/* `-n /home`: a folder to scan; `-n '^/home/\([^/.]*\)/.*'`: a pattern, which has a group. */
static bool is_pattern(const char *word)
{
    return strchr(word, '(') != NULL;
}

const struct option scan_notify_options[] = {
    OPTION_MEMO(struct scan_settings, notify, "notify-user", 'n', "PATTERN",
                "Mail the user in whose files something was found: the owner, or what the first "
                "group of PATTERN says of the path.",
                .takes = is_pattern),
    OPTION_TEXT(struct scan_settings, template, "custom-email", 'c', "FILE", NULL,
                "The mail to users: a whole message with ${EMAIL}, ${USERNAME} and ${SHELLS}."),
    OPTION_CHOICE(struct scan_settings, pattern_type, "pattern-type", 0, "TYPE", "basic",
                  pattern_types, "What PATTERN is: a POSIX basic or a PCRE2 regular expression.",
                  .flags = OPTION_RARE),
    OPTION_TEXT(struct scan_settings, mail_domain, "mail-domain", 0, "DOMAIN", NULL,
                "Users have their mail at this domain; without it at this machine's.",
                .flags = OPTION_RARE),
    OPTION_TEXT(struct scan_settings, mail_map, "mail-map", 0, "FILE", NULL,
                "Lines of USER ADDRESS: where users have their mail.", .flags = OPTION_RARE),
    OPTION_TEXT(struct scan_settings, sendmail, "sendmail", 0, "PROGRAM", "/usr/sbin/sendmail",
                "The program that sends mail.", .flags = OPTION_RARE),
    OPTION_END};

const struct applet_status scan_statuses[] = {
    {0, "Clean, or --exit-zero."},
    {1, "Something was found."},
    {2, "Trouble: a file could not be examined or acted upon, a signature file is wrong."},
    {0, NULL}};

const char scan_files[] =
    "/etc/spamgear/signatures: the administrator's own signatures. "
    "/var/lib/spamgear/signatures/current: what update-rules fetched. "
    "/usr/share/spamgear/rules: the rules that come with spamgear. "
    "/var/lib/spamgear/verdicts.db: files that were clean, for root's full-scan. "
    "/root/shells: the quarantine.";
