/* mailq_parts - what the files of mailq share. */
#ifndef SPAMGEAR_NET_MAILQ_PARTS_H
#define SPAMGEAR_NET_MAILQ_PARTS_H

#include "spamgear/base/clock.h"
#include "spamgear/net/mailq_read.h"
#include <stddef.h>
#include <sys/types.h>

/* ---- spool folders ---- */

/* A way to lay out queue files in a folder and in sub-folders with names of one character. */
struct mailq_layout {
    bool (*is_message)(const char *name);
    int64_t (*arrival)(const char *name);
    bool checks_mode;  /* complete when its owner may read, write and execute it */
    bool reads_record; /* a file's own record of its arrival can be believed */
};

/* Adds what is in the folder to queue. 0; -1 with errno and why. */
int mailq_folder(int dir, const char *name, const struct mailq_layout *layout, bool count_only,
                 int64_t deadline, struct mailq_queue *queue, struct strbuf *why);

/* Calls each() with the name of every one instead. */
typedef void mailq_name_each(void *state, const char *name);
int mailq_folder_names(int dir, const char *name, const struct mailq_layout *layout,
                       int64_t deadline, mailq_name_each *each, void *state, struct strbuf *why);

/* Until the deadline (clock_steady_ms), in milliseconds, at least 1. */
int mailq_left(int64_t deadline);
/* The earlier of two times of which 0 is none. */
int64_t mailq_earlier(int64_t a, int64_t b);

/* ---- Postfix ---- */

#define MAILQ_QUEUES 5
extern const char *const mailq_queue_names[MAILQ_QUEUES];
bool mailq_is_queue(struct span name);

struct mailq_instance {
    char *config, *name; /* name: "" for the first */
    char *spool, *commands;
};
struct mailq_instances {
    struct mailq_instance *at;
    size_t len, cap;
};
/* 0; -1 with why: what is known until then is in the list. */
int mailq_instances(const struct mailq_settings *settings, int64_t deadline,
                    struct mailq_instances *list, struct strbuf *why);
void mailq_instances_clear(struct mailq_instances *list);

/* Every message that the instance's showq, asked over its socket or by postqueue, tells. *how gets
 * the one that answered. 0; -1 with why. */
int mailq_listing(const struct mailq_instance *instance, int64_t deadline, mailq_each *each,
                  void *state, const char **how, struct strbuf *why);

/* ---- the servers ---- */

bool mailq_has_postfix(const struct mailq_settings *settings);
bool mailq_has_exim(const struct mailq_settings *settings);
int mailq_postfix(const struct mailq_settings *settings, int64_t deadline, struct mailq *mailq,
                  struct strbuf *why);
int mailq_exim(const struct mailq_settings *settings, int64_t deadline, struct mailq *mailq,
               struct strbuf *why);
/* The one number that a program answers. 0; -1 with why. */
int mailq_ask_number(const char *const *argv, int64_t deadline, uint64_t *number,
                     struct strbuf *why);
/* A new queue, "PREFIX/NAME" or "NAME"; its place in mailq->queues. */
size_t mailq_add(struct mailq *mailq, const char *prefix, const char *name);

#endif
