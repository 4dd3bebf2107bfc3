/* tally - events added up per sender.
 *
 * Holds a record a sender, one a client text ("host[192.0.2.1]", shared by all senders) and
 * one a (sender, client) pair; distinct addresses, networks and names are worked out
 * from those when a report is made. Queue IDs of recent messages are remembered in a
 * table of fixed size, so that a repeated line counts once and recipients find
 * their message; memory does not grow with the log. Only several_logs, where nothing
 * may be forgotten, takes up to 43 bytes a message.
 */
#ifndef SPAMGEAR_SENDER_TALLY_H
#define SPAMGEAR_SENDER_TALLY_H

#include "spamgear/base/addr.h"
#include "spamgear/log/event.h"
#include <stdbool.h>
#include <stdint.h>

/* A failed log-in names whatever the client claims: so many names are kept, no more. */
#define TALLY_FAILED_NAMES 20000

struct tally_settings {
    unsigned evidence;     /* lines kept a sender: the first ones; 1 for text, 3 for JSON */
    bool several_logs;     /* the logs may hold the same lines: remember every queue ID */
    const char *only_name; /* when not NULL: evidence is kept for this sender alone */
    /* When not NULL: told of each addition to a sender as it is made, in the log's order. */
    void (*added)(void *state, enum sender_kind kind, uint32_t number, int64_t time,
                  uint64_t messages, uint64_t recipients);
    void *added_state;
};

/* A counted line. Of a line that can be read again only its place is kept: line.at is NULL then
 * and line.len its length, until somebody sets line and text. */
struct evidence {
    const char *file; /* borrowed from the source */
    struct span line; /* in text, or right behind this record */
    char *text;       /* freed with the tally; may be NULL */
    uint64_t offset;
    int64_t time;
    struct evidence *next;
};

struct sender {
    enum sender_kind kind;
    struct span name;              /* borrowed until the next tally_add */
    uint64_t messages, recipients; /* recipients: at least one a message */
    uint64_t failed;               /* log-ins that failed, and refused commands, in this name */
    uint64_t trusted;              /* messages whose origin is ORIGIN_TRUSTED */
    int64_t first, last;           /* times of its messages */
    struct evidence *evidence;     /* oldest first */
};

/* A client as one sender used it. */
struct sender_client {
    struct span name; /* as the log has it; empty or "unknown" = none */
    struct addr addr;
    bool has_addr;
    uint64_t messages;
};

struct tally;

struct tally *tally_new(const struct tally_settings *settings);
void tally_free(struct tally *tally);

/* Adds an event; file is borrowed for the tally's life. readable: the line can be read again
 * from the file at its offset. */
void tally_add(struct tally *tally, const struct event *event, const char *file, bool readable);

/* No more events: gives back the memory that only adding needs. */
void tally_seal(struct tally *tally);

/* Senders are numbered from 0 within their kind, in the order they were first seen. */
uint32_t tally_count(const struct tally *tally, enum sender_kind kind);
void tally_sender(const struct tally *tally, enum sender_kind kind, uint32_t number,
                  struct sender *sender);
/* Number of a sender by name, UINT32_MAX when it was not seen. */
uint32_t tally_find(const struct tally *tally, enum sender_kind kind, struct span name);

/* Calls each(state, client) for every client of a sender, newest first. */
void tally_clients(const struct tally *tally, enum sender_kind kind, uint32_t number,
                   void (*each)(void *state, const struct sender_client *client), void *state);

/* Log-ins that failed in names beyond TALLY_FAILED_NAMES. */
uint64_t tally_failed_unnamed(const struct tally *tally);
/* Failed log-ins and refused commands altogether. */
uint64_t tally_failed(const struct tally *tally);

#endif
