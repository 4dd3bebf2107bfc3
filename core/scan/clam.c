/* clam - libclamav, the only file that knows it.
 *
 * What libclamav gets wrong, and what is done about it:
 * - Without a temporary folder, or on a full disk, every scan is "clean", and only a message is
 *   sent: any error message during a scan makes that file UNKNOWN. The message comes without a
 *   context, so the scan under way is in a variable of the thread.
 * - A file above a limit, and one that takes too long, is "clean": limits are set high, compared
 *   by ourselves before, and asked to be reported (by a name, or by NULL); time is measured.
 * - Its HTML parser hides the raw text of HTML from raw signatures (PHP with HTML around it, too):
 *   what it calls HTML is scanned once more without that parser.
 * - The cache of clean files knows nothing of scan options, so the second pass would answer
 *   from the first: it is switched off, and a canary that only the second pass can find shows it.
 * - Forked processes draw the same random names for their temporary files and destroy each
 *   other's: each has its own folder and seed.
 * - Numbers of settings moved between versions of one header file: known defaults are
 *   compared before anything is set.
 *
 * - Where iconv cannot load its modules any more (a sandbox), UTF-16 is not normalised, without a
 *   word: a canary in UTF-16 has them loaded before, and shows that they are.
 *
 * The canaries are found by two signatures of our own, loaded with the database: a raw one, and
 * one for normalised HTML, whose scan also writes temporary files. Both hold random bytes.
 *
 * A scan after clam_enter was seen to need (34 kinds of files, ClamAV 1.4.6): lseek, pread64, read,
 * newfstatat, openat, close, mkdir, rmdir, unlink, getdents64, write, chmod (which may do nothing),
 * mmap, munmap, mremap, mprotect, brk, fcntl(F_GETFL), futex, clock_gettime; and no file outside of
 * its folder.
 */
#include "spamgear/scan/clam.h"

#include "spamgear/base/mem.h"

#ifdef HAVE_CLAMAV
#include "clam_folder.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/lazy.h"
#include "spamgear/base/map.h"
#include <clamav.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define CLAM_FUNCTIONS(F)                                                                          \
    F(cl_init)                                                                                     \
    F(cl_engine_new)                                                                               \
    F(cl_engine_free)                                                                              \
    F(cl_engine_get_num)                                                                           \
    F(cl_engine_set_num)                                                                           \
    F(cl_engine_set_str)                                                                           \
    F(cl_load)                                                                                     \
    F(cl_engine_compile)                                                                           \
    F(cl_scandesc_callback)                                                                        \
    F(cl_engine_set_clcb_pre_scan)                                                                 \
    F(cl_engine_set_clcb_virus_found) F(cl_set_clcb_msg) F(cl_retver) F(cl_strerror)
CLAM_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {CLAM_FUNCTIONS(LAZY_SYMBOL){0}};

#define SCAN_TOTAL_MAX    (4ll << 30) /* bytes of a file and all that is unpacked from it */
#define MESSAGES_MAX      4096
#define CANARY_SIGNATURES 2
#define MARKER            16 /* hexadecimal digits of a canary's random part */

enum canary { CANARY_RAW, CANARY_HIDDEN, CANARY_NORMALISED, CANARY_WIDE, CANARIES };
#define FOUND_RAW        1u
#define FOUND_NORMALISED 2u

/* What a worker has that others have not. */
struct own {
    int canaries[CANARIES]; /* descriptors */
    unsigned scans;         /* since the last canary */
    struct strbuf distrust; /* why nothing more is believed; empty: it is */
};

struct clam {
    struct cl_engine *engine;
    char *folder;
    unsigned signatures;
    uint64_t fingerprint;
    char marker[MARKER + 1];
    struct own **own; /* of this process, once it has entered: *own is not NULL */
};

/* ---- what libclamav tells while it works ---- */

/* The scan or load under way. */
struct run {
    const struct rules *rules; /* NULL: a canary, or a load */
    struct verdict *verdict;
    struct strbuf *messages; /* of a load */
    unsigned names;          /* found */
    char limit[64];          /* the name of a limit that was reached */
    char error[128];         /* the first message */
    bool typed, html;        /* a type was told; one of them was HTML */
    unsigned found;          /* FOUND_RAW, FOUND_NORMALISED: which canaries' signatures */
};

static _Thread_local struct run *current;

static void copy(char *to, size_t room, const char *from)
{
    size_t len = strcspn(from, "\n");
    len = len < room ? len : room - 1;
    memcpy(to, from, len);
    to[len] = '\0';
}

/* Of warnings only the one counts that says how many YARA rules were left out. */
static void on_message(enum cl_msg severity, const char *full, const char *text, void *context)
{
    (void)full;
    (void)context;
    bool left_out = strstr(text, "failed to parse or load") != NULL;
    if (current == NULL || (severity < CL_MSG_ERROR && !left_out))
        return;
    if (current->error[0] == '\0')
        copy(current->error, sizeof current->error, text);
    if (current->messages == NULL || current->messages->len > MESSAGES_MAX)
        return;
    struct strbuf *out = current->messages;
    strbuf_format(out, "%slibclamav: %.*s", out->len > 0 ? "\n" : "", (int)strcspn(text, "\n"),
                  text);
}

/* Our own signatures are never told as findings: somebody may have looked for their text. */
static bool take_canary(struct run *run, const char *name)
{
    static const char *const names[] = {"Spamgear.Canary.Raw.", "Spamgear.Canary.Normalised."};
    for (unsigned i = 0; i < 2; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0) {
            run->found |= i == 0 ? FOUND_RAW : FOUND_NORMALISED;
            return true;
        }
    return false;
}

static void on_found(int fd, const char *name, void *context)
{
    struct run *run = context;
    (void)fd;
    if (run == NULL || name == NULL)
        return;
    run->names++;
    if (strncmp(name, "Heuristics.Limits.Exceeded", 26) == 0)
        copy(run->limit, sizeof run->limit, name);
    else if (!take_canary(run, name) && run->rules != NULL)
        verdict_add(run->verdict, run->rules, run->rules->clamav, span_text(name));
}

/* Of the file and of each thing unpacked from it, before it is scanned. */
static cl_error_t on_type(int fd, const char *type, void *context)
{
    struct run *run = context;
    (void)fd;
    if (run != NULL && type != NULL) {
        run->typed = true;
        run->html = run->html || strstr(type, "HTML") != NULL;
    }
    return CL_CLEAN;
}

/* ---- loading ---- */

/* Settings whose defaults are known: when they are elsewhere, the numbers have moved. */
static const struct {
    enum cl_engine_field field;
    long long value;
} known[] = {
    {CL_ENGINE_MAX_RECURSION, 17},
    {CL_ENGINE_MAX_SCANTIME, 120000},
    {CL_ENGINE_PCRE_MATCH_LIMIT, 100000},
};

static const struct {
    enum cl_engine_field field;
    long long value;
} wanted[] = {
    {CL_ENGINE_DISABLE_CACHE, 1},
    {CL_ENGINE_MAX_SCANTIME, CLAM_SCAN_MS},
    {CL_ENGINE_MAX_FILESIZE, CLAM_SIZE_MAX},
    {CL_ENGINE_MAX_SCANSIZE, SCAN_TOTAL_MAX},
    {CL_ENGINE_PCRE_MAX_FILESIZE, CLAM_SIZE_MAX},
    {CL_ENGINE_MAX_HTMLNORMALIZE, CLAM_SIZE_MAX},
    {CL_ENGINE_MAX_HTMLNOTAGS, CLAM_SIZE_MAX},
    {CL_ENGINE_MAX_SCRIPTNORMALIZE, CLAM_SIZE_MAX},
};

static int load_library(struct strbuf *why)
{
    static bool ready;
    if (ready)
        return 0;
    if (lazy_open((const char *const[]){"libclamav.so.12", "libclamav.so.11", NULL}, symbols,
                  why) != 0)
        return -1;
    p_cl_set_clcb_msg(on_message);
    int rc = p_cl_init(CL_INIT_DEFAULT);
    if (rc != CL_SUCCESS)
        return strbuf_why(why, "libclamav cannot start: %s", p_cl_strerror(rc));
    ready = true;
    return 0;
}

static int set_up(struct clam *clam, struct strbuf *why)
{
    clam->engine = p_cl_engine_new();
    if (clam->engine == NULL)
        return strbuf_why(why, "libclamav cannot make an engine");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int error = CL_SUCCESS;
        if (p_cl_engine_get_num(clam->engine, known[i].field, &error) != known[i].value ||
            error != CL_SUCCESS)
            return strbuf_why(why,
                              "libclamav %s does not fit the headers of %s that this was "
                              "built with",
                              p_cl_retver(), CLAMAV_VERSION);
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (p_cl_engine_set_num(clam->engine, wanted[i].field, wanted[i].value) != CL_SUCCESS)
            return strbuf_why(why, "libclamav refuses a setting");
    p_cl_engine_set_clcb_pre_scan(clam->engine, on_type);
    p_cl_engine_set_clcb_virus_found(clam->engine, on_found);
    return 0;
}

/* cl_load with its messages. The number of signatures, or -1 with why. */
static long load(struct clam *clam, const char *path, struct strbuf *messages, struct strbuf *why)
{
    unsigned count = 0;
    struct run run = {.messages = messages};
    current = &run;
    int rc = p_cl_load(path, clam->engine, &count, CL_DB_STDOPT);
    current = NULL;
    if (rc != CL_SUCCESS)
        return strbuf_why(why, "%s: %s%s%s", path, p_cl_strerror(rc),
                          run.error[0] != '\0' ? ": " : "", run.error);
    return (long)count;
}

static void add_hex(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++)
        strbuf_format(out, "%02x", (unsigned char)*text);
}

/* Name:Target:Offset:Hex; target 0 is any file as it is, 3 normalised HTML (ClamAV's manual). */
static void canary_signatures(const struct clam *clam, struct strbuf *out)
{
    strbuf_format(out, "Spamgear.Canary.Raw.%s:0:*:", clam->marker);
    add_hex(out, "SpamgearCanary.Raw.");
    add_hex(out, clam->marker);
    strbuf_format(out, "\nSpamgear.Canary.Normalised.%s:3:*:", clam->marker);
    add_hex(out, "spamgearcanary.normalised.");
    add_hex(out, clam->marker);
    strbuf_add_char(out, '\n');
}

static int write_file(const char *path, struct span text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    ssize_t put = write(fd, text.at, text.len);
    return close(fd) == 0 && put == (ssize_t)text.len ? 0 : -1;
}

/* libclamav knows formats by the ends of file names, so this must be a file. */
static int load_canaries(struct clam *clam, struct strbuf *why)
{
    char folder[] = P_tmpdir "/spamgear-canary.XXXXXX";
    struct strbuf text = {0}, path = {0};
    if (mkdtemp(folder) == NULL)
        return strbuf_why(why, "%s: %s", folder, strerror(errno));
    strbuf_format(&path, "%s/canary.ndb", folder);
    canary_signatures(clam, &text);
    int result = write_file(path.data, strbuf_span(&text)) == 0
                     ? 0
                     : strbuf_why(why, "%s: %s", path.data, strerror(errno));
    if (result == 0 && load(clam, path.data, NULL, why) != CANARY_SIGNATURES)
        result = -1;
    unlink(path.data);
    rmdir(folder);
    strbuf_clear(&path);
    strbuf_clear(&text);
    return result;
}

static int load_all(struct clam *clam, struct strbuf *messages, struct strbuf *why)
{
    long count = load(clam, clam->folder, messages, why);
    if (count == 0)
        return strbuf_why(why, "%s: holds no signatures", clam->folder);
    if (count < 0 || load_canaries(clam, why) != 0)
        return -1;
    clam->signatures = (unsigned)count;
    int rc = p_cl_engine_compile(clam->engine);
    return rc == CL_SUCCESS ? 0 : strbuf_why(why, "%s: %s", clam->folder, p_cl_strerror(rc));
}

static int make_marker(char marker[MARKER + 1], struct strbuf *why)
{
    unsigned char bytes[MARKER / 2];
    if (getentropy(bytes, sizeof bytes) != 0)
        return strbuf_why(why, "no random bytes: %s", strerror(errno));
    for (unsigned i = 0; i < sizeof bytes; i++)
        snprintf(marker + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

struct clam *clam_open(const char *database_folder, struct strbuf *why)
{
    struct strbuf messages = {0};
    struct clam *clam = mem_zero(1, sizeof *clam);
    clam->folder = mem_text(database_folder);
    clam->own = mem_zero(1, sizeof(struct own *));
    if (clam_folder_check(database_folder, &clam->fingerprint, why) != 0 ||
        load_library(why) != 0 || make_marker(clam->marker, why) != 0 || set_up(clam, why) != 0 ||
        load_all(clam, &messages, why) != 0) {
        clam_close(clam);
        clam = NULL;
    } else {
        strbuf_add_span(why, strbuf_span(&messages));
    }
    strbuf_clear(&messages);
    return clam;
}

static void own_free(struct own *own)
{
    if (own == NULL)
        return;
    for (unsigned i = 0; i < CANARIES; i++)
        if (own->canaries[i] >= 0)
            close(own->canaries[i]);
    strbuf_clear(&own->distrust);
    free(own);
}

void clam_close(struct clam *clam)
{
    if (clam == NULL)
        return;
    if (clam->engine != NULL)
        p_cl_engine_free(clam->engine);
    own_free(*clam->own);
    free(clam->own);
    free(clam->folder);
    free(clam);
}

unsigned clam_signatures(const struct clam *clam)
{
    return clam->signatures;
}

void clam_describe(const struct clam *clam, struct strbuf *out)
{
    strbuf_format(out, "ClamAV %s, %u signature%s from %s", p_cl_retver(), clam->signatures,
                  clam->signatures == 1 ? "" : "s", clam->folder);
}

uint64_t clam_fingerprint(const struct clam *clam)
{
    const char *version = p_cl_retver();
    return clam->fingerprint ^ map_digest(version, strlen(version));
}

/* ---- scanning ---- */

/* One pass. What is wrong with it, or NULL; borrowed from run. */
static const char *scan_once(const struct clam *clam, int fd, uint32_t parse, struct run *run)
{
    struct cl_scan_options options = {
        .general = CL_SCAN_GENERAL_ALLMATCHES | CL_SCAN_GENERAL_HEURISTICS,
        .parse = parse,
        .heuristic = CL_SCAN_HEURISTIC_EXCEEDS_MAX,
    };
    const char *name = NULL;
    unsigned long blocks = 0;
    int64_t start = clock_steady_ms();
    current = run;
    int rc = p_cl_scandesc_callback(fd, NULL, &name, &blocks, clam->engine, &options, run);
    current = NULL;
    if (rc == CL_VIRUS && name != NULL && run->names == 0)
        on_found(fd, name, run);
    if (run->error[0] != '\0')
        return run->error;
    if (run->limit[0] != '\0')
        return run->limit;
    if (clock_steady_ms() - start >= CLAM_SCAN_MS)
        return "it took too long";
    if (rc == CL_VIRUS && run->names == 0)
        return "a limit was reached";
    return rc == CL_CLEAN || rc == CL_VIRUS ? NULL : p_cl_strerror(rc);
}

/* With the HTML parser (it also normalises scripts), and once more without it where it hid a raw
 * text: in HTML, which is then matched in its normalised form only. What is wrong, or NULL. */
static const char *scan_twice(const struct clam *clam, int fd, struct run *run)
{
    const char *wrong = scan_once(clam, fd, ~(uint32_t)0, run);
    if (run->typed && !run->html)
        return wrong;
    run->names = 0;
    const char *again = scan_once(clam, fd, ~(uint32_t)CL_SCAN_PARSE_HTML, run);
    return wrong != NULL ? wrong : again;
}

static int try_canaries(const struct clam *clam, const struct own *own, struct strbuf *why)
{
    static const unsigned want[CANARIES] = {
        [CANARY_RAW] = FOUND_RAW,
        [CANARY_HIDDEN] = FOUND_RAW,
        [CANARY_NORMALISED] = FOUND_NORMALISED,
        [CANARY_WIDE] = FOUND_NORMALISED,
    };
    for (unsigned i = 0; i < CANARIES; i++) {
        struct run run = {0};
        const char *wrong = scan_twice(clam, own->canaries[i], &run);
        if (wrong != NULL)
            return strbuf_why(why, "libclamav cannot scan: %s", wrong);
        if (run.found != want[i])
            return strbuf_why(why, "libclamav does not find its canary: it cannot scan");
    }
    return 0;
}

/* As UTF-16, big-endian: what libclamav needs another library for, which is loaded late. */
static void widen(struct strbuf *text)
{
    struct strbuf wide = {0};
    strbuf_add(&wide, "\376\377", 2);
    for (size_t i = 0; i < text->len; i++) {
        strbuf_add_char(&wide, '\0');
        strbuf_add_char(&wide, text->data[i]);
    }
    strbuf_clear(text);
    *text = wide;
}

static void canary_text(const struct clam *clam, enum canary canary, struct strbuf *out)
{
    const char *kind = canary <= CANARY_HIDDEN ? "Raw" : "Normalised";
    bool html = canary != CANARY_RAW;
    strbuf_add_text(out, html ? "<!DOCTYPE html><html><head><title>x</title></head><body><p>"
                              : "<?php /* ");
    strbuf_format(out, "SpamgearCanary.%s.%s", kind, clam->marker);
    strbuf_add_text(out, html ? "</p></body></html>\n" : " */\n");
    if (canary == CANARY_WIDE)
        widen(out);
}

static int open_canary(const struct clam *clam, enum canary canary, struct strbuf *why)
{
    struct strbuf text = {0};
    canary_text(clam, canary, &text);
    int fd = memfd_create("canary", MFD_CLOEXEC);
    if (fd < 0 || write(fd, text.data, text.len) != (ssize_t)text.len) {
        strbuf_why(why, "cannot make an anonymous file: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    strbuf_clear(&text);
    return fd;
}

static struct own *own_new(const struct clam *clam, struct strbuf *why)
{
    struct own *own = mem_zero(1, sizeof *own);
    for (unsigned i = 0; i < CANARIES; i++)
        own->canaries[i] = -1;
    for (unsigned i = 0; i < CANARIES; i++)
        if ((own->canaries[i] = open_canary(clam, (enum canary)i, why)) < 0) {
            own_free(own);
            return NULL;
        }
    return own;
}

int clam_enter(const struct clam *clam, const char *folder, struct strbuf *why)
{
    unsigned seed;
    if (getentropy(&seed, sizeof seed) != 0)
        return strbuf_why(why, "no random bytes: %s", strerror(errno));
    srand(seed); /* libclamav names its temporary files by rand() */
    if (p_cl_engine_set_str(clam->engine, CL_ENGINE_TMPDIR, folder) != CL_SUCCESS)
        return strbuf_why(why, "libclamav refuses the folder %s", folder);
    struct own *own = own_new(clam, why);
    if (own == NULL)
        return -1;
    if (try_canaries(clam, own, why) != 0) {
        own_free(own);
        return -1;
    }
    own_free(*clam->own);
    *clam->own = own;
    return 0;
}

bool clam_is_lost(const struct clam *clam)
{
    const struct own *own = *clam->own;
    return own == NULL || own->distrust.len > 0;
}

/* What vouches for the files since the last time. */
static void check_now_and_then(const struct clam *clam, struct own *own)
{
    if (++own->scans < CLAM_CANARY)
        return;
    own->scans = 0;
    try_canaries(clam, own, &own->distrust);
}

void clam_scan(const struct clam *clam, int fd, uint64_t size, const struct rules *rules,
               struct verdict *verdict)
{
    struct own *own = *clam->own;
    if (own == NULL) {
        verdict_unknown(verdict, "ClamAV: nobody has shown that it can scan");
        return;
    }
    if (size > CLAM_SIZE_MAX) {
        verdict_unknown(verdict, "is larger than ClamAV's limit of %llu MiB", CLAM_SIZE_MAX >> 20);
        return;
    }
    if (own->distrust.len == 0) {
        struct run run = {.rules = rules, .verdict = verdict};
        const char *wrong = scan_twice(clam, fd, &run);
        if (wrong != NULL)
            verdict_unknown(verdict, "ClamAV could not examine it: %s", wrong);
    }
    if (own->distrust.len == 0)
        check_now_and_then(clam, own);
    if (own->distrust.len > 0)
        verdict_unknown(verdict, "%s", strbuf_text(&own->distrust));
}

#else

struct clam {
    char unused;
};

struct clam *clam_open(const char *database_folder, struct strbuf *why)
{
    (void)database_folder;
    strbuf_why(why, "built without libclamav");
    return NULL;
}

void clam_close(struct clam *clam)
{
    (void)clam;
}

unsigned clam_signatures(const struct clam *clam)
{
    (void)clam;
    return 0;
}

void clam_describe(const struct clam *clam, struct strbuf *out)
{
    (void)clam;
    strbuf_add_text(out, "no ClamAV");
}

uint64_t clam_fingerprint(const struct clam *clam)
{
    (void)clam;
    return 0;
}

int clam_enter(const struct clam *clam, const char *folder, struct strbuf *why)
{
    (void)clam;
    (void)folder;
    return strbuf_why(why, "built without libclamav");
}

bool clam_is_lost(const struct clam *clam)
{
    (void)clam;
    return true;
}

void clam_scan(const struct clam *clam, int fd, uint64_t size, const struct rules *rules,
               struct verdict *verdict)
{
    (void)clam;
    (void)fd;
    (void)size;
    (void)rules;
    verdict_unknown(verdict, "built without libclamav");
}

#endif
