/* option_test - command lines in, settings and problems out, as one text each. */
#include "spamgear/cli/option.h"

#include "test.h"

struct sample {
    bool all, quiet;
    uint64_t limit, day;
    char *name;
    struct texts logs, allow;
    struct period period;
    int format;
    int64_t since;
    struct memo nis, tag;
};

static int read_time(const char *value, void *field, struct strbuf *why)
{
    if (strcmp(value, "today") != 0)
        return strbuf_why(why, "\"%s\" is not a time", value);
    *(int64_t *)field = 86400;
    return 0;
}

static bool is_tag(const char *word)
{
    return word[0] == '#';
}

static int check_name(const char *value, void *field, struct strbuf *why)
{
    (void)field;
    return strchr(value, ' ') != NULL ? strbuf_why(why, "\"%s\" holds a blank", value) : 0;
}

static const char *const formats[] = {"text", "json", "metrics", NULL};
static const char *const nis_names[] = {"niss", NULL};
static const char *const day_names[] = {"dayly", "dally", NULL};

static const struct option first_rows[] = {
    OPTION_FLAG(struct sample, all, "all", 'a', "Show everyone."),
    OPTION_FLAG(struct sample, quiet, "quiet", 'q', "Say nothing."),
    OPTION_COUNT(struct sample, limit, "max-connections", 'm', "N", "90", 1, UINT32_MAX, "Limit."),
    OPTION_COUNT(struct sample, day, "daily", 0, "N", NULL, 0, UINT64_MAX, "Of a day.",
                 .aliases = day_names),
    OPTION_TEXT(struct sample, name, "name", 0, "NAME", NULL, "A name.", .check = check_name),
    OPTION_LIST(struct sample, logs, "logs", 'l', "FILE", "Logs.", .flags = OPTION_GLOB_WORDS),
    OPTION_LIST(struct sample, allow, "allow", 'w', "ADDRESS", "Networks."),
    OPTION_END};

static const struct option second_rows[] = {
    OPTION_PERIOD(struct sample, period, "period", 'p', "PERIOD", "1 hour", "How long."),
    OPTION_CHOICE(struct sample, format, "format", 'f', "FORMAT", "json", formats, "Output."),
    OPTION_TIME(struct sample, since, "since", 0, "TIME", "From.", read_time),
    OPTION_MEMO(struct sample, nis, "nis", 'n', "MASTER", "NIS.", .aliases = nis_names),
    OPTION_MEMO(struct sample, tag, "tag", 'g', "TAG", "Tag.", .takes = is_tag),
    OPTION_LIST(struct sample, logs, "file", 'F', "FILE", "The same as --logs."),
    OPTION_FLAG(struct sample, quiet, "obsolete", 'l', "A letter that is taken.",
                .flags = OPTION_HIDDEN),
    OPTION_END};

static const struct option *const tables[] = {first_rows, second_rows, NULL};

static void add_list(struct strbuf *out, const char *name, const struct texts *list)
{
    for (size_t i = 0; i < list->len; i++)
        strbuf_format(out, "%s[%s] ", name, list->at[i]);
}

/* Only what differs from the defaults. */
static void add_settings(struct strbuf *out, const struct sample *s)
{
    if (s->all)
        strbuf_add_text(out, "all ");
    if (s->quiet)
        strbuf_add_text(out, "quiet ");
    if (s->limit != 90)
        strbuf_format(out, "limit=%" PRIu64 " ", s->limit);
    if (s->day != 0)
        strbuf_format(out, "day=%" PRIu64 " ", s->day);
    if (s->name != NULL)
        strbuf_format(out, "name=%s ", s->name);
    add_list(out, "log", &s->logs);
    add_list(out, "allow", &s->allow);
    if (s->period.seconds != 3600 || strcmp(s->period.text, "1 hour") != 0)
        strbuf_format(out, "period=%" PRId64 "/%s ", s->period.seconds, s->period.text);
    if (s->format != 1)
        strbuf_format(out, "format=%d ", s->format);
    if (s->since != 0)
        strbuf_format(out, "since=%" PRId64 " ", s->since);
    if (s->nis.given)
        strbuf_format(out, "nis=%s ", s->nis.value != NULL ? s->nis.value : "(none)");
    if (s->tag.given)
        strbuf_format(out, "tag=%s ", s->tag.value != NULL ? s->tag.value : "(none)");
}

static void run(struct strbuf *out, char **argv)
{
    struct sample sample = {0};
    struct option_set set = {0};
    struct option_words words;
    struct texts problems = {0};
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    option_set_add(&set, tables, &sample, &problems);
    option_read(&set, argc, argv, &words, &problems);
    option_store_words(&words, &problems);
    add_settings(out, &sample);
    for (int i = 0; i < words.operand_count; i++)
        strbuf_format(out, "(%s) ", words.operands[i]);
    for (size_t i = 0; i < problems.len; i++)
        strbuf_format(out, "! %s ", problems.at[i]);
    texts_clear(&problems);
    option_words_clear(&words);
    option_set_clear(&set);
}

static const struct {
    const char *name;
    char **words;
    const char *want;
} cases[] = {
    {"nothing", (char *[]){NULL}, ""},
    {"long with =", (char *[]){"--max-connections=5", NULL}, "limit=5 "},
    {"long with a word", (char *[]){"--max-connections", "5", NULL}, "limit=5 "},
    {"short with a word", (char *[]){"-m", "5", NULL}, "limit=5 "},
    {"short attached", (char *[]){"-m5", NULL}, "limit=5 "},
    {"period attached", (char *[]){"-p2hours", NULL}, "period=7200/2hours "},
    {"period with blanks", (char *[]){"-p", "1 hour 30 min", NULL}, "period=5400/1 hour 30 min "},
    {"bundle", (char *[]){"-aqm5", NULL}, "all quiet limit=5 "},
    {"bundle, value next", (char *[]){"-aqm", "5", NULL}, "all quiet limit=5 "},
    {"last one counts", (char *[]){"-m5", "-m", "6", NULL}, "limit=6 "},
    {"text given twice", (char *[]){"--name=a", "--name=b", NULL}, "name=b "},
    {"flag off", (char *[]){"-a", "--no-all", NULL}, ""},
    {"no- is for flags", (char *[]){"--no-name", NULL}, "! --no-name: unknown option "},
    {"operands mix", (char *[]){"x", "-a", "y", "-", NULL}, "all (x) (y) (-) "},
    {"-- ends options", (char *[]){"-a", "--", "-q", "--", NULL}, "all (-q) (--) "},
    {"empty operand", (char *[]){"", NULL}, "() "},
    {"alias", (char *[]){"--dally=3", NULL}, "day=3 "},
    {"choice", (char *[]){"-f", "text", NULL}, "format=0 "},
    {"time", (char *[]){"--since=today", NULL}, "since=86400 "},
    {"empty text", (char *[]){"--name=", NULL}, "name= "},
    {"value with =", (char *[]){"--name=a=b", NULL}, "name=a=b "},
    {"- as a value", (char *[]){"-l", "-", NULL}, "log[-] "},

    {"list grows", (char *[]){"-w", "a", "-wb", "--allow=c", "d", NULL},
     "allow[a] allow[b] allow[c] (d) "},
    {"glob words", (char *[]){"-l", "a", "b", "c", "-m", "5", "d", NULL},
     "limit=5 log[a] log[b] log[c] (d) "},
    {"glob words end at --", (char *[]){"--logs", "a", "b", "--", "c", NULL}, "log[a] log[b] (c) "},
    {"attached takes one word", (char *[]){"-la", "b", "--logs=c", "d", NULL},
     "log[a] log[c] (b) (d) "},
    {"- among glob words", (char *[]){"-l", "a", "-", "b", NULL}, "log[a] log[-] log[b] "},

    {"two rows, one field", (char *[]){"-F", "a", "-l", "b", "-F", "c", NULL},
     "log[a] log[b] log[c] "},
    {"memo alone", (char *[]){"-n", NULL}, "nis=(none) "},
    {"memo before an option", (char *[]){"-n", "-a", NULL}, "all nis=(none) "},
    {"memo with a word", (char *[]){"-n", "master", "x", NULL}, "nis=master (x) "},
    {"memo that takes the word", (char *[]){"-g", "#x", "y", NULL}, "tag=#x (y) "},
    {"memo that does not take it", (char *[]){"-g", "x", NULL}, "tag=(none) (x) "},
    {"memo with =", (char *[]){"--niss=master", NULL}, "nis=master "},
    {"memo attached", (char *[]){"-nmaster", NULL}, "nis=master "},
    {"memo in a bundle", (char *[]){"-an", "master", NULL}, "all nis=master "},
    {"memo twice", (char *[]){"-n", "a", "--nis", NULL}, "nis=(none) "},
    {"memo before --", (char *[]){"-n", "--", "x", NULL}, "nis=(none) (x) "},

    {"negative", (char *[]){"-m", "-5", NULL},
     "! --max-connections: \"-5\" is not a whole number from 1 to 4294967295 "},
    {"zero", (char *[]){"-m0", NULL},
     "! --max-connections: \"0\" is not a whole number from 1 to 4294967295 "},
    {"above", (char *[]){"-m", "4294967296", NULL},
     "! --max-connections: \"4294967296\" is not a whole number from 1 to 4294967295 "},
    {"overflow", (char *[]){"--daily=18446744073709551616", NULL},
     "! --daily: \"18446744073709551616\" is not a whole number from 0 to 18446744073709551615 "},
    {"greatest", (char *[]){"--daily=18446744073709551615", NULL}, "day=18446744073709551615 "},
    {"empty number", (char *[]){"--daily=", NULL},
     "! --daily: \"\" is not a whole number from 0 to 18446744073709551615 "},
    {"junk behind", (char *[]){"-m", "5x", NULL},
     "! --max-connections: \"5x\" is not a whole number from 1 to 4294967295 "},
    {"plus, blank, hex", (char *[]){"-m+5", "-m 5", "-m0x5", NULL},
     "! --max-connections: \"+5\" is not a whole number from 1 to 4294967295 "
     "! --max-connections: \" 5\" is not a whole number from 1 to 4294967295 "
     "! --max-connections: \"0x5\" is not a whole number from 1 to 4294967295 "},
    {"a bad choice", (char *[]){"--format=xml", NULL},
     "! --format: \"xml\" is not text, json or metrics "},
    {"a choice is not cut short", (char *[]){"--format=js", NULL},
     "! --format: \"js\" is not text, json or metrics "},
    {"a bad time", (char *[]){"--since=never", NULL}, "! --since: \"never\" is not a time "},
    {"a further check", (char *[]){"--name", "a b", NULL},
     "name=a b ! --name: \"a b\" holds a blank "},
    {"flag with a value", (char *[]){"--all=yes", NULL},
     "! --all: takes no value, but \"yes\" was given "},
    {"no value at the end", (char *[]){"-m", NULL}, "! --max-connections: needs a value (N) "},
    {"no value before an option", (char *[]){"-m", "-a", NULL},
     "all ! --max-connections: needs a value (N) "},
    {"no value before --", (char *[]){"--name", "--", "x", NULL},
     "(x) ! --name: needs a value (NAME) "},
    {"= gives what looks like an option", (char *[]){"--name=-a", NULL}, "name=-a "},
    {"prefixes are not taken", (char *[]){"--max", "5", NULL},
     "(5) ! --max: unknown option; did you mean --max-connections? "},
    {"misspelt", (char *[]){"--max-conections=5", NULL},
     "! --max-conections: unknown option; did you mean --max-connections? "},
    {"far from all", (char *[]){"--zzzzzz", NULL}, "! --zzzzzz: unknown option "},
    {"unknown letter ends its word", (char *[]){"-aZ5q", NULL}, "all ! -Z: unknown option "},
    {"all problems", (char *[]){"-Z", "--format=", "-m", "0", "--alll", NULL},
     "! -Z: unknown option ! --alll: unknown option; did you mean --all? "
     "! --format: \"\" is not text, json or metrics "
     "! --max-connections: \"0\" is not a whole number from 1 to 4294967295 "},
};

static void test_levels(void)
{
    struct sample sample = {0};
    struct option_set set = {0};
    struct texts problems = {0};
    struct strbuf why = {0}, got = {0};
    option_set_add(&set, tables, &sample, &problems);
    struct option_slot *logs = option_find(&set, SPAN("logs"));
    struct option_slot *limit = option_find_letter(&set, 'm');
    option_store(logs, "a", OPTION_LEVEL_COMMON, &why);
    option_store(logs, "b", OPTION_LEVEL_COMMON, &why);
    option_store(logs, "c", OPTION_LEVEL_APPLET, &why);
    option_store(logs, "d", OPTION_LEVEL_APPLET, &why);
    option_store(logs, "e", OPTION_LEVEL_COMMON, &why);
    option_store(option_find_letter(&set, 'F'), "f", OPTION_LEVEL_COMMON, &why);
    option_store(limit, "7", OPTION_LEVEL_COMMAND, &why);
    option_store(limit, "8", OPTION_LEVEL_APPLET, &why);
    add_settings(&got, &sample);
    test_text("a stronger list replaces, an equal one adds", strbuf_text(&got),
              "limit=7 log[c] log[d] ");
    test_number("a weaker value is still checked",
                option_store(limit, "x", OPTION_LEVEL_APPLET, &why), -1);
    test_number("and does not get in", (int64_t)sample.limit, 7);
    test_true("the earlier row keeps its letter", option_find_letter(&set, 'l') == logs);
    strbuf_clear(&why);
    strbuf_clear(&got);
    texts_clear(&problems);
    option_set_clear(&set);
}

static void test_bad_default(void)
{
    static const struct option rows[] = {
        OPTION_COUNT(struct sample, limit, "limit", 0, "N", "0", 1, 9, "Limit."), OPTION_END};
    static const struct option *const bad[] = {rows, NULL};
    struct sample sample = {0};
    struct option_set set = {0};
    struct texts problems = {0};
    option_set_add(&set, bad, &sample, &problems);
    test_text("a default out of bounds is told", problems.len == 1 ? problems.at[0] : "",
              "--limit: default: \"0\" is not a whole number from 1 to 9");
    texts_clear(&problems);
    option_set_clear(&set);
}

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf got = {0};
        run(&got, cases[i].words);
        test_text(cases[i].name, strbuf_text(&got), cases[i].want);
        strbuf_clear(&got);
    }
    test_levels();
    test_bad_default();
    return test_end();
}
