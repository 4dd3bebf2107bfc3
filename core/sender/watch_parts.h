/* watch_parts - what watch.c and watch_save.c share. */
#ifndef SPAMGEAR_SENDER_WATCH_PARTS_H
#define SPAMGEAR_SENDER_WATCH_PARTS_H

#include "spamgear/sender/watch.h"

#define WATCH_NONE   UINT32_MAX
#define WATCH_WAYS   8
#define WATCH_SETS   8192 /* x WATCH_WAYS messages remembered */
#define WATCH_PLACES (WATCH_SETS * WATCH_WAYS)

/* One minute of a sender. Numbers stop at their largest value. */
struct slot {
    uint32_t minute : 31, dirty : 1;
    uint32_t messages, recipients, trusted;        /* own */
    uint32_t foreign_messages, foreign_recipients; /* of the other machines */
};

/* What could be made up by anybody must not push out who sends with an account of his own. */
enum watch_rank {
    RANK_OTHER, /* a host or a script: there are as many as somebody likes */
    RANK_PLAIN, /* an account that lines name which any local user can write */
    RANK_FIRM,  /* one in a trusted line */
    WATCH_RANKS
};

struct watched {
    char *name;
    size_t name_len;
    uint64_t hash;
    uint32_t next;         /* of the same chain */
    uint32_t newer, older; /* of the same rank, in the order in which they were seen last */
    uint32_t serial;       /* never given twice: a place's sender is still this one */
    enum sender_kind kind;
    enum watch_rank rank;
    bool over;
    uint32_t unsaved;   /* of its slots, that are dirty */
    struct slot *slots; /* a ring, oldest minute first; cap is a power of two */
    uint32_t cap, head, len;
    struct watch_sum sum;   /* of all slots, own and foreign */
    struct watch_sum grown; /* all that was ever added */
    uint64_t told_grown;    /* that number, when a crossing was told last */
    uint64_t again_at;      /* tell again at that number */
    int64_t told;           /* when */
    int64_t half_told;      /* 0: never */
    uint64_t limit;         /* in the minute limit_minute */
    int64_t limit_minute;
};

/* A message that was counted, waiting for its recipients. */
struct place {
    uint64_t hash; /* of its queue ID, map_digest; 0 = free */
    uint32_t sender, serial;
    uint32_t time, age;
    bool has_recipients, by_delivery, dirty;
};

struct watch {
    struct watch_settings settings;
    int64_t now; /* the newest line's time, but never later than the clock */
    struct watched *senders;
    size_t senders_len, senders_cap;
    uint32_t free_sender; /* linked by next */
    uint32_t *chains;     /* by hash, a power of two */
    size_t chains_len;
    struct watch_line {
        uint32_t newest, oldest;
        size_t len;
    } lines[WATCH_RANKS];
    size_t live, slots, name_bytes, unsaved; /* slots: also those that are free */
    uint32_t serial, age;
    struct place *places;
    VEC(uint32_t) dirty_senders;
    VEC(uint32_t) dirty_places;
    struct watch_counts counts;
};

static inline struct slot *watch_slot(const struct watched *sender, uint32_t number)
{
    return &sender->slots[(sender->head + number) & (sender->cap - 1)];
}

static inline struct span watch_name(const struct watched *sender)
{
    return (struct span){sender->name, sender->name_len};
}

/* The number of a sender; WATCH_NONE, or with `make` a new one. */
uint32_t watch_find(const struct watch *watch, enum sender_kind kind, struct span name);
uint32_t watch_put(struct watch *watch, enum sender_kind kind, struct span name);

/* The slot of a minute, made when there is none. NULL: that minute is too old or too late. */
struct slot *watch_minute(struct watch *watch, uint32_t number, int64_t minute);

/* Gives a slot new values, its own or the foreign ones, and keeps the sums right. */
void watch_set(struct watched *sender, struct slot *slot, bool foreign, struct watch_sum sum);

/* What is compared with a limit. */
static inline uint64_t watch_amount(const struct watch *watch, const struct watch_sum *sum)
{
    return watch->settings.by_recipients ? sum->recipients : sum->messages;
}

uint64_t watch_limit_of(const struct watch *watch, struct watched *sender);

#endif
