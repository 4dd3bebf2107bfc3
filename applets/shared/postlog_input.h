/* postlog_input - what the daemon follows: each log once, whoever wants its lines.
 *
 * A log may be wanted by the joiner of messages and by sources of [watch]. The journal is followed
 * once for each who wants it, since each wants other programs' entries.
 */
#ifndef SPAMGEAR_APPLETS_POSTLOG_INPUT_H
#define SPAMGEAR_APPLETS_POSTLOG_INPUT_H

#include "postlog_settings.h"
#include "spamgear/log/follow.h"
#include "spamgear/log/journal_follow.h"
#include "spamgear/store/state.h"
#include "watcher.h"

struct postlog_input {
    char *name; /* of its mark: the file, or "journal:CHECKER" */
    struct follow *follow;
    struct journal_follow *journal;
    bool threads;        /* the joiner wants its lines */
    VEC(size_t) sources; /* of the watcher, that do */
    bool trusted;        /* the administrator vouches for the file */
    struct stamp_clock clock;
    struct follow_mark place; /* behind the last chunk, of a file */
    struct strbuf mark;       /* the same as text, or the journal's cursor */
    bool moved;               /* since the mark was stored */
    bool idle;                /* there was nothing more when it was looked at last */
    bool failing;             /* it cannot be read now */
    int64_t newest;           /* time of its newest line, STAMP_NONE */
    uint64_t undated;         /* lines without a time that is understood */
};

struct postlog_inputs {
    struct postlog_input *at;
    size_t len, cap;
};

/* Opens what the plan and the watcher (may be NULL) want, each at the mark that state holds. 0, or
 * -1 with problems. */
int postlog_inputs_open(struct postlog_inputs *inputs, const struct postlog_plan *plan,
                        const struct watcher *watcher, struct state *state, struct texts *problems);
void postlog_inputs_close(struct postlog_inputs *inputs);

struct postlog_chunk {
    struct span lines;
    bool graded; /* a letter before each line says who vouches (source.h) */
};

/* As follow_next. The lines are to be read with input->clock. */
int postlog_input_next(struct postlog_input *input, size_t bytes, struct postlog_chunk *chunk,
                       struct strbuf *why);
/* The place behind the last chunk, whose lines have all been read, as the state keeps it. */
struct span postlog_input_mark(struct postlog_input *input);
/* Were there lines, and not one with a time that is understood? Then it is no log of mail. */
bool postlog_input_is_undated(const struct postlog_input *input);
/* Are there more lines already? In a newer file than the one that is read, or the journal is
 * slower. */
bool postlog_input_is_behind(const struct postlog_input *input);
int postlog_input_fd(const struct postlog_input *input); /* -1: none */

#endif
