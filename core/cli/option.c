/* option - rows into settings: taking a command line apart, and storing values by kind.
 *
 * Reading and storing are two steps, because --help and --config must be known before the
 * config is read, and the config before the command line is stored. Nothing stops at the
 * first problem: all are collected. Abbreviated long names are not accepted (a script
 * would break on the day when a second option begins so); the nearest name is offered.
 */
#include "spamgear/cli/option.h"

#include "spamgear/base/duration.h"
#include "spamgear/base/text.h"
#include <strings.h>

const char *option_name(const struct option *row, size_t n)
{
    if (n == 0)
        return row->name;
    for (size_t i = 0; row->aliases != NULL && row->aliases[i] != NULL; i++)
        if (i + 1 == n)
            return row->aliases[i];
    return NULL;
}

static bool has_name(const struct option *row, struct span name)
{
    const char *known;
    for (size_t n = 0; (known = option_name(row, n)) != NULL; n++)
        if (span_is(span_text(known), name))
            return true;
    return false;
}

struct option_slot *option_find(const struct option_set *set, struct span name)
{
    for (size_t i = 0; i < set->slots.len; i++)
        if (has_name(set->slots.at[i].row, name))
            return &set->slots.at[i];
    return NULL;
}

struct option_slot *option_find_letter(const struct option_set *set, char letter)
{
    for (size_t i = 0; letter != '\0' && i < set->slots.len; i++)
        if (set->slots.at[i].row->letter == letter)
            return &set->slots.at[i];
    return NULL;
}

const char *option_nearest(const struct option_set *set, const char *typed)
{
    struct text_near near = {.typed = typed};
    for (size_t i = 0; i < set->slots.len; i++)
        if (!(set->slots.at[i].row->flags & OPTION_HIDDEN))
            text_near_try(&near, set->slots.at[i].row->name);
    return near.best;
}

/* ---- values ---- */

int option_yes_no(const char *value)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (int which = 0; which < 2; which++)
            if (strcasecmp(value, words[i][which]) == 0)
                return which;
    return -1;
}

static int store_flag(const struct option *row, void *field, const char *value, struct strbuf *why)
{
    (void)row;
    int on = option_yes_no(value);
    if (on < 0)
        return strbuf_why(why, "\"%s\" is neither yes nor no", value);
    *(bool *)field = on == 1;
    return 0;
}

static int store_count(const struct option *row, void *field, const char *value, struct strbuf *why)
{
    unsigned long long number;
    if (span_number(span_text(value), &number) && number >= row->low && number <= row->high) {
        *(uint64_t *)field = number;
        return 0;
    }
    return strbuf_why(why, "\"%s\" is not a whole number from %llu to %llu", value,
                      (unsigned long long)row->low, (unsigned long long)row->high);
}

static int store_text(const struct option *row, void *field, const char *value, struct strbuf *why)
{
    (void)row;
    (void)why;
    char **text = field;
    free(*text);
    *text = mem_text(value);
    return 0;
}

static int store_list(const struct option *row, void *field, const char *value, struct strbuf *why)
{
    (void)row;
    (void)why;
    texts_add(field, value);
    return 0;
}

static int store_period(const struct option *row, void *field, const char *value,
                        struct strbuf *why)
{
    (void)row;
    struct period *period = field;
    struct strbuf reason = {0};
    int64_t seconds = duration_parse(value, &reason);
    if (seconds < 0) {
        strbuf_why(why, "%s", strbuf_text(&reason));
        strbuf_clear(&reason);
        return -1;
    }
    strbuf_clear(&reason);
    free(period->text);
    *period = (struct period){seconds, mem_text(value)};
    return 0;
}

void option_choices(struct strbuf *out, const char *const *choices)
{
    for (size_t i = 0; choices[i] != NULL; i++)
        strbuf_format(out, "%s%s",
                      i == 0                   ? ""
                      : choices[i + 1] == NULL ? " or "
                                               : ", ",
                      choices[i]);
}

static int store_choice(const struct option *row, void *field, const char *value,
                        struct strbuf *why)
{
    for (int i = 0; row->choices[i] != NULL; i++) {
        if (strcmp(row->choices[i], value) == 0) {
            *(int *)field = i;
            return 0;
        }
    }
    struct strbuf all = {0};
    option_choices(&all, row->choices);
    strbuf_why(why, "\"%s\" is not %s", value, strbuf_text(&all));
    strbuf_clear(&all);
    return -1;
}

static int store_time(const struct option *row, void *field, const char *value, struct strbuf *why)
{
    return row->check(value, field, why);
}

static int store_memo(const struct option *row, void *field, const char *value, struct strbuf *why)
{
    (void)row;
    (void)why;
    struct memo *memo = field;
    free(memo->value);
    *memo = (struct memo){true, mem_text(value)};
    return 0;
}

static void clear_text(void *field)
{
    free(*(char **)field);
}

static void clear_list(void *field)
{
    texts_clear(field);
}

static void clear_period(void *field)
{
    free(((struct period *)field)->text);
}

static void clear_memo(void *field)
{
    free(((struct memo *)field)->value);
}

/* What differs between kinds, in one place. */
static const struct {
    size_t size;
    int (*store)(const struct option *row, void *field, const char *value, struct strbuf *why);
    void (*clear)(void *field); /* NULL when the field owns nothing */
} kinds[] = {
    [OPTION_KIND_FLAG] = {sizeof(bool), store_flag, NULL},
    [OPTION_KIND_COUNT] = {sizeof(uint64_t), store_count, NULL},
    [OPTION_KIND_TEXT] = {sizeof(char *), store_text, clear_text},
    [OPTION_KIND_LIST] = {sizeof(struct texts), store_list, clear_list},
    [OPTION_KIND_PERIOD] = {sizeof(struct period), store_period, clear_period},
    [OPTION_KIND_CHOICE] = {sizeof(int), store_choice, NULL},
    [OPTION_KIND_TIME] = {sizeof(int64_t), store_time, NULL},
    [OPTION_KIND_MEMO] = {sizeof(struct memo), store_memo, clear_memo},
};

static void clear_field(const struct option *row, void *field)
{
    if (kinds[row->kind].clear != NULL)
        kinds[row->kind].clear(field);
    memset(field, 0, kinds[row->kind].size);
}

static int store_and_check(const struct option *row, void *field, const char *value,
                           struct strbuf *why)
{
    if (kinds[row->kind].store(row, field, value, why) != 0)
        return -1;
    if (row->check == NULL || row->kind == OPTION_KIND_TIME || value == NULL)
        return 0;
    return row->check(value, field, why);
}

/* Rows that fill one field (--logs and an old spelling with a letter of its own) share a level. */
static enum option_level *level_of(struct option_slot *slot)
{
    return &(slot - slot->back)->level;
}

int option_store(struct option_slot *slot, const char *value, enum option_level level,
                 struct strbuf *why)
{
    enum option_level *now = level_of(slot);
    if (level == OPTION_LEVEL_NONE || level < *now) {
        union {
            bool flag;
            int choice;
            uint64_t count;
            int64_t time;
            char *text;
            struct texts list;
            struct period period;
            struct memo memo;
        } scratch;
        memset(&scratch, 0, sizeof scratch);
        int result = store_and_check(slot->row, &scratch, value, why);
        clear_field(slot->row, &scratch);
        return result;
    }
    if (level > *now && slot->row->kind == OPTION_KIND_LIST)
        clear_field(slot->row, slot->field);
    *now = level;
    return store_and_check(slot->row, slot->field, value, why);
}

int option_unset(struct option_slot *slot, enum option_level level)
{
    if (level >= *level_of(slot)) {
        clear_field(slot->row, slot->field);
        *level_of(slot) = level;
    }
    return 0;
}

/* ---- the set ---- */

/* How far back the first slot of this field stands; 0 when it is new. */
static size_t slots_back(const struct option_set *set, const void *field)
{
    for (size_t i = 0; i < set->slots.len; i++)
        if (set->slots.at[i].field == field)
            return set->slots.len - i;
    return 0;
}

static void add_table(struct option_set *set, const struct option *row, char *settings,
                      struct texts *problems)
{
    struct strbuf why = {0};
    for (; row->name != NULL; row++) {
        void *field = settings + row->offset;
        size_t back = slots_back(set, field);
        struct option_slot *slot = vec_add(&set->slots);
        *slot = (struct option_slot){row, field, back, OPTION_LEVEL_NONE};
        if (row->standard != NULL &&
            option_store(slot, row->standard, OPTION_LEVEL_DEFAULT, &why) != 0)
            texts_format(problems, "--%s: default: %s", row->name, strbuf_text(&why));
    }
    strbuf_clear(&why);
}

void option_set_add(struct option_set *set, const struct option *const *tables, void *settings,
                    struct texts *problems)
{
    for (; tables != NULL && *tables != NULL; tables++)
        add_table(set, *tables, settings, problems);
}

void option_set_clear(struct option_set *set)
{
    for (size_t i = 0; i < set->slots.len; i++)
        clear_field(set->slots.at[i].row, set->slots.at[i].field);
    vec_clear(&set->slots);
}

/* ---- the command line ---- */

struct reader {
    const struct option_set *set;
    int argc, at; /* argv[at] is the next word */
    char **argv;
    struct option_words *words;
    struct texts *problems;
};

static void give(struct reader *r, struct option_slot *slot, const char *value)
{
    *vec_add(&r->words->given) = (struct option_given){slot, value};
}

/* The slot of a long name; for "no-NAME" of a flag, *off is set. */
static struct option_slot *find_long(const struct option_set *set, struct span name, bool *off)
{
    struct option_slot *slot = option_find(set, name);
    *off = false;
    if (slot != NULL || !span_has_prefix(name, SPAN("no-")))
        return slot;
    slot = option_find(set, span_skip(name, 3));
    *off = slot != NULL && slot->row->kind == OPTION_KIND_FLAG;
    return *off ? slot : NULL;
}

static struct span long_name(const char *word)
{
    return (struct span){word + 2, strcspn(word + 2, "=")};
}

static bool looks_like_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* "-5" looks like an option but is none, so it may be a value, and be refused as one. */
static bool is_option(const struct option_set *set, const char *word)
{
    bool off;
    if (!looks_like_option(word))
        return false;
    if (word[1] != '-')
        return option_find_letter(set, word[1]) != NULL;
    return word[2] == '\0' || find_long(set, long_name(word), &off) != NULL;
}

static void give_next_memo(struct reader *r, struct option_slot *slot)
{
    const char *next = r->at < r->argc ? r->argv[r->at] : NULL;
    bool has = next != NULL && !looks_like_option(next) &&
               (slot->row->takes == NULL || slot->row->takes(next));
    give(r, slot, has ? r->argv[r->at++] : NULL);
}

/* The value is the next word, and for GLOB_WORDS also those behind it. */
static void give_next(struct reader *r, struct option_slot *slot)
{
    if (slot->row->kind == OPTION_KIND_MEMO) {
        give_next_memo(r, slot);
        return;
    }
    if (r->at >= r->argc || is_option(r->set, r->argv[r->at])) {
        texts_format(r->problems, "--%s: needs a value (%s)", slot->row->name, slot->row->metavar);
        return;
    }
    give(r, slot, r->argv[r->at++]);
    if (slot->row->flags & OPTION_GLOB_WORDS)
        while (r->at < r->argc && !looks_like_option(r->argv[r->at]))
            give(r, slot, r->argv[r->at++]);
}

static void unknown_long(struct reader *r, const char *word)
{
    struct span name = long_name(word);
    char *typed = mem_text_of(name.at, name.len);
    const char *near = option_nearest(r->set, typed);
    if (near != NULL)
        texts_format(r->problems, "--%s: unknown option; did you mean --%s?", typed, near);
    else
        texts_format(r->problems, "--%s: unknown option", typed);
    free(typed);
}

static void read_long(struct reader *r, const char *word)
{
    bool off;
    struct option_slot *slot = find_long(r->set, long_name(word), &off);
    const char *equals = strchr(word, '=');
    if (slot == NULL)
        unknown_long(r, word);
    else if (slot->row->kind == OPTION_KIND_FLAG && equals != NULL)
        texts_format(r->problems, "--%s: takes no value, but \"%s\" was given", slot->row->name,
                     equals + 1);
    else if (slot->row->kind == OPTION_KIND_FLAG)
        give(r, slot, off ? "no" : "yes");
    else if (equals != NULL)
        give(r, slot, equals + 1);
    else
        give_next(r, slot);
}

/* A word of letters: flags, and at the end one that takes the rest, or the next word. */
static void read_letters(struct reader *r, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        struct option_slot *slot = option_find_letter(r->set, *letters);
        if (slot == NULL) {
            texts_format(r->problems, "-%c: unknown option", *letters);
            return;
        }
        if (slot->row->kind == OPTION_KIND_FLAG) {
            give(r, slot, "yes");
            continue;
        }
        if (letters[1] != '\0')
            give(r, slot, letters + 1);
        else
            give_next(r, slot);
        return;
    }
}

static void add_operand(struct reader *r, char *word)
{
    r->words->operands[r->words->operand_count++] = word;
}

static void read_word(struct reader *r)
{
    char *word = r->argv[r->at++];
    if (strcmp(word, "--") == 0)
        while (r->at < r->argc)
            add_operand(r, r->argv[r->at++]);
    else if (!looks_like_option(word))
        add_operand(r, word);
    else if (word[1] == '-')
        read_long(r, word);
    else
        read_letters(r, word + 1);
}

void option_read(const struct option_set *set, int argc, char **argv, struct option_words *words,
                 struct texts *problems)
{
    struct reader r = {set, argc, 0, argv, words, problems};
    *words = (struct option_words){0};
    words->operands = mem_zero((size_t)argc + 1, sizeof *words->operands);
    while (r.at < argc)
        read_word(&r);
}

void option_words_clear(struct option_words *words)
{
    vec_clear(&words->given);
    free(words->operands);
    *words = (struct option_words){0};
}

const char *option_last(const struct option_words *words, const char *name)
{
    for (size_t i = words->given.len; i-- > 0;)
        if (strcmp(words->given.at[i].slot->row->name, name) == 0)
            return words->given.at[i].value;
    return NULL;
}

void option_store_words(const struct option_words *words, struct texts *problems)
{
    struct strbuf why = {0};
    for (size_t i = 0; i < words->given.len; i++) {
        const struct option_given *given = &words->given.at[i];
        if (option_store(given->slot, given->value, OPTION_LEVEL_COMMAND, &why) != 0)
            texts_format(problems, "--%s: %s", given->slot->row->name, strbuf_text(&why));
    }
    strbuf_clear(&why);
}
