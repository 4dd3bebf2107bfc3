/* lazy - dlopen with all names and all symbols, or nothing. */
#include "spamgear/base/lazy.h"

#include <dlfcn.h>
#include <stdbool.h>

static void forget(const struct lazy_symbol *symbols)
{
    for (const struct lazy_symbol *s = symbols; s->name != NULL; s++)
        *s->pointer = NULL;
}

/* Where one symbol is missing none is kept: the library will be closed. */
static bool resolve(void *library, const struct lazy_symbol *symbols)
{
    for (const struct lazy_symbol *s = symbols; s->name != NULL; s++) {
        *s->pointer = dlsym(library, s->name);
        if (*s->pointer == NULL) {
            forget(symbols);
            return false;
        }
    }
    return true;
}

int lazy_open(const char *const *sonames, const struct lazy_symbol *symbols, struct strbuf *why)
{
    struct strbuf tried = {0};
    for (; *sonames != NULL; sonames++) {
        void *library = dlopen(*sonames, RTLD_NOW | RTLD_LOCAL);
        if (library != NULL && resolve(library, symbols)) {
            strbuf_clear(&tried);
            return 0;
        }
        strbuf_format(&tried, "%s%s", tried.len > 0 ? ", " : "", *sonames);
        if (library != NULL)
            dlclose(library);
    }
    strbuf_why(why, "cannot load %s", strbuf_text(&tried));
    strbuf_clear(&tried);
    return -1;
}
