/* vec - growable arrays, typed by the compiler.
 *
 *     VEC(struct rule) rules = {0};          an anonymous type, for members and locals
 *     struct rule *r = vec_add(&rules);      a new last item, NOT zeroed
 *     for (size_t i = 0; i < rules.len; i++) use(&rules.at[i]);
 *     vec_clear(&rules);                     frees the array (not what its items own)
 *
 * Pointers to items hold until the next vec_add.
 */
#ifndef SPAMGEAR_BASE_VEC_H
#define SPAMGEAR_BASE_VEC_H

#include "spamgear/base/mem.h"
#include <stdbool.h>
#include <stdlib.h>

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t len, cap;                                                                           \
    }

#define vec_reserve(v, extra)                                                                      \
    ((v)->len + (extra) <= (v)->cap                                                                \
         ? (void)0                                                                                 \
         : mem_grow((void **)&(v)->at, &(v)->cap, (v)->len + (extra), sizeof *(v)->at))

#define vec_add(v) (vec_reserve(v, 1), &(v)->at[(v)->len++])

#define vec_clear(v) (free((v)->at), (v)->at = NULL, (v)->len = (v)->cap = 0)

/* A list of owned strings, the one array that many modules hand around. */
struct texts {
    char **at;
    size_t len, cap;
};

void texts_add(struct texts *list, const char *text); /* copies */
void texts_clear(struct texts *list);                 /* frees the strings too */
bool texts_has(const struct texts *list, const char *text);
/* Adds a formatted string. */
void texts_format(struct texts *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
