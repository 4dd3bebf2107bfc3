/* method_hold - what the files of method_hold_queue share; nobody else includes it. */
#ifndef SPAMGEAR_REACT_METHOD_HOLD_H
#define SPAMGEAR_REACT_METHOD_HOLD_H

#include "method_run.h"

enum place { GONE, FREE, HELD };

struct message {
    char *id;
    char *config; /* Postfix: of its instance; NULL: not known yet, or Exim */
    bool exim, twice;
    bool taken; /* the case has it already */
    enum place place;
};

struct messages {
    struct message *at;
    size_t len, cap;
    bool planning; /* in which instance they are is to be found */
};

/* The message of this ID; NULL: none. The list is sorted. */
struct message *method_hold_find(struct messages *list, struct span id);

/* Find out where the messages of their server are. 0, or -1 with why. */
int method_hold_survey_postfix(const struct react_settings *settings, struct messages *list,
                               struct strbuf *why);
int method_hold_survey_exim(const struct react_settings *settings, struct messages *list,
                            struct strbuf *why);

/* Hold the messages of their server that are FREE, or let those go that are HELD. 0, or -1 with
 * why. */
int method_hold_change_postfix(const struct react_settings *settings, const struct messages *list,
                               enum place from, struct strbuf *why);
int method_hold_change_exim(const struct react_settings *settings, const struct messages *list,
                            enum place from, struct strbuf *why);

#endif
