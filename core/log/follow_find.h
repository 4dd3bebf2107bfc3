/* follow_find - which file holds a place, and which one comes after a file.
 *
 * Rotation renames, packs and deletes while somebody looks: what was found in a list of names is
 * believed only when the file that was opened is the one that was listed.
 */
#ifndef SPAMGEAR_CORE_LOG_FOLLOW_FIND_H
#define SPAMGEAR_CORE_LOG_FOLLOW_FIND_H

#include "follow_part.h"

enum follow_found {
    FOUND_PART,   /* *part is the caller's */
    FOUND_NONE,   /* there is surely none */
    FOUND_LATER,  /* it cannot be told yet: ask again */
    FOUND_TROUBLE /* it cannot be told, why says it */
};

/* The file that holds the mark, gone to there: the log itself, or a rotated one. */
enum follow_found follow_find_mark(const char *path, const struct follow_mark *mark,
                                   struct follow_part **part, struct strbuf *why);

/* The next file that has something behind this one, at its start; or, where `part` is a copy of a
 * log that was not cut yet, in that log at the same place. FOUND_NONE while there is none. why is
 * empty unless files were passed over that cannot be read. */
enum follow_found follow_find_after(const char *path, const struct follow_part *part,
                                    bool may_be_copy, int64_t before, struct follow_part **next,
                                    struct strbuf *why);

/* The oldest file all of whose lines are later than `before` (STAMP_NONE: the log itself). */
enum follow_found follow_find_newer(const char *path, int64_t before, struct follow_part **part,
                                    struct strbuf *why);

#endif
