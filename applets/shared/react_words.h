/* react_words - how `case` and `account` say what was done. */
#ifndef SPAMGEAR_APPLETS_REACT_WORDS_H
#define SPAMGEAR_APPLETS_REACT_WORDS_H

#include "spamgear/react/react.h"

/* What was asked for and not reached goes to standard error, as trouble; the rest to standard
 * output. */
void react_words_tell(const struct react_outcome *outcome);

#endif
