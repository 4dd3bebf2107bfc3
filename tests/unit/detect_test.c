/* detect_test - bytes in, verdict out: what is found and where, in files larger than a window,
 * with holes, that change, that cannot be read; the hash, the allow list, and ClamAV's turn. */
#include "spamgear/scan/detect.h"

#include "spamgear/scan/clam.h"
#include "spamgear/scan/sniff.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- ClamAV, as these tests want it ---- */

struct clam {
    const char *finds; /* a name, NULL: nothing */
    void (*meanwhile)(int fd);
};

static unsigned clam_calls;
static enum verdict_result clam_saw;

void clam_scan(const struct clam *clam, int fd, uint64_t size, const struct rules *rules,
               struct verdict *verdict)
{
    clam_calls++;
    clam_saw = verdict->result;
    if (clam->meanwhile != NULL)
        clam->meanwhile(fd);
    if (clam->finds != NULL && size > 0)
        verdict_add(verdict, rules, rules->clamav, span_text(clam->finds));
}

/* ---- rules ---- */

static void add_rule(struct rules *rules, const char *id, uint32_t kinds, const char *pattern,
                     const char *first, const char *second)
{
    struct strbuf label = {0}, why = {0};
    strbuf_format(&label, "[SPAMGEAR] [%s]", id);
    rules_add(rules, RULE_OWN, id, strbuf_text(&label), "test.rules", 1)->kinds = kinds;
    if (first != NULL)
        rules_need(rules, span_text(first), false);
    if (second != NULL)
        rules_need(rules, span_text(second), true);
    if (pattern != NULL) {
        const struct regex *regex = regex_get(pattern, &why);
        test_text(pattern, strbuf_text(&why), "");
        rules_pattern(rules, regex, pattern);
    }
    strbuf_clear(&label);
    strbuf_clear(&why);
}

static struct rules *make_rules(void)
{
    struct rules *rules = rules_new();
    struct strbuf why = {0};
    add_rule(rules, "literal", 0, NULL, "MARKER_ONE", NULL);
    add_rule(rules, "both", 0, NULL, "MARKER_LEFT", "marker_right");
    add_rule(rules, "php-only", SNIFF_PHP, NULL, "MARKER_PHP", NULL);
    add_rule(rules, "pattern", 0, "MARKER_PATTERN\\s*\\(\\d+\\)", "MARKER_PATTERN", NULL);
    add_rule(rules, "explodes", 0, "MARKER_BOOM(a+)+(a+)+(a+)+(a+)+b", "MARKER_BOOM", NULL);
    add_rule(rules, "anywhere", 0, "MARKER_[0-9]{3}X", NULL, NULL);
    add_rule(rules, "twice", 0, NULL, "MARKER_TWICE_A", NULL);
    add_rule(rules, "twice", 0, NULL, "MARKER_TWICE_B", NULL);
    test_number("compiles", rules_compile(rules, &why), 0);
    strbuf_clear(&why);
    return rules;
}

static const char *id_of(const struct detect *detect, const struct verdict *v, uint32_t i)
{
    return i < v->findings_len ? detect->rules->list.at[v->findings[i].rule].id : "nothing";
}

static const char *result_name(enum verdict_result result)
{
    static const char *const names[] = {"clean", "found", "unknown"};
    return names[result];
}

/* ---- what is found ---- */

static void test_one(const struct detect *detect, struct detect_scratch *scratch, const char *name,
                     struct span text, const char *want)
{
    struct verdict v;
    struct strbuf got = {0};
    detect_text(detect, scratch, text, &v);
    strbuf_add_text(&got, result_name(v.result));
    for (uint32_t i = 0; i < v.findings_len; i++)
        strbuf_format(&got, " %s:%u:%u+%u", id_of(detect, &v, i), v.findings[i].line,
                      (unsigned)v.findings[i].offset, (unsigned)v.findings[i].len);
    if (v.why[0] != '\0')
        strbuf_format(&got, " %s", v.why);
    test_text(name, strbuf_text(&got), want);
    strbuf_clear(&got);
}

#define BOOM "MARKER_BOOMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac b"

static void test_texts(const struct detect *detect, struct detect_scratch *scratch)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"nothing", "", "clean"},
        {"words", "<?php echo 1; ?>", "clean"},
        {"a literal", "a\nb MARKER_ONE", "found literal:2:4+10"},
        {"another case", "a\nb marker_one", "clean"},
        {"one of two", "MARKER_LEFT", "clean"},
        {"the other", "marker_right", "clean"},
        {"both, in any case", "x MARKER_Right MARKER_LEFT", "found both:1:15+11"},
        {"no PHP", "MARKER_PHP", "clean"},
        {"PHP", "GIF89a<?php MARKER_PHP", "found php-only:1:12+10"},
        {"a pattern", "MARKER_PATTERN x\nMARKER_PATTERN (17)", "found pattern:2:17+19"},
        {"no pattern", "MARKER_PATTERN (x)", "clean"},
        {"gave up", BOOM, "unknown rule explodes gave up"},
        {"others go on", BOOM "\nMARKER_ONE", "found literal:2:82+10 rule explodes gave up"},
        {"no literal at all", "\n\nMARKER_123X", "found anywhere:3:2+11"},
        {"one signature once", "MARKER_TWICE_B MARKER_TWICE_A", "found twice:1:0+14"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        test_one(detect, scratch, cases[i].name, span_text(cases[i].text), cases[i].want);
    test_one(detect, scratch, "NUL bytes", SPAN("\0\0\nMARKER_ONE\0"), "found literal:2:3+10");
}

static void test_excerpt(const struct detect *detect, struct detect_scratch *scratch)
{
    struct verdict v;
    detect_text(detect, scratch, SPAN("GIF89a\n<?php MARKER_ONE('x'); // and so on\n?>"), &v);
    test_bytes("excerpt", v.findings[0].excerpt, v.findings[0].excerpt_len,
               "<?php MARKER_ONE('x'); // and so on", 35);
    test_number("layer", v.findings[0].layer, 0);
    test_true("kinds", (v.kinds & (SNIFF_PHP | SNIFF_IMAGE)) == (SNIFF_PHP | SNIFF_IMAGE));
    test_number("size", (int64_t)v.size, 45);
}

/* ---- files ---- */

static int file_of(const char *at, size_t len)
{
    int fd = memfd_create("detect", MFD_CLOEXEC);
    test_true("written", pwrite(fd, at, len, 0) == (ssize_t)len);
    return fd;
}

/* A literal at every kind of place around the ends of windows, in lines of 64 bytes; file and text
 * must tell the same. */
static void test_windows(const struct detect *detect, struct detect_scratch *scratch)
{
    static const size_t places[] = {0,
                                    VIEW_WINDOW - 70000,
                                    VIEW_WINDOW - 65536,
                                    VIEW_WINDOW - 10,
                                    VIEW_WINDOW - 5,
                                    VIEW_WINDOW - 1,
                                    VIEW_WINDOW,
                                    VIEW_WINDOW + 1,
                                    2 * VIEW_WINDOW - 5,
                                    2 * VIEW_WINDOW + 777,
                                    2 * VIEW_WINDOW + 990};
    size_t len = 2 * VIEW_WINDOW + 1000;
    char *text = mem_alloc(len);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct verdict file, memory;
        memset(text, '.', len);
        for (size_t line = 63; line < len; line += 64)
            text[line] = '\n';
        memcpy(text + places[i], "MARKER_ONE", 10);
        uint64_t lines = 1;
        for (size_t at = 0; at < places[i]; at++)
            lines += text[at] == '\n';
        int fd = file_of(text, len);
        detect_file(detect, scratch, fd, &file);
        detect_text(detect, scratch, (struct span){text, len}, &memory);
        test_text("in a file", id_of(detect, &file, 0), "literal");
        test_number("at", (int64_t)file.findings[0].offset, (int64_t)places[i]);
        test_number("line", file.findings[0].line, (int64_t)lines);
        test_number("once", file.findings_len + file.more, 1);
        test_number("size", (int64_t)file.size, (int64_t)len);
        test_number("the same place", (int64_t)memory.findings[0].offset, (int64_t)places[i]);
        test_number("the same line", memory.findings[0].line, (int64_t)lines);
        test_number("no trouble", file.why[0] + memory.why[0], 0);
        close(fd);
    }
    free(text);
}

/* What an open tag makes PHP stays PHP in the windows behind it. */
static void test_kinds(const struct detect *detect, struct detect_scratch *scratch)
{
    size_t len = 2 * VIEW_WINDOW;
    char *text = mem_alloc(len);
    struct verdict v;
    memset(text, '.', len);
    memcpy(text, "<?php ", 6);
    memcpy(text + len - 100, "MARKER_PHP", 10);
    int fd = file_of(text, len);
    detect_file(detect, scratch, fd, &v);
    test_text("far behind the tag", id_of(detect, &v, 0), "php-only");
    close(fd);
    free(text);
}

static void put(int fd, const char *text, off_t at)
{
    test_true(text, pwrite(fd, text, strlen(text), at) == (ssize_t)strlen(text));
}

/* 10 GB of holes: examined at once, and what stands among them is found. */
static void test_holes(const struct detect *detect, struct detect_scratch *scratch)
{
    static const off_t places[] = {0, 1 << 20, 4999999990, (off_t)10 * 1000000000 - 10};
    char path[] = "/var/tmp/detect-XXXXXX";
    digest_load(NULL);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct verdict v;
        int fd = i % 2 == 0 ? mkstemp(strcpy(path, "/var/tmp/detect-XXXXXX")) : file_of("", 0);
        test_number("10 GB", ftruncate(fd, (off_t)10 * 1000000000), 0);
        put(fd, places[i] == 0 ? "MARKER_ONE" : "\nMARKER_ONE", places[i] - (places[i] != 0));
        detect_file(detect, scratch, fd, &v);
        test_text("among holes", id_of(detect, &v, 0), "literal");
        test_number("at", (int64_t)v.findings[0].offset, (int64_t)places[i]);
        test_number("line", v.findings[0].line, places[i] == 0 ? 1 : 2);
        test_number("whole", (int64_t)v.size, (int64_t)10 * 1000000000);
        test_text("no trouble", v.why, "");
        test_true("not hashed: that would take hours of a larger one", !v.has_hash);
        close(fd);
        if (i % 2 == 0)
            unlink(path);
    }
}

/* Small holes do not part what belongs together; data and holes in turn are all read. */
static void test_small_holes(const struct detect *detect, struct detect_scratch *scratch)
{
    int fd = file_of("", 0);
    struct verdict v;
    test_number("8 MiB", ftruncate(fd, 8 << 20), 0);
    for (off_t at = 0; at < 8 << 20; at += 128 << 10)
        put(fd, "MARKER_LEFT\n", at);
    detect_file(detect, scratch, fd, &v);
    test_number("clean", v.result, VERDICT_CLEAN);
    put(fd, "MARKER_RIGHT", (8 << 20) - (64 << 10));
    put(fd, "MARKER_LEFT\n", (8 << 20) - (100 << 10));
    detect_file(detect, scratch, fd, &v);
    test_text("a small hole between", id_of(detect, &v, 0), "both");
    test_number("size", (int64_t)v.size, 8 << 20);
    test_text("no trouble", v.why, "");
    close(fd);
}

static void test_unreadable(const struct detect *detect, struct detect_scratch *scratch)
{
    struct verdict v;
    int folder = open("/", O_RDONLY | O_DIRECTORY), ends[2] = {-1, -1};
    detect_file(detect, scratch, folder, &v);
    test_text("a folder", v.why, "is not a regular file");
    test_number("a pipe", pipe(ends), 0);
    detect_file(detect, scratch, ends[0], &v);
    test_number("is unknown", v.result, VERDICT_UNKNOWN);
    detect_file(detect, scratch, -1, &v);
    test_number("no descriptor", v.result, VERDICT_UNKNOWN);
    int written = file_of("x", 1);
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", written);
    int write_only = open(path, O_WRONLY);
    detect_file(detect, scratch, write_only, &v);
    test_number("write-only is unknown", v.result, VERDICT_UNKNOWN);
    test_text("why", v.why, "cannot be read: Bad file descriptor");
    close(folder);
    close(ends[0]);
    close(ends[1]);
    close(written);
    close(write_only);
    int empty = file_of("", 0);
    detect_file(detect, scratch, empty, &v);
    test_number("an empty file is clean", v.result, VERDICT_CLEAN);
    close(empty);
    int lying = open("/proc/self/status", O_RDONLY); /* of size 0, with something in it */
    detect_file(detect, scratch, lying, &v);
    test_text("more than its size", v.why, "changed while it was read");
    close(lying);
}

/* ---- ClamAV's turn, and files that change meanwhile ---- */

static void grow(int fd)
{
    (void)!pwrite(fd, "more", 4, lseek(fd, 0, SEEK_END));
}

static void shrink(int fd)
{
    (void)!ftruncate(fd, 3);
}

static void rewrite(int fd)
{
    usleep(20000); /* times of files go by the kernel's tick */
    put(fd, "other", 0);
}

static void test_changes(const struct detect *shared, struct detect_scratch *scratch)
{
    static const struct {
        const char *name;
        void (*meanwhile)(int fd);
        const char *why;
    } cases[] = {{"nothing happens", NULL, ""},
                 {"grows", grow, "changed while it was read"},
                 {"shrinks", shrink, "changed while it was read"},
                 {"is rewritten", rewrite, "changed while it was read"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct clam clam = {NULL, cases[i].meanwhile};
        struct detect detect = *shared;
        struct verdict v;
        detect.clam = &clam;
        int fd = file_of("harmless", 8);
        detect_file(&detect, scratch, fd, &v);
        test_text(cases[i].name, v.why, cases[i].why);
        test_number(cases[i].name, v.result, i == 0 ? VERDICT_CLEAN : VERDICT_UNKNOWN);
        close(fd);
        fd = file_of("MARKER_ONE", 10);
        detect_file(&detect, scratch, fd, &v);
        test_text(cases[i].name, v.why, cases[i].why);
        test_number("found stands", v.result, VERDICT_FOUND);
        test_number("a hash of what was examined only", v.has_hash, i == 0);
        close(fd);
    }
}

static void test_clam(const struct detect *shared, struct detect_scratch *scratch)
{
    struct clam clam = {"Php.Test", NULL};
    struct detect detect = *shared;
    struct verdict v;
    detect.clam = &clam;
    int fd = file_of("MARKER_ONE", 10);
    clam_calls = 0;
    detect_file(&detect, scratch, fd, &v);
    test_number("once a file", clam_calls, 1);
    test_number("after the rules", clam_saw, VERDICT_FOUND);
    test_number("both", v.findings_len, 2);
    test_bytes("its name", v.findings[1].detail, v.findings[1].detail_len, "Php.Test", 8);
    test_true("has a hash", v.has_hash);
    close(fd);
}

/* ---- the allow list ---- */

static void rewrite_to_allowed(int fd)
{
    usleep(20000);
    put(fd, "MARKER_ONE", 0);
}

static void test_allow(const struct detect *shared, struct detect_scratch *scratch)
{
    static const char known[] =
        "30ee3a70ef2c9ab2ff0ae3e4c1a1b5b7f35b0be5db70e2d5f2ee1be2ee8a8c5a"; /* another's */
    struct allow_list *list = allow_new();
    struct texts problems = {0};
    struct strbuf text = {0};
    uint8_t hash[DIGEST_BYTES];
    char hex[DIGEST_TEXT + 1];
    digest_of(SPAN("MARKER_ONE"), hash);
    digest_text(hash, hex);
    strbuf_format(&text, "%s  good.php\n%s  other.php\n", hex, known);
    allow_read(list, strbuf_span(&text), "list", &problems);
    allow_finish(list);
    struct detect detect = *shared;
    detect.allow = list;
    struct verdict v;
    int fd = file_of("MARKER_ONE", 10);
    detect_file(&detect, scratch, fd, &v);
    test_true("allowed", v.allowed && v.result == VERDICT_CLEAN && v.findings_len == 0);
    test_bytes("by its hash", (char *)v.hash, DIGEST_BYTES, (char *)hash, DIGEST_BYTES);
    detect_text(&detect, scratch, SPAN("MARKER_ONE"), &v);
    test_true("a text as well", v.allowed && v.result == VERDICT_CLEAN);
    detect_text(&detect, scratch, SPAN("MARKER_ONE "), &v);
    test_true("one byte more", !v.allowed && v.result == VERDICT_FOUND);
    detect_text(&detect, scratch, SPAN("harmless"), &v);
    test_true("a clean file is not hashed", !v.has_hash && !v.allowed);
    close(fd);
    /* Found as something else, then put in place of it what is allowed. */
    struct clam clam = {NULL, rewrite_to_allowed};
    detect.clam = &clam;
    fd = file_of("MARKER_TWICE_A", 10 + 4);
    (void)!ftruncate(fd, 14);
    detect_file(&detect, scratch, fd, &v);
    test_true("not fooled", !v.allowed && v.result == VERDICT_FOUND && !v.has_hash);
    close(fd);
    strbuf_clear(&text);
    texts_clear(&problems);
    allow_free(list);
}

int main(void)
{
    struct strbuf why = {0};
    struct rules *rules = make_rules();
    struct detect detect = {.rules = rules, .suspicious = true};
    struct detect_scratch *scratch = detect_scratch_new(&detect);
    test_texts(&detect, scratch);
    test_excerpt(&detect, scratch);
    test_windows(&detect, scratch);
    test_kinds(&detect, scratch);
    test_holes(&detect, scratch); /* before there are hashes: 10 GB take their time */
    test_small_holes(&detect, scratch);
    test_unreadable(&detect, scratch);
    test_number("digest", digest_load(&why), 0);
    test_changes(&detect, scratch);
    test_clam(&detect, scratch);
    test_allow(&detect, scratch);
    detect_scratch_free(scratch);
    detect_scratch_free(NULL);
    rules_free(rules);
    regex_clear_all();
    strbuf_clear(&why);
    return test_end();
}
