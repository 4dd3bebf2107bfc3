/* mailq - how many messages wait in the queues of the local mail server, and since when.
 *
 * Postfix (postfix.org, QSHAPE_README, postqueue(1), showq(8)): every instance of
 * multi_instance_directories; counted from the spool folders (root), else from showq's socket, else
 * from `postqueue -j`. Exim: counted from the spool's input folders, else `exim -bpc`. Or the
 * output of a command of the administrator's: one number. Memory does not grow with the queue.
 * "Could not be counted" is a result, and never zero.
 */
#ifndef SPAMGEAR_NET_MAILQ_H
#define SPAMGEAR_NET_MAILQ_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stdint.h>

struct mailq_settings {
    const char *server;         /* "postfix", "exim", or NULL: what is found here */
    const char *postfix_config; /* NULL: /etc/postfix */
    const char *postfix_spool;  /* NULL: main.cf's queue_directory */
    const char *exim_spool;     /* NULL: /var/spool/exim4, /var/spool/exim */
    const struct texts
        *command;    /* argv whose output is the number; NULL or empty: none. No shell */
    int deadline_ms; /* for all of it; 0: one minute */
    bool count_only; /* ages are not wanted: quicker for Postfix's short queue IDs */
};

struct mailq_queue {
    char *name; /* "active", "deferred", "hold", "incoming", "maildrop"; "input"; with "INSTANCE/"
                   before it for further Postfix instances. Owned */
    uint64_t messages;
    int64_t oldest; /* when the oldest arrived; 0 when empty or not known */
};

struct mailq {
    VEC(struct mailq_queue) queues;
    uint64_t messages; /* in all */
    int64_t oldest;    /* 0 when not known */
    const char *how;   /* "spool", "showq", "postqueue", "exim", "command" */
};

/* Counts. 0; -1 with why when it could not be counted, or not whole: what was counted is in mailq
 * then. */
int mailq_count(const struct mailq_settings *settings, struct mailq *mailq, struct strbuf *why);
void mailq_clear(struct mailq *mailq);

/* One message of a Postfix queue. */
struct mailq_message {
    struct span queue, queue_id; /* borrowed during the call */
    const char *config;          /* of its instance: the folder of main.cf */
    struct span sender; /* this and the arrival: only as showq and `postqueue -j` tell it */
    int64_t arrival;
};

/* Calls each() for every message of every Postfix instance: by the names in the spool folders,
 * which takes a second for a million; where these cannot be read, by what showq or `postqueue -j`
 * tells, which opens each file. Some may be told twice: the last time counts. 0, or -1 with why. */
int mailq_postfix_find(const struct mailq_settings *settings,
                       void (*each)(void *state, const struct mailq_message *message), void *state,
                       struct strbuf *why);

/* When the message of a queue file arrived, as its name tells: Postfix's long queue IDs, the files
 * of Exim's input folders that end in "-H". 0: the name does not tell. mailq_is_...: is it the name
 * of a queue file at all? */
bool mailq_is_postfix_name(const char *name);
int64_t mailq_postfix_arrival(const char *name);
bool mailq_is_exim_name(const char *name);
int64_t mailq_exim_arrival(const char *name);

#endif
