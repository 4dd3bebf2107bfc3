/* php_families_test - the samples in tests/php/families, judged with the points that are shipped.
 *
 * What is malicious must mostly be found, and what only looks like it must never be acted upon.
 * Points come from a training, so a single sample may go either way; those that do are told.
 */
#include "spamgear/scan/php_look.h"

#include "test.h"
#include <glob.h>

#define SAMPLES  "tests/php/families/*/"
#define WEIGHTS  "packaging/rules/php.weights"
#define FOUND    60 /* of 100 that are malicious: acted upon at least */
#define TOLD     70 /* and told */
#define DOUBTFUL 10 /* of 100 that look like it: told at most */

static int read_file(const char *path, struct strbuf *text)
{
    char block[4096];
    size_t got;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -1;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        strbuf_add(text, block, got);
    return fclose(file);
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Without the line that keeps PHP from running it, ~ dropped, {xNN} a byte: see their README. */
static void unarm(struct span from, struct strbuf *to)
{
    struct span line;
    span_take_line(&from, &line);
    while (from.len > 0) {
        bool byte = from.len >= 5 && span_has_prefix(from, SPAN("{x")) && from.at[4] == '}' &&
                    digit(from.at[2]) >= 0 && digit(from.at[3]) >= 0;
        if (byte)
            strbuf_add_char(to, (char)(digit(from.at[2]) * 16 + digit(from.at[3])));
        else if (from.at[0] != '~')
            strbuf_add_char(to, from.at[0]);
        from = span_skip(from, byte ? 5 : 1);
    }
}

struct judge {
    struct php_look *look;
    struct php_weights weights;
};

/* enum rule_severity, or -1. */
static int severity_of(struct judge *judge, const char *path)
{
    struct strbuf raw = {0}, text = {0};
    struct php_judgement judgement = {.severity = -1};
    test_number(path, read_file(path, &raw), 0);
    unarm(strbuf_span(&raw), &text);
    if (php_look_at(judge->look, strbuf_span(&text)))
        php_judge(&judge->weights, php_look_features(judge->look), &judgement);
    strbuf_clear(&raw);
    strbuf_clear(&text);
    return judgement.severity;
}

struct tally {
    unsigned files, told, acted;
};

static struct tally judge_all(struct judge *judge, const char *pattern, bool bad)
{
    struct tally tally = {0};
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0)
        return tally;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        int severity = severity_of(judge, found.gl_pathv[i]);
        tally.files++;
        tally.told += severity >= 0;
        tally.acted += severity == RULE_MALICIOUS;
        if (bad ? severity < 0 : severity >= 0)
            printf("%s: %s\n", found.gl_pathv[i], bad ? "missed" : "told");
    }
    globfree(&found);
    return tally;
}

int main(void)
{
    struct judge judge = {.look = php_look_new(NULL)};
    struct strbuf text = {0}, why = {0};
    test_number(WEIGHTS, read_file(WEIGHTS, &text), 0);
    test_number(WEIGHTS, php_weights_read(strbuf_span(&text), &judge.weights, &why), 0);
    test_text(WEIGHTS, strbuf_text(&why), "");
    struct tally bad = judge_all(&judge, SAMPLES "bad/*.php", true);
    struct tally good = judge_all(&judge, SAMPLES "good/*.php", false);
    printf("malicious: %u of %u acted upon, %u told; look-alikes: %u of %u acted upon, %u told\n",
           bad.acted, bad.files, bad.told, good.acted, good.files, good.told);
    test_true("there are samples", bad.files >= 100 && good.files >= 100);
    test_true("most are acted upon", bad.acted * 100 >= bad.files * FOUND);
    test_true("more are told", bad.told * 100 >= bad.files * TOLD);
    test_number("no look-alike is acted upon", good.acted, 0);
    test_true("few look-alikes are told", good.told * 100 <= good.files * DOUBTFUL);
    strbuf_clear(&text);
    strbuf_clear(&why);
    php_look_free(judge.look);
    return test_end();
}
