/* feeder_own - what the files of the feeder share; of core/store/feeder*.c only. */
#ifndef SPAMGEAR_STORE_FEEDER_OWN_H
#define SPAMGEAR_STORE_FEEDER_OWN_H

#include "fleet_own.h"
#include "spamgear/base/map.h"
#include "spamgear/store/state.h"

#define FEEDER_MESSAGE_MAX  4096
#define FEEDER_QUEUE_ID_MAX 100 /* bytes of the column */

/* To the daemon; each is one packet. */
enum feeder_type {
    FEEDER_TELL = 't',
    FEEDER_TROUBLE = 'T',
    FEEDER_HEALTH = 'h',
    FEEDER_BUCKET = 'b'
};

struct feeder_bucket { /* behind it: the profile, the name */
    char type;
    unsigned char profile_len;
    int kind;
    int64_t minute;
    struct watch_sum sum;
};

struct feeder_order { /* from the daemon: end, after at most so long */
    int deadline_ms;
};

/* A packet; waits until there is room. False: nobody is there. */
bool feeder_send(int fd, const void *head, size_t head_len, struct span first, struct span second);
void feeder_tell(int fd, bool trouble, const char *line);

/* Values of many rows, as link_execute_rows wants them. */
struct feeder_value {
    size_t at, len;
    bool null;
};

struct feeder_table {
    struct strbuf bytes;
    VEC(struct feeder_value) places;
    VEC(struct span) values;
};
void feeder_table_add(struct feeder_table *table, struct span text, size_t bytes_max);
void feeder_table_number(struct feeder_table *table, int64_t number);
void feeder_table_null(struct feeder_table *table);
const struct span *feeder_table_values(struct feeder_table *table);
void feeder_table_clear(struct feeder_table *table);

/* The counts of a fleet, as this node knows them. */
struct feeder_fleet {
    uint64_t uploaded;  /* own changes, by the state's number */
    int64_t downloaded; /* stamp of the database's clock; 0: nothing yet */
    int64_t whole;      /* when all was read last */
    struct map cells;   /* "NODE\0KEY": what one node counted */
    struct map keys;    /* "PROFILE\0KIND\0MINUTE\0NAME": all of them together */
    VEC(struct watch_sum) cell_sums, key_sums;
    VEC(bool) changed;  /* by number in keys */
    VEC(uint32_t) news; /* those that are to be told */
};

struct feeder_work {
    const struct feeder_settings *settings;
    int fd;
    struct state_reader *reader;
    struct link *link;
    struct link_statement *insert, *own; /* either may be NULL */
    char life[24];
    uint64_t sent;      /* number of the last row that the other database has */
    uint64_t rows_sent; /* since the start */
    uint64_t refused;   /* rows, for themselves */
    unsigned failures;  /* in a row */
    bool in_trouble;    /* was told */
    bool repeats_told;
    bool query_proven;    /* it took a row on this connection */
    unsigned refused_run; /* rows that it refused since then */
    int64_t next_try_ms, last_s, used_ms, purged_ms, begun_ms;
    struct strbuf trouble;
    struct feeder_fleet fleet;
};

/* Prepares the connection for rows: tables, statements, how far it got. 0, or -1 with why. */
int feeder_rows_begin(struct feeder_work *work, struct strbuf *why);
/* Sends some: 1 when there are more, 0 when that was all, -1 with why. */
int feeder_rows_send(struct feeder_work *work, struct strbuf *why);
/* Tells own counts and asks for the others'. 0, or -1 with why. */
int feeder_fleet_share(struct feeder_work *work, struct strbuf *why);
/* Something went well: if there was trouble, it is over, which is told. */
void feeder_recover(struct feeder_work *work);

/* Works until the daemon ends it or is gone. */
void feeder_run(const struct feeder_settings *settings, int fd);

#endif
