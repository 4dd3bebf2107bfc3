/* method - one way to stop an account, and to let it go on again.
 *
 * plan() reads and decides, and says in a sentence what apply() would do; what it writes into memo
 * is kept in the case BEFORE apply() is called, and is all that look() and undo() get besides the
 * target. So apply() may be killed at any instant, and may be called again: it must be harmless the
 * second time. A name reaches another program only as one word of argv, behind `--`, or on its
 * standard input.
 */
#ifndef SPAMGEAR_REACT_METHOD_H
#define SPAMGEAR_REACT_METHOD_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include "spamgear/log/event.h"
#include <stdbool.h>
#include <stdint.h>

/* Section [react], as plain data; strings are owned by the section's values. */
struct react_settings {
    struct texts methods; /* names, in the order in which they are applied */
    char *names; /* bytes that an account's name may have: a PCRE2 class body "A-Za-z0-9._@+=-" */
    struct texts allow;   /* names and globs that are never acted upon */
    bool trust_plain;     /* trust-plain-logs */
    uint64_t actions_max; /* max-actions-per-run */
    int64_t for_s;        /* expiry of new cases; 0: none */
    char *state;          /* /var/lib/spamgear */
    int64_t timeout_s;    /* of each program and question */
    struct texts notify;  /* who is told of a reaction; none: the administrators of [mail] */
    /* local */
    uint64_t uid_low, uid_high;
    char *passwd_root; /* usermod --prefix: another root's /etc; NULL: this one */
    /* nis */
    char *nis_server, *nis_user, *nis_command, *ssh;
    struct texts ssh_options;
    /* postfix-map */
    char *map_file, *map_action;
    int map_type; /* enum map_type */
    /* dovecot */
    char *dovecot_deny, *doveadm;
    char *dovecot_config; /* doveadm -c; NULL: its own */
    /* sql */
    char *sql, *sql_password_file, *sql_disable, *sql_enable, *sql_status;
    /* exim-list */
    char *exim_list;
    /* hold-queue */
    char *mail_server;      /* "postfix", "exim"; NULL: what is found */
    char *postfix_config;   /* NULL: /etc/postfix and its instances */
    char *postfix_programs; /* folder of postsuper, postqueue; NULL: /usr/sbin */
    char *exim, *exim_spool;
    uint64_t hold_max; /* messages held in one go at most; more are told */
    /* command: words; {name}, {case}, {reason}, {expires} stand for themselves */
    struct texts command_disable, command_enable, command_status;
};

enum map_type { MAP_SQLITE, MAP_LMDB, MAP_HASH, MAP_CDB };

struct target {
    const char *name; /* passed react_name_check() */
    enum sender_kind kind;
    const struct texts *queue_ids; /* of the messages that were counted; NULL: not known */
    const struct texts *memos; /* of what the case has of this method already: plan() leaves that
                                  out, whatever became of it. NULL: nothing */
    const char *reason;        /* one line */
    int64_t expires;           /* 0: none */
    int64_t case_id;           /* 0 while planning */
};

enum method_plan {
    METHOD_REFUSED = -1, /* why says it: no such user, root, a UID out of range */
    METHOD_NEEDED,       /* apply() would change something */
    METHOD_IN_FORCE,     /* it is so already, by somebody else: nothing to do, nothing to undo */
    METHOD_NOTHING /* there is nothing that it could be done to, or none is known: why says it */
};

enum method_state {
    METHOD_UNTOLD = -1, /* could not be read back; why says it */
    METHOD_OFF,
    METHOD_ON
};

/* The plan of a method that has nothing to look at but the state. */
enum method_plan method_plan_for(enum method_state state);

struct method {
    const char *name;
    /* Is the section complete for this method? 0, or -1 with why. Reads no file but those named. */
    int (*check)(const struct react_settings *settings, struct strbuf *why);
    /* Changes nothing. what: "lock the password of bob and expire his account". */
    enum method_plan (*plan)(const struct react_settings *settings, const struct target *target,
                             struct strbuf *what, struct strbuf *memo, struct strbuf *why);
    /* 0: the change was made, as far as the programs say. */
    int (*apply)(const struct react_settings *settings, const struct target *target,
                 struct span memo, struct strbuf *why);
    /* Reads the state back. */
    enum method_state (*look)(const struct react_settings *settings, const struct target *target,
                              struct span memo, struct strbuf *why);
    /* Back to what the memo says it was before. 0, or -1 with why. */
    int (*undo)(const struct react_settings *settings, const struct target *target,
                struct span memo, struct strbuf *why);
    /* The later it is planned the more there is to do. A case may have several actions of it. */
    bool grows;
};

extern const struct method method_local, method_nis, method_postfix_map, method_dovecot, method_sql,
    method_exim_list, method_hold_queue, method_command;

/* All of them; NULL-terminated. */
const struct method *const *methods_all(void);
const struct method *method_find(const char *name); /* NULL: none */

#endif
