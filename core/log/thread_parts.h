/* thread_parts - the inside of the joiner.
 *
 * A thread is what one queue ID stood for; threads that one message went through (filter passes,
 * requeuing) form a family. The first of a family, its root, carries what belongs to all: the bad
 * verdicts, and a place in one of two lists: `living`, and `ended`, which waits for late lines. In
 * both the longest untouched is the first, so that whoever has waited long enough is not hidden
 * behind one who has not.
 */
#ifndef SPAMGEAR_LOG_THREAD_PARTS_H
#define SPAMGEAR_LOG_THREAD_PARTS_H

#include "mail_verdict_parts.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/log/stamp.h"
#include "spamgear/log/thread.h"

#define NO_THREAD   UINT32_MAX
#define FAMILY_MAX  200  /* threads of one message */
#define CHAIN_MAX   1000 /* steps of a search by Message-ID or queue ID */
#define VICTIMS_MAX 1000 /* recipients of one message that are told apart */
#define SCORES_MAX  64   /* processes of spamd whose second line is awaited */
#define PID_MAX     12
#define PARTS_MAX   64 /* lines of amavis that go on in the next one */
#define PART_KEY    40

/* The texts of a thread; each is set once. */
enum field { F_ID, F_MESSAGE_ID, F_FROM, F_SASL, F_UID, F_NAME, F_CLIENT, FIELDS };

/* What is held against a family. */
struct bad {
    int64_t due, verdict_time;
    uint64_t seq; /* of its coming, to give out in order */
    enum mail_verdict verdict;
    enum origin origin;
    bool has_score, has_threshold;
    double score, threshold;
    struct digests victims;
    size_t charged; /* bytes, see threads.bytes */
    /* What the filter itself said, for messages whose acceptance was not seen. */
    struct strbuf from, sasl, client, message_id;
    bool mid_folded;
};

enum list { LIST_NONE, LIST_LIVING, LIST_ENDED, LISTS };

/* In a chain of a table. */
struct link {
    uint32_t hash, before, after;
};

struct thread {
    char *text;       /* all fields, one behind the other */
    struct bad *bad;  /* of a root */
    int64_t accepted; /* STAMP_NONE: not seen */
    int64_t touched;  /* of a root: time of the newest line, or when it ended */
    uint64_t seq;     /* of a root: its place in its list */
    uint32_t root;    /* itself, for a root */
    uint32_t next_member, last_member, members; /* the latter two of a root */
    struct link by_id, by_mid;
    uint32_t host;          /* whose queue ID it is; 0: of any */
    uint32_t before, after; /* of a root: in its list; after also in the free list */
    uint32_t nrcpt;
    uint16_t at[FIELDS], len[FIELDS];
    uint16_t text_len, text_cap;
    unsigned char list, origin;
    bool used : 1;
    bool seen : 1;   /* a Postfix program wrote of it; else another line only named it */
    bool inside : 1; /* its client is never listed: the filter, or of an own network */
    bool handed : 1; /* a filter may have handed it back: the peer is near */
    bool queued : 1; /* qmgr said who sent it */
    bool ended : 1;
    bool told : 1;    /* of a root */
    bool indexed : 1; /* its queue ID leads here */
    bool mid_indexed : 1;
    bool dirty : 1;  /* since the last save */
    bool stored : 1; /* the last save, or the one before, had it */
};

struct ends {
    uint32_t first, last;
};

/* When a family is given out at the latest. An entry whose case is gone is passed over. */
struct due {
    int64_t time;
    uint64_t seq;
    uint32_t thread;
};

/* spamd's real score, until its next line. */
struct spamd_score {
    uint32_t host;
    char pid[PID_MAX];
    unsigned char pid_len; /* 0: free */
    bool spam;
    double score, threshold;
    uint64_t seq;
};

/* The beginning of a line of amavis. */
struct amavis_part {
    uint32_t host;
    char key[PART_KEY];    /* process and task */
    unsigned char key_len; /* 0: free */
    enum origin origin;
    struct strbuf text;
    uint64_t seq;
};

struct chains {
    uint32_t *first;
    size_t count; /* a power of two, or 0 */
};

struct threads {
    struct threads_settings set;
    uint32_t host; /* of the line that is read: of its name; 0: it tells none */
    size_t bytes;  /* of texts and cases */
    struct thread *at;
    size_t len, cap;
    uint32_t free;
    size_t alive;
    uint64_t seq;
    struct chains ids, mids;
    struct ends lists[LISTS];
    VEC(struct due) dues; /* a heap, the earliest first */
    VEC(uint32_t) dirty;
    struct spamd_score scores[SCORES_MAX];
    struct amavis_part parts[PARTS_MAX];
    bool own_dirty; /* scores or parts */
    bool loading;   /* what was loaded has not been put together yet */
    struct threads_counts counts;
};

/* ---- thread_table.c: threads, their texts and where they are found ---- */

static inline struct span thread_text(const struct thread *thread, enum field field)
{
    return (struct span){thread->text == NULL ? NULL : thread->text + thread->at[field],
                         thread->len[field]};
}

/* Once for each field. */
void thread_set_text(struct threads *threads, struct thread *thread, enum field field,
                     struct span text);
void thread_free_text(struct threads *threads, struct thread *thread);
uint32_t table_new(struct threads *threads);
void table_drop(struct threads *threads, uint32_t number);
void table_dirty(struct threads *threads, uint32_t number);
void table_index_id(struct threads *threads, uint32_t number);
void table_index_mid(struct threads *threads, uint32_t number);
void table_forget_id(struct threads *threads, uint32_t number);
void table_forget_mid(struct threads *threads, uint32_t number);
/* The thread of this host; the only one there is on any. */
uint32_t table_find_id(const struct threads *threads, struct span id);
uint32_t table_find_only(const struct threads *threads, struct span id);
/* The root of the only family with this Message-ID, on this host or, where that has none, on all.
 * NO_THREAD, and *many when there are more. */
uint32_t table_find_mid(const struct threads *threads, uint32_t host, struct span mid, bool folded,
                        bool *many);
void list_remove(struct threads *threads, uint32_t root);
void list_append(struct threads *threads, uint32_t root, enum list list);

/* ---- thread_family.c: roots, and what is held against them ---- */

/* A new thread, alone; the oldest families make room, but not the one of `keep`. */
uint32_t family_new(struct threads *threads, const struct log_line *line, uint32_t keep);
/* The thread of this host's queue ID, of which maybe only a filter on another has spoken yet. */
uint32_t family_here(struct threads *threads, const struct log_line *line, struct span id);
/* The same; a new one, of which nothing is known, where there is none. */
uint32_t family_named(struct threads *threads, const struct log_line *line, struct span id,
                      uint32_t keep);
/* The same for an ID that another host may have given: a filter's word, or a filter's host. */
uint32_t family_meant(struct threads *threads, const struct log_line *line, struct span id,
                      uint32_t keep);
/* The one that the queue ID leads to, unless it ended so long ago that the ID is another's. */
uint32_t family_find(struct threads *threads, const struct log_line *line, struct span id);
/* Its family is the last of its list to go: it was of use, or ended, just now. */
void family_stay(struct threads *threads, uint32_t number, int64_t time);
/* A line of this thread came. */
void family_touch(struct threads *threads, uint32_t number, const struct log_line *line);
/* The child is the same message as the parent, later. */
void family_join(struct threads *threads, uint32_t parent, uint32_t child);
/* The same for what a filter says it got when it handed the message back. */
void family_handed(struct threads *threads, const struct log_line *line, uint32_t parent,
                   struct span child);
/* Gives it out when all of it has come and gone; else files it as living or ended. */
void family_settle(struct threads *threads, uint32_t number);
void family_drop(struct threads *threads, uint32_t root);
/* Adds a bad verdict. */
void family_blame(struct threads *threads, uint32_t number, const struct log_line *line,
                  const struct mail_verdict_line *verdict);
void family_await(struct threads *threads, uint32_t root); /* files its case in the heap */
/* Gives out everything that is due at `now`, in order. */
void family_due(struct threads *threads, int64_t now);
void bad_free(struct threads *threads, struct bad *bad);
void bad_charge(struct threads *threads, struct bad *bad);
/* What the filter says of the sender, if anything: may that be the message? */
bool family_fits(const struct threads *threads, uint32_t root, struct span client,
                 struct span from);
/* Another Message-ID of this thread. */
void family_also(struct threads *threads, const struct log_line *line, uint32_t number,
                 struct span mid);
bool client_is_inside(const struct threads *threads, struct span address, bool own_too);

/* ---- thread_verdict.c ---- */

void threads_verdict(struct threads *threads, const struct log_line *line,
                     const struct syslog_head *head);

/* ---- thread_amavis.c ---- */

/* Does the line say all? False: it goes on in another, or goes on from none that is known. The
 * line that ends one of several parts becomes the whole of them. */
bool threads_whole_amavis(struct threads *threads, struct log_line *line, struct syslog_head *head);

/* ---- thread_save.c ---- */

/* Puts together what was loaded. */
void threads_settle(struct threads *threads);

#endif
