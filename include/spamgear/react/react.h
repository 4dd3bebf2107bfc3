/* react - disables accounts, verified and reversible.
 *
 * One struct react a run: it holds the lock, counts actions, and knows the settings. Of every
 * account: refuse what may not be touched; plan all methods; write the case and its actions; carry
 * out, read back, record; plan again those that grow; one mail. A case that is open already is not
 * made again: what is missing in it is completed, and what has come in since is added.
 */
#ifndef SPAMGEAR_REACT_REACT_H
#define SPAMGEAR_REACT_REACT_H

#include "spamgear/react/mail.h"
#include "spamgear/react/method.h"
#include "spamgear/store/cases.h"

struct react;

/* dry: nothing is changed, not even the database; who would be acted upon is told all the same.
 * Checks settings and methods (all problems, one a line), takes the lock, for which it waits up to
 * a minute. NULL with why. settings and mail are borrowed; mail may be NULL: nobody is told. */
struct react *react_open(const struct react_settings *settings, const struct mail_settings *mail,
                         const char *applet, bool dry, struct strbuf *why);
/* The same to look at cases and to lift them: what stands in a case can be undone whatever
 * `methods` says today, so that is not checked. */
struct react *react_open_cases(const struct react_settings *settings,
                               const struct mail_settings *mail, const char *applet, bool dry,
                               struct strbuf *why);
void react_close(struct react *react);

enum react_result {
    REACT_DISABLED, /* every method is in force, and was read back */
    REACT_PARTLY,   /* some are; lines say which are not */
    REACT_FAILED,   /* none is */
    REACT_STANDING, /* was disabled before, and still is */
    REACT_WOULD,    /* dry run, plain evidence, max-actions-per-run, or it was let go and has not
                       sent as much since: told, not done */
    REACT_REFUSED   /* allow-listed, name not allowed, no such user */
};
#define REACT_RESULTS (REACT_REFUSED + 1)

struct react_account {
    const char *name;
    enum sender_kind kind;
    const struct texts *queue_ids; /* may be NULL */
    /* Called when the account has been stopped: all of the queue IDs, for more messages came in
     * until then. Borrowed until the next call; NULL: those from before. May be NULL. */
    const struct texts *(*ids_again)(void *state);
    void *ids_state;
    const char *reason;         /* one line */
    struct span evidence;       /* log lines, one a line */
    uint64_t messages, trusted; /* counted, and of those from a trusted origin. trusted == messages,
                                   or settings->trust_plain, is needed to act */
    int64_t first;              /* time of the oldest message counted; 0: not known. When a case of
                                   the account was closed after that, nothing is done */
    bool by_hand;               /* an administrator asked: evidence does not matter */
    int64_t expires;            /* 0: settings' for_s */
};

struct react_outcome {
    enum react_result result;
    int64_t case_id;    /* 0: no case */
    struct texts lines; /* "done: lock the password ...", "would: ...", "failed: ...: why", "not
                           done: ..." */
};

/* Fills *outcome, which react_outcome_clear frees. lines are text for people, to be escaped where
 * they are shown. */
void react_disable(struct react *react, const struct react_account *account,
                   struct react_outcome *outcome);
/* only NULL: every method. REACT_DISABLED means: all lifted, now or before; REACT_REFUSED: no such
 * case or method. */
void react_undo(struct react *react, int64_t case_id, const char *only,
                struct react_outcome *outcome);
/* What an earlier run did not finish, and what has expired; for the end of any run. Opens what it
 * needs only when there is something to do, and leaves it to another process that is at it, and
 * other users' cases to them. Costs one stat when there are no cases. Problems and news are added,
 * one line each. */
void react_look_after(const struct react_settings *settings, const struct mail_settings *mail,
                      const char *applet, struct texts *news, struct texts *problems);

/* Each method's state of an account: lines "local: locked", ... 0; -1 with why. */
int react_status(struct react *react, const char *name, struct texts *lines, struct strbuf *why);

/* Accounts that were not acted upon for max-actions-per-run. */
unsigned react_over_limit(const struct react *react);

/* Can it be disabled at all? An address or a script is no account. */
static inline bool react_is_account(enum sender_kind kind)
{
    return kind == SENDER_SASL || kind == SENDER_LOCAL || kind == SENDER_WEBMAIL;
}

/* May this name be acted upon at all? (Characters, length up to 255, no leading '-', not "root".)
 * 0, or -1 with why. */
int react_name_check(const struct react_settings *settings, const char *name, struct strbuf *why);

void react_outcome_clear(struct react_outcome *outcome);

#endif
