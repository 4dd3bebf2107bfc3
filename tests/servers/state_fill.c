/* state_fill FOLDER MAP FIFO - a daemon's state without the daemon: each line of the FIFO,
 * "CLIENT SENDER SASL VICTIMS" ("-": none), is a spam event; "." has them written, and answers
 * "written" when Postfix' file is up to date, too.
 * state_fill schema URL PASSWORD-FILE - makes the tables of a shared database. */
#include "spamgear/base/clock.h"
#include "spamgear/base/secret.h"
#include "spamgear/store/schema.h"
#include "spamgear/store/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int give_up(const struct strbuf *why)
{
    fprintf(stderr, "%s\n", strbuf_text(why));
    return 1;
}

static int make_schema(const char *url, const char *file)
{
    struct strbuf password = {0}, why = {0};
    struct sql_place place;
    struct texts told = {0};
    struct link *link = NULL;
    if (secret_read(file, &password, &why) == 0 && sql_place_parse(url, &place, &why) == 0)
        link = link_open(&place, strbuf_text(&password), 10000, &why);
    int result = link == NULL || schema_upgrade(link, true, &told, &why) != 0 ? give_up(&why) : 0;
    link_close(link);
    sql_place_clear(&place);
    texts_clear(&told);
    strbuf_clear(&password);
    strbuf_clear(&why);
    return result;
}

static struct span field(const char *text)
{
    return strcmp(text, "-") == 0 ? SPAN("") : span_text(text);
}

static void submit(struct state *state, char words[3][200], unsigned victims)
{
    struct spam_event event = {.time = clock_now(),
                               .verdict_time = clock_now(),
                               .client = field(words[0]),
                               .from = field(words[1]),
                               .sasl = field(words[2]),
                               .verdict = MAIL_VERDICT_SPAM,
                               .victims = victims};
    struct state_batch *batch = state_batch_new();
    state_batch_spam(batch, &event);
    state_submit(state, batch);
}

/* Postfix' file, too: where somebody was in the way it comes a little later. */
static int flush(struct state *state, struct strbuf *why)
{
    struct state_health health = {.map_failing = true};
    if (state_flush(state, 20000, why) != 0)
        return -1;
    for (int tries = 0; health.map_failing && tries < 400; tries++) {
        state_look(state, &health);
        if (health.map_failing && (tries == 0 || tries == 399))
            fprintf(stderr, "%s\n", health.map_trouble);
        usleep(health.map_failing ? 50000 : 0);
    }
    return health.map_failing ? strbuf_why(why, "%s", health.map_trouble) : 0;
}

static int read_lines(struct state *state, FILE *lines, struct strbuf *why)
{
    char line[1000], words[3][200];
    unsigned victims;
    while (fgets(line, sizeof line, lines) != NULL) {
        if (sscanf(line, "%199s %199s %199s %u", words[0], words[1], words[2], &victims) == 4)
            submit(state, words, victims);
        else if (flush(state, why) != 0)
            return -1;
        else if (printf("written\n") < 0 || fflush(stdout) != 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct strbuf why = {0};
    if (argc == 4 && strcmp(argv[1], "schema") == 0)
        return make_schema(argv[2], argv[3]);
    if (argc != 4)
        return 2;
    struct listing_rule rule = {
        .on = true, .days = 20, .divisor = 20, .probability = 0.1, .action = "REJECT listed"};
    struct listing_settings listing = {{rule, rule, rule}, argv[2]};
    struct state_settings settings = {.folder = argv[1], .commit_ms = 10, .listing = &listing};
    FILE *lines = fopen(argv[3], "r");
    struct state *state = lines == NULL ? NULL : state_open(&settings, &why);
    if (state == NULL || state_start(state, &why) != 0)
        return give_up(&why);
    int result = read_lines(state, lines, &why) == 0 ? 0 : give_up(&why);
    state_close(state);
    fclose(lines);
    strbuf_clear(&why);
    return result;
}
