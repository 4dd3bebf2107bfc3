/* fleet_ask URL NODE ORDER [WORD...] - what one node of a fleet asks, without its daemon:
 *
 *     claim PROFILE NAME SINCE      prints 1 or 0
 *     confirm PROFILE NAME
 *     release PROFILE NAME LET_GO   a claim that is not confirmed with 0, else one that is
 *     past PROFILE NAME             prints when NAME was let go
 *     tell PROFILE NAME NETWORK...  in this minute
 *     ask PROFILE NAME SINCE        prints MESSAGES RECIPIENTS NETWORK...
 *     vouched PROFILE NAME SINCE    the same, of nodes that vouch for all of it
 *     flow PROFILE NAMES BATCHES    writes NAMES buckets, BATCHES times, as a node does; prints how
 *                                   many a second
 */
#include "../../core/store/fleet_own.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int say(int result, const struct strbuf *why)
{
    if (result < 0)
        printf("failed: %s\n", strbuf_text(why));
    return result < 0;
}

static int do_ask(struct link *link, char **argv, struct strbuf *why)
{
    struct fleet_others others;
    bool vouched = strcmp(argv[3], "vouched") == 0;
    int done = fleet_ask(link, argv[2], argv[4], SENDER_SASL, span_text(argv[5]), atoll(argv[6]),
                         vouched, &others, why);
    if (done == 0) {
        printf("%" PRIu64 " %" PRIu64, others.sum.messages, others.sum.recipients);
        for (size_t i = 0; i < others.networks.len; i++)
            printf(" %s", others.networks.at[i]);
        printf("\n");
    }
    fleet_others_clear(&others);
    return done;
}

static int do_tell(struct link *link, int argc, char **argv, struct strbuf *why)
{
    struct texts networks = {0}, none = {0};
    for (int i = 6; i < argc; i++)
        texts_add(&networks, argv[i]);
    int done = fleet_tell_networks(link, argv[2], argv[4], SENDER_SASL, span_text(argv[5]),
                                   clock_now() / 60, &networks, &none, why);
    texts_clear(&networks);
    return done;
}

#define COLUMNS 10

static int do_flow(struct link *link, char **argv, struct strbuf *why)
{
    size_t names = (size_t)atoll(argv[5]);
    long batches = atol(argv[6]);
    struct span *values = mem_zero(names * COLUMNS, sizeof *values);
    char(*keys)[FLEET_KEY + 1] = mem_zero(names, sizeof *keys),
                            (*texts)[40] = mem_zero(names, sizeof *texts);
    char minute[24], count[24];
    int done = 0;
    int64_t begun = clock_steady_ms();
    snprintf(minute, sizeof minute, "%" PRId64, clock_now() / 60);
    struct link_statement *add = link_prepare(link, fleet_add_flow[link_kind(link)], why);
    for (long b = 1; add != NULL && done == 0 && b <= batches; b++) {
        snprintf(count, sizeof count, "%ld", b);
        for (size_t i = 0; i < names; i++) {
            snprintf(texts[i], sizeof texts[i], "user%zu@example.net", i);
            fleet_key(span_text(texts[i]), keys[i], why);
            const struct span row[COLUMNS] = {span_text(argv[4]), SPAN("0"),
                                              span_text(keys[i]), span_text(minute),
                                              span_text(argv[2]), span_text(texts[i]),
                                              span_text(count),   span_text(count),
                                              span_text(count),   SPAN("0")};
            memcpy(values + i * COLUMNS, row, sizeof row);
        }
        done = link_begin(link, why);
        if (done == 0)
            done = link_execute_rows(link, add, values, COLUMNS, names, why);
        if (done == 0)
            done = link_commit(link, why);
        else
            link_rollback(link);
    }
    int64_t took = clock_steady_ms() - begun;
    if (add != NULL && done == 0)
        printf("%lld\n", (long long)names * batches * 1000 / (took > 0 ? took : 1));
    free(values);
    free(keys);
    free(texts);
    return add == NULL ? -1 : done;
}

int main(int argc, char **argv)
{
    struct sql_place place;
    struct strbuf why = {0};
    if (argc < 6)
        return 2;
    struct link *link =
        sql_place_parse(argv[1], &place, &why) == 0 ? link_open(&place, NULL, 10000, &why) : NULL;
    int done = link == NULL ? -1 : 2;
    if (link != NULL && strcmp(argv[3], "claim") == 0 && argc == 7) {
        done = fleet_claim(link, argv[2], argv[4], SENDER_SASL, span_text(argv[5]), atoll(argv[6]),
                           &why);
        if (done >= 0)
            printf("%d\n", done);
    } else if (link != NULL && strcmp(argv[3], "confirm") == 0) {
        done = fleet_confirm(link, argv[2], argv[4], SENDER_SASL, span_text(argv[5]), &why);
    } else if (link != NULL && strcmp(argv[3], "release") == 0 && argc == 7) {
        done = fleet_release(link, argv[2], argv[4], SENDER_SASL, span_text(argv[5]),
                             atoll(argv[6]) > 0, atoll(argv[6]), &why);
    } else if (link != NULL && strcmp(argv[3], "past") == 0) {
        int64_t past;
        done = fleet_let_go(link, argv[4], SENDER_SASL, span_text(argv[5]), &past, &why);
        printf("%" PRId64 "\n", past);
    } else if (link != NULL && strcmp(argv[3], "tell") == 0) {
        done = do_tell(link, argc, argv, &why);
    } else if (link != NULL && argc == 7 &&
               (strcmp(argv[3], "ask") == 0 || strcmp(argv[3], "vouched") == 0)) {
        done = do_ask(link, argv, &why);
    } else if (link != NULL && strcmp(argv[3], "flow") == 0 && argc == 7) {
        done = do_flow(link, argv, &why);
    }
    int status = say(done, &why);
    link_close(link);
    sql_place_clear(&place);
    strbuf_clear(&why);
    return status;
}
