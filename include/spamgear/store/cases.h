/* cases - what was decided, on which evidence, what was done about it, and how to undo it.
 *
 * The embedded SQLite database STATE/spamgear.db, synced at each commit. An action is written down
 * before it is carried out, so that a kill at any moment leaves a case from which the next run can
 * go on. An account has one open case at most. Nothing is ever deleted here. A file that is
 * damaged, of somebody else, or of a newer version is refused and left as it is.
 */
#ifndef SPAMGEAR_STORE_CASES_H
#define SPAMGEAR_STORE_CASES_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stdint.h>

enum action_state {
    ACTION_STARTED, /* written down; it may or may not have been carried out */
    ACTION_DONE,    /* carried out, and read back */
    ACTION_FAILED,  /* was not carried out, or could not be verified; detail says why */
    ACTION_BEFORE,  /* it was so already: nothing was done, and nothing will be undone */
    ACTION_LIFTING, /* to be undone; may or may not be */
    ACTION_LIFTED,  /* undone, and read back */
    ACTION_STATES
};
const char *action_state_name(enum action_state state); /* "started", "done", "failed", ... */

struct case_action {
    int64_t id;
    char *method; /* "local", "postfix-map", ... */
    enum action_state state;
    char *memo;      /* the method's own notes, what undo needs; text */
    char *what;      /* the sentence that people read; "": it was refused before it was planned */
    char *detail;    /* why it failed; "" */
    int64_t changed; /* when the state was reached */
};

struct case_note {
    int64_t time;
    char *text;
};

struct case_file {
    int64_t id;
    char *account;
    int kind;       /* enum sender_kind */
    char *applet;   /* who opened it: "postfix-spam-check", "account" */
    char *reason;   /* one line: "131 messages in 1 hour from 16 networks, 5 unknown" */
    char *evidence; /* log lines as they were, one a line, a few; "" */
    int64_t opened;
    int64_t expires; /* 0: stays until somebody lifts it */
    int64_t closed;  /* all actions lifted (or failed); 0: open */
    bool told;       /* the mail about it was handed over, or none is wanted */
    VEC(struct case_action) actions;
    VEC(struct case_note) notes;
};

struct cases;

/* Opens STATE/spamgear.db, makes folder and file (0600) where missing, and migrates an older
 * schema. A folder or file that others could change is refused. NULL with why. cases_exist: is
 * there one at all, without making it? cases_open_to_read changes nothing, and so cannot open a
 * file which a run that was killed has half written. cases_open_to_look likewise, for who has no
 * time to wait while another process writes. */
struct cases *cases_open(const char *state_folder, struct strbuf *why);
struct cases *cases_open_to_read(const char *state_folder, struct strbuf *why);
struct cases *cases_open_to_look(const char *state_folder, struct strbuf *why);
bool cases_exist(const char *state_folder);
bool cases_are_ours(const char *state_folder); /* there are some, and this user's */
void cases_close(struct cases *cases);

/* One process at a time reacts: waits up to wait_ms for the lock (STATE/react.lock), then looks
 * whether the whole database is sound. 0; 1: another process holds it, -1 with why. */
int cases_lock(struct cases *cases, int wait_ms, struct strbuf *why);
void cases_unlock(struct cases *cases);

/* What is written between them comes to be as a whole, at the commit. 0, or -1 with why: nothing
 * of it was written. */
int cases_begin(struct cases *cases, struct strbuf *why);
int cases_commit(struct cases *cases, struct strbuf *why);
void cases_rollback(struct cases *cases);

/* Opens a case (account, kind, applet, reason, evidence, opened, expires, told are read; id is
 * set). */
int cases_add(struct cases *cases, struct case_file *file, struct strbuf *why);
/* The open case of an account; 1 and filled, 0 none, -1 with why. */
int cases_find_open(struct cases *cases, const char *account, struct case_file *file,
                    struct strbuf *why);
/* 1 and filled, 0 no such case, -1 with why. */
int cases_get(struct cases *cases, int64_t id, struct case_file *file, struct strbuf *why);
/* Numbers of the cases, newest first; open_only, or of one account (NULL: all), at most max (0:
 * all). */
struct case_numbers {
    int64_t *at;
    size_t len, cap;
};
int cases_list(struct cases *cases, bool open_only, const char *account, size_t max,
               struct case_numbers *numbers, struct strbuf *why);
/* The account's case that was closed last; as above. */
int cases_find_closed(struct cases *cases, const char *account, struct case_file *file,
                      struct strbuf *why);
/* Every account that has an open case, or one that was closed at `since` or later: when its last
 * one was closed, or 0. 0; -1 with why. */
int cases_accounts(struct cases *cases, int64_t since,
                   void (*each)(void *state, struct span account, bool open, int64_t closed),
                   void *state, struct strbuf *why);
/* Open cases to look after: expired ones, those with an action that is started or lifting,
 * those of which all is lifted, and those of the last days of which something was done and nobody
 * was told. */
int cases_due(struct cases *cases, int64_t now, struct case_numbers *numbers, struct strbuf *why);

/* Writes an action down (method, memo, what are read, state is STARTED or BEFORE or FAILED; id is
 * set). */
int cases_add_action(struct cases *cases, int64_t case_id, struct case_action *action,
                     struct strbuf *why);
int cases_set_action(struct cases *cases, int64_t action_id, enum action_state state,
                     const char *detail, struct strbuf *why);
int cases_set_expiry(struct cases *cases, int64_t id, int64_t expires, struct strbuf *why);
int cases_set_told(struct cases *cases, int64_t id, struct strbuf *why);
int cases_close_case(struct cases *cases, int64_t id, struct strbuf *why);
int cases_note(struct cases *cases, int64_t id, const char *text, struct strbuf *why);

void case_file_clear(struct case_file *file);

#endif
