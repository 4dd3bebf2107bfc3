/* listing_section - the rows of section [listing]. */
#include "listing_section.h"

#include <stdlib.h>
#include <string.h>

struct listing_values {
    bool kinds[LISTING_KINDS];
    uint64_t days, divisor;
    char *probability, *file;
    char *actions[LISTING_KINDS];
};

/* It stands in SQL, and in files in which Postfix would expand and continue lines. */
static int check_action(const char *value, void *field, struct strbuf *why)
{
    (void)field;
    for (const char *c = value; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '\\' || *c == '$')
            return strbuf_why(why, "an action has no control characters, \\ and $");
    return *value != '\0' && *value != ' ' ? 0 : strbuf_why(why, "an action is a word at least");
}

static int read_probability(const char *value, double *probability)
{
    char *end;
    *probability = strtod(value, &end);
    return strspn(value, "0123456789.") == strlen(value) && end > value && *end == '\0' &&
                   *probability > 0 && *probability < 1
               ? 0
               : -1;
}

static int check_probability(const char *value, void *field, struct strbuf *why)
{
    double probability;
    (void)field;
    return read_probability(value, &probability) == 0
               ? 0
               : strbuf_why(why, "\"%s\" does not lie between 0 and 1", value);
}

#define ACTION(kind, name, standard, ...)                                                          \
    OPTION_TEXT(struct listing_values, actions[kind], name "-action", 0, "ACTION", standard,       \
                __VA_ARGS__, .check = check_action)

static const struct option rows[] = {
    OPTION_FLAG(struct listing_values, kinds[LISTING_CLIENT], "client", 0,
                "List the addresses that spam came from.", .standard = "yes"),
    OPTION_FLAG(struct listing_values, kinds[LISTING_SASL], "sasl", 0,
                "List the users who logged in to send spam.", .standard = "yes"),
    OPTION_FLAG(struct listing_values, kinds[LISTING_SENDER], "sender", 0,
                "List envelope senders. Anybody can forge them, so a spammer can have others "
                "rejected."),
    OPTION_COUNT(struct listing_values, days, "days", 0, "N", "20", 1, 3650,
                 "Spam of the last N days counts."),
    OPTION_COUNT(struct listing_values, divisor, "divisor", 0, "N", "20", 1, 1000000,
                 "With v spam recipients in these days, 1 - e^(-v/N) is the probability that the "
                 "next message is spam."),
    OPTION_TEXT(struct listing_values, probability, "probability", 0, "P", "0.1",
                "Whoever is above this probability is listed, until enough of his spam is too old. "
                "As it stands: 3 spam recipients in 20 days.",
                .check = check_probability),
    ACTION(LISTING_CLIENT, "client", "REJECT spam was sent from this address",
           "What Postfix does with a listed client: the right-hand side of its access(5) tables."),
    ACTION(LISTING_SENDER, "sender", "REJECT spam was sent from this mail address",
           "What it does with a listed sender."),
    ACTION(LISTING_SASL, "sasl", "REJECT spam was sent in this name, ask your postmaster",
           "What it does with a listed user."),
    OPTION_TEXT(struct listing_values, file, "file", 0, "FILE", NULL,
                "The SQLite file that Postfix reads; else " LISTING_FILE
                " in the folder of [store] state."),
    OPTION_END};

const struct section listing_section = {
    .name = "listing",
    .summary = "who is rejected by Postfix for the spam he sent",
    .options = (const struct option *const[]){rows, NULL},
    .settings_size = sizeof(struct listing_values),
};

static void set_file(struct listing_config *own, const char *file, const char *state,
                     struct texts *problems)
{
    if (file != NULL)
        strbuf_add_text(&own->file, file);
    else
        strbuf_format(&own->file, "%s/%s", state, LISTING_FILE);
    own->listing.file = strbuf_text(&own->file);
    if (*own->listing.file != '/' || strpbrk(own->listing.file, "\n\r\t $") != NULL)
        texts_format(problems, "%s: \"%s\" is no whole path without blanks and $",
                     file != NULL ? "[listing] file" : "state", file != NULL ? file : state);
}

void listing_config_read(struct listing_config *own, const struct config *config, const char *state,
                         struct texts *problems)
{
    double probability = 0;
    *own = (struct listing_config){0};
    section_read(&own->values, &listing_section, config, problems);
    const struct listing_values *values = own->values.own;
    if (read_probability(values->probability, &probability) != 0)
        probability = 0.1; /* it was told */
    for (int i = 0; i < LISTING_KINDS; i++)
        own->listing.rules[i] = (struct listing_rule){.on = values->kinds[i],
                                                      .days = (int64_t)values->days,
                                                      .divisor = (double)values->divisor,
                                                      .probability = probability,
                                                      .action = values->actions[i]};
    set_file(own, values->file, state, problems);
}

void listing_config_clear(struct listing_config *own)
{
    section_clear(&own->values);
    strbuf_clear(&own->file);
}
