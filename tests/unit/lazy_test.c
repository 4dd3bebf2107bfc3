/* lazy - a library with all its symbols, or nothing. */
#include "spamgear/base/lazy.h"

#include "test.h"
#include <math.h>
#include <stdlib.h>

double no_such_function(double);

LAZY_POINTER(cos)
LAZY_POINTER(no_such_function)

static const struct lazy_symbol good[] = {LAZY_SYMBOL(cos){NULL, NULL}};
static const struct lazy_symbol bad[] = {LAZY_SYMBOL(cos)
                                             LAZY_SYMBOL(no_such_function){NULL, NULL}};

static void test_missing(struct strbuf *why)
{
    static const char *const names[] = {"libspamgear-none.so.1", "libspamgear-none.so.2", NULL};
    test_number("no such library", lazy_open(names, good, why), -1);
    test_text("all names are told", strbuf_text(why),
              "cannot load libspamgear-none.so.1, libspamgear-none.so.2");
    test_true("nothing is set", p_cos == NULL);
    test_number("without why", lazy_open(names, good, NULL), -1);
}

static void test_half(struct strbuf *why)
{
    static const char *const names[] = {"libm.so.6", NULL};
    test_number("a symbol is missing", lazy_open(names, bad, why), -1);
    test_text("told", strbuf_text(why), "cannot load libm.so.6");
    test_true("what was found is not kept", p_cos == NULL && p_no_such_function == NULL);
}

static void test_found(struct strbuf *why)
{
    static const char *const names[] = {"libspamgear-none.so.1", "libm.so.6", NULL};
    strbuf_clear(why);
    test_number("the second name", lazy_open(names, good, why), 0);
    test_text("no complaint", strbuf_text(why), "");
    test_true("callable", p_cos != NULL && p_cos(0) > 0.99);
}

int main(void)
{
    struct strbuf why = {0};
    test_missing(&why);
    test_half(&why);
    test_found(&why);
    strbuf_clear(&why);
    return test_end();
}
