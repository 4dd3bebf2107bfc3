/* lazy - shared libraries that only some runs need.
 *
 * The module that wraps a library includes the library's real header and
 * declares one pointer a function with the type taken from it, so that the
 * compiler checks every call:
 *
 *     #define PSL_FUNCTIONS(F) F(psl_builtin) F(psl_is_public_suffix2)
 *     PSL_FUNCTIONS(LAZY_POINTER)
 *     static const struct lazy_symbol symbols[] = {PSL_FUNCTIONS(LAZY_SYMBOL) {0}};
 *     lazy_open((const char *const[]){"libpsl.so.5", NULL}, symbols, why)
 *
 * Libraries stay loaded until the process ends.
 */
#ifndef SPAMGEAR_BASE_LAZY_H
#define SPAMGEAR_BASE_LAZY_H

#include "spamgear/base/strbuf.h"

struct lazy_symbol {
    const char *name;
    void **pointer;
};

#define LAZY_POINTER(function) static __typeof__(function) *p_##function;
#define LAZY_SYMBOL(function)  {#function, (void **)&p_##function},

/* Loads the first of the names (NULL ends the list) that has every symbol
 * (a NULL name ends that list). 0, or -1 with why: which names were tried. */
int lazy_open(const char *const *sonames, const struct lazy_symbol *symbols, struct strbuf *why);

#endif
