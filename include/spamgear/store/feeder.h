/* feeder - brings the state's spam events into another database, and a fleet's counts both ways.
 *
 * A process of its own, started before there are threads: it reads STATE/postlog.db, connects, and
 * sends what was not sent, in order, in transactions. Each exactly once: our table holds (node,
 * life of the state, number), so after a lost connection it is asked how far it got. With an own
 * query alone, in a database without our tables, a row whose commit was not answered may come
 * twice; that is told once. A database that is down, slow, read-only or full is tried again, later
 * and later, up to a minute.
 */
#ifndef SPAMGEAR_STORE_FEEDER_H
#define SPAMGEAR_STORE_FEEDER_H

#include "spamgear/sender/watch.h"
#include "spamgear/store/link.h"
#include "spamgear/store/query.h"
#include "spamgear/store/sql.h"

struct feeder_settings {
    const char *state_folder;
    struct sql_place place;
    const char *password;
    const struct query *query; /* the administrator's; NULL: our own table alone */
    bool utc;                  /* times of the query */
    const char *node;          /* name of this machine in the fleet */
    bool fleet;                /* counts are shared */
    int poll_ms;               /* 0: 1000; staleness of a fleet is about three of them */
    int deadline_ms;           /* of each question; 0: 10,000 */
    int64_t window_s; /* the longest period of any watch: older counts of others do not matter */
    int64_t keep_s;   /* what is older is removed from our tables now and then; 0: nothing */
};

struct feeder;
struct feeder *feeder_start(const struct feeder_settings *settings, struct strbuf *why);
/* Lets it send what it can within deadline_ms, then ends it. */
void feeder_stop(struct feeder *feeder, int deadline_ms);

int feeder_fd(const struct feeder *feeder);
struct feeder_news {
    void *state;
    /* What the others counted in a minute, all together (absolute). */
    void (*bucket)(void *state, const char *profile, const struct watch_bucket *bucket);
    /* Something to tell an administrator: "the database is back, 1200 rows wait", once per change.
     */
    void (*tell)(void *state, bool trouble, const char *line);
};
/* Reads what has come; call when feeder_fd is readable. 0; -1 with why: the process is gone for
 * good. */
int feeder_read(struct feeder *feeder, const struct feeder_news *news, struct strbuf *why);

struct feeder_health {
    bool connected;
    uint64_t sent, waiting; /* rows */
    int64_t last_s;         /* when something was sent, or was found to be complete, last */
    char trouble[256];
};
void feeder_look(const struct feeder *feeder, struct feeder_health *health);

/* --- What one node asks when a sender crosses (in the process that reacts) --- */
struct fleet_others {
    struct watch_sum sum;  /* of the other nodes in the window */
    uint64_t trusted;      /* of those messages */
    unsigned nodes;        /* that counted something */
    struct texts networks; /* as their nodes name them; what two saw stands there twice */
    struct texts unknown;  /* addresses without a name, likewise */
};
/* vouched: of nodes only for whom all lines about this sender were trusted. */
int fleet_ask(struct link *link, const char *node, const char *profile, enum sender_kind kind,
              struct span name, int64_t since, bool vouched, struct fleet_others *others,
              struct strbuf *why);
void fleet_others_clear(struct fleet_others *others);
/* Tells the fleet the networks and nameless addresses of a sender as this node saw them. */
int fleet_tell_networks(struct link *link, const char *node, const char *profile,
                        enum sender_kind kind, struct span name, int64_t minute,
                        const struct texts *networks, const struct texts *unknown,
                        struct strbuf *why);
/* Claims the reaction: 1 this node reacts, 0 another one does or did since `since`, -1 with why. A
 * claim that was not confirmed within a minute may be taken over. Who reacted before knows from his
 * own cases whether it still holds, so to him it is given again. */
int fleet_claim(struct link *link, const char *node, const char *profile, enum sender_kind kind,
                struct span name, int64_t since, struct strbuf *why);
int fleet_confirm(struct link *link, const char *node, const char *profile, enum sender_kind kind,
                  struct span name, struct strbuf *why);
/* Gives a claim of this node away, one that is confirmed or one that is not: nothing was done, or
 * the sender was let go. let_go: when, in seconds; 0: never. What was sent before counts no more,
 * and the claim keeps that for the others. */
int fleet_release(struct link *link, const char *node, const char *profile, enum sender_kind kind,
                  struct span name, bool confirmed, int64_t let_go, struct strbuf *why);
/* When the sender was let go, by whichever node; 0: no claim says so. */
int fleet_let_go(struct link *link, const char *profile, enum sender_kind kind, struct span name,
                 int64_t *let_go, struct strbuf *why);
/* The confirmed claims of this node. */
int fleet_claims(struct link *link, const char *node,
                 void (*each)(void *state, const char *profile, enum sender_kind kind,
                              struct span name),
                 void *state, struct strbuf *why);

#endif
