/* option_fuzz - any words as a command line.
 *
 * What must hold: each word ends up as an option, a value or an operand, and operands keep
 * their order; settings stay inside their bounds; each problem names its option; what was
 * stored is freed (the leak checker looks).
 */
#include "spamgear/cli/option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct own {
    uint64_t limit;
    struct period period;
    struct texts logs, allow;
    struct memo nis;
    char *name;
    int format;
    bool all;
};

static const char *const formats[] = {"text", "json", NULL};
static const char *const old_names[] = {"niss", "old", NULL};

static const struct option rows[] = {
    OPTION_COUNT(struct own, limit, "limit", 'm', "N", "90", 10, 1000, "."),
    OPTION_PERIOD(struct own, period, "period", 'p', "PERIOD", "1hour", "."),
    OPTION_LIST(struct own, logs, "logs", 'l', "FILE", ".", .flags = OPTION_GLOB_WORDS),
    OPTION_LIST(struct own, logs, "file", 'f', "FILE", "."),
    OPTION_LIST(struct own, allow, "allow", 'w', "ADDRESS", "."),
    OPTION_MEMO(struct own, nis, "nis", 'n', "MASTER", ".", .aliases = old_names),
    OPTION_TEXT(struct own, name, "name", 0, "NAME", NULL, "."),
    OPTION_CHOICE(struct own, format, "format", 0, "FORMAT", "text", formats, "."),
    OPTION_FLAG(struct own, all, "all", 'a', "."),
    OPTION_END};
static const struct option *const tables[] = {rows, NULL};

#define WORDS_MAX 64

static void need(bool ok)
{
    if (!ok)
        abort();
}

/* Words are parted by newlines. */
static int split(char *text, char *words[WORDS_MAX + 1])
{
    int count = 0;
    char *rest = text;
    for (char *word; count < WORDS_MAX && (word = strsep(&rest, "\n")) != NULL;)
        words[count++] = word;
    words[count] = NULL;
    return count;
}

static void check(const struct own *own, const struct option_words *words, char **argv, int argc,
                  const struct texts *problems)
{
    int at = 0;
    need(own->limit >= 10 && own->limit <= 1000);
    need(own->period.seconds > 0 && own->period.text != NULL);
    need(own->format == 0 || own->format == 1);
    need(own->nis.given || own->nis.value == NULL);
    need(words->operand_count <= argc && words->operands[words->operand_count] == NULL);
    for (int i = 0; i < words->operand_count; i++, at++) {
        while (at < argc && argv[at] != words->operands[i])
            at++;
        need(at < argc);
    }
    for (size_t i = 0; i < problems->len; i++)
        need(problems->at[i][0] == '-');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_text_of((const char *)data, size), *argv[WORDS_MAX + 1];
    int argc = split(text, argv);
    struct own own = {0};
    struct option_set set = {0};
    struct option_words words;
    struct texts problems = {0};
    option_set_add(&set, tables, &own, &problems);
    option_read(&set, argc, argv, &words, &problems);
    option_store_words(&words, &problems);
    check(&own, &words, argv, argc, &problems);
    option_words_clear(&words);
    option_set_clear(&set);
    texts_clear(&problems);
    free(text);
    return 0;
}
