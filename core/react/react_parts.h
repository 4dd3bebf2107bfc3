/* react_parts - what the parts of react share. */
#ifndef SPAMGEAR_CORE_REACT_PARTS_H
#define SPAMGEAR_CORE_REACT_PARTS_H

#include "spamgear/react/react.h"

struct react {
    const struct react_settings *settings;
    const struct mail_settings *mail; /* NULL: nobody is told */
    const char *applet;
    bool dry;
    struct cases *cases; /* NULL: a dry run, and there are none */
    uint64_t acted;      /* accounts, in this run */
    unsigned over;       /* accounts beyond max-actions-per-run */
};

/* Waits wait_ms for the lock. NULL with why; *busy (may be NULL): another process has it. */
struct react *react_start(const struct react_settings *settings, const struct mail_settings *mail,
                          const char *applet, bool dry, int wait_ms, bool *busy,
                          struct strbuf *why);

/* The target that an action of a case has; borrows from the case. */
struct target react_target(const struct case_file *file);

/* The method of an action, if the settings still have what it needs: they may have changed since.
 * NULL with why. */
const struct method *react_method(const struct react *react, const char *name, struct strbuf *why);

/* Carries out an action that is written down as started, reads it back, records what is true. Adds
 * a line, and returns the state. */
enum action_state react_carry_out(struct react *react, const struct target *target,
                                  struct case_action *action, struct texts *lines);
/* Records a state; a line tells when that failed. */
void react_record(struct react *react, struct case_action *action, enum action_state state,
                  const char *detail, struct texts *lines);

/* One mail about a case of which something was done, if nobody was told yet. */
void react_tell(struct react *react, int64_t case_id, struct texts *lines);

#endif
