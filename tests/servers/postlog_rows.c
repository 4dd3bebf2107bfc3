/* postlog_rows STATE-FOLDER - what the daemon has remembered, as
 * postlog_writer's truth has it: spam QUEUE-ID CLIENT SASL-USERNAME FROM
 * VICTIMS SCORE sasl USERNAME MESSAGES RECIPIENTS A row of a message stands as
 * often as it is there; counts are the sums of all minutes. */
#include "spamgear/base/map.h"
#include "spamgear/base/vec.h"
#include "spamgear/store/state.h"

#include <inttypes.h>
#include <stdio.h>

#define PORTION 1000

struct sums {
    struct map buckets, users; /* a bucket may be told twice: the later one holds */
    VEC(struct watch_sum) of_buckets;
    VEC(uint32_t) user_of;
};

struct last {
    uint64_t number;
};

static void print_spam(void *to, uint64_t number, const struct spam_event *event)
{
    ((struct last *)to)->number = number;
    printf("spam\t%.*s\t%.*s\t%.*s\t%.*s\t%u\t%.1f\n", (int)event->queue_id.len, event->queue_id.at,
           (int)event->client.len, event->client.at, (int)event->sasl.len, event->sasl.at,
           (int)event->from.len, event->from.at, event->victims,
           event->has_score ? event->score : -1.0);
}

static int print_rows(struct state_reader *reader, struct strbuf *why)
{
    struct last last = {0};
    int count;
    while ((count = state_reader_spam(reader, last.number, PORTION, print_spam, &last, why)) > 0)
        ;
    return count;
}

static void add_bucket(void *to, const char *profile, const struct watch_bucket *bucket)
{
    struct sums *sums = to;
    struct strbuf key = {0};
    bool added;
    if (bucket->kind != SENDER_SASL)
        return;
    strbuf_format(&key, "%s %" PRId64 " ", profile, bucket->minute);
    strbuf_add_span(&key, bucket->name);
    uint32_t place = map_put(&sums->buckets, strbuf_span(&key), &added);
    strbuf_clear(&key);
    if (added) {
        *vec_add(&sums->user_of) = map_put(&sums->users, bucket->name, NULL);
        vec_add(&sums->of_buckets);
    }
    sums->of_buckets.at[place] = bucket->sum;
}

static void print_sums(const struct sums *sums)
{
    for (uint32_t user = 0; user < sums->users.len; user++) {
        struct watch_sum all = {0};
        struct span name = map_key(&sums->users, user);
        for (size_t i = 0; i < sums->of_buckets.len; i++)
            if (sums->user_of.at[i] == user) {
                all.messages += sums->of_buckets.at[i].messages;
                all.recipients += sums->of_buckets.at[i].recipients;
            }
        printf("sasl\t%.*s\t%" PRIu64 "\t%" PRIu64 "\n", (int)name.len, name.at, all.messages,
               all.recipients);
    }
}

static int print_counts(struct state_reader *reader, struct strbuf *why)
{
    struct sums sums = {0};
    uint64_t last = 0;
    int count;
    while ((count = state_reader_buckets(reader, last, PORTION, add_bucket, &sums, &last, why)) > 0)
        ;
    print_sums(&sums);
    map_clear(&sums.buckets);
    map_clear(&sums.users);
    vec_clear(&sums.of_buckets);
    vec_clear(&sums.user_of);
    return count;
}

int main(int argc, char **argv)
{
    struct strbuf why = {0};
    struct state_reader *reader = argc == 2 ? state_reader_open(argv[1], &why) : NULL;
    int result = reader == NULL ? -1 : print_rows(reader, &why);
    if (result == 0)
        result = print_counts(reader, &why);
    if (result != 0)
        fprintf(stderr, "postlog_rows: %s\n", strbuf_text(&why));
    state_reader_close(reader);
    strbuf_clear(&why);
    return result == 0 ? 0 : 1;
}
