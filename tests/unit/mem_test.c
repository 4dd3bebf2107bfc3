/* mem, vec - growth keeps what is there; what cannot be had ends the process with one line and
 * status 2, also where the size itself overflows. */
#include "spamgear/base/mem.h"

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include "test.h"
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

/* The sanitizer would end the process itself where malloc should return NULL. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void grow_overflowing(void)
{
    void *at = NULL;
    size_t cap = 0;
    mem_grow(&at, &cap, SIZE_MAX / 2, 3);
}

static void grow_huge(void)
{
    void *at = NULL;
    size_t cap = 0;
    mem_grow(&at, &cap, SIZE_MAX, 1);
}

static void alloc_huge(void)
{
    mem_alloc(SIZE_MAX / 2);
}

static void zero_overflowing(void)
{
    mem_zero(SIZE_MAX / 2, 4);
}

static void text_endless(void)
{
    mem_text_of("x", SIZE_MAX);
}

static void strbuf_endless(void)
{
    struct strbuf sb = {0};
    strbuf_add_text(&sb, "some");
    strbuf_add(&sb, "x", SIZE_MAX - 2);
}

static const struct {
    const char *name;
    void (*run)(void);
} deaths[] = {
    {"growth that overflows", grow_overflowing},
    {"growth that is too much", grow_huge},
    {"too much", alloc_huge},
    {"too many", zero_overflowing},
    {"a text without end", text_endless},
    {"a strbuf without end", strbuf_endless},
};

static void test_death(const char *name, void (*run)(void))
{
    int ends[2], status = 0;
    char said[4096] = "";
    test_true("a pipe", pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        run();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t got = 1; got > 0 && len<sizeof said - 1; len += got> 0 ? (size_t)got : 0)
        got = read(ends[0], said + len, sizeof said - 1 - len);
    close(ends[0]);
    test_true("ended", waitpid(child, &status, 0) == child && WIFEXITED(status));
    test_number(name, WEXITSTATUS(status), 2);
    test_true("says so", strstr(said, "spamgear: out of memory\n") != NULL);
}

static void test_copies(void)
{
    char *none = mem_text(NULL), *text = mem_text("abc"), *bytes = mem_text_of("a\0c", 3);
    char *empty = mem_text_of(NULL, 0);
    test_true("NULL stays NULL", none == NULL);
    test_text("a copy", text, "abc");
    test_bytes("NUL inside, NUL behind", bytes, 4, "a\0c\0", 4);
    test_text("nothing", empty, "");
    free(text);
    free(bytes);
    free(empty);
    void *nothing = mem_alloc(0), *zero = mem_zero(0, 8);
    unsigned *zeros = mem_zero(3, sizeof *zeros);
    test_true("size 0 is memory too", nothing != NULL && zero != NULL && nothing != zero);
    test_true("zeroed", zeros[0] == 0 && zeros[1] == 0 && zeros[2] == 0);
    nothing = mem_resize(nothing, 100);
    memset(nothing, 1, 100);
    free(nothing);
    free(zero);
    free(zeros);
}

static void test_grow(void)
{
    void *at = NULL;
    size_t cap = 0;
    mem_grow(&at, &cap, 1, 4);
    test_number("a few at first", (int64_t)cap, 8);
    mem_grow(&at, &cap, 9, 4);
    test_number("half more", (int64_t)cap, 12);
    mem_grow(&at, &cap, 1000, 4);
    test_number("what is needed", (int64_t)cap, 1000);
    free(at);
}

static void test_vec(void)
{
    VEC(uint64_t) numbers = {0};
    unsigned moved = 0;
    bool same = true;
    for (uint64_t i = 0; i < 100000; i++) {
        const uint64_t *before = numbers.at;
        *vec_add(&numbers) = i * i;
        moved += numbers.at != before;
    }
    for (uint64_t i = 0; i < numbers.len; i++)
        same &= numbers.at[i] == i * i;
    test_number("all there", (int64_t)numbers.len, 100000);
    test_true("as they were", same);
    test_true("grows in steps", moved < 40);
    size_t cap = numbers.cap;
    vec_reserve(&numbers, 0);
    test_number("nothing to reserve", (int64_t)numbers.cap, (int64_t)cap);
    vec_reserve(&numbers, 100000);
    test_true("reserved", numbers.cap >= 200000 && numbers.len == 100000);
    vec_clear(&numbers);
    test_true("cleared", numbers.at == NULL && numbers.len == 0 && numbers.cap == 0);
}

static void test_texts(void)
{
    struct texts list = {0};
    test_true("nothing in nothing", !texts_has(&list, ""));
    texts_add(&list, "one");
    texts_add(&list, "two");
    test_true("there", texts_has(&list, "two"));
    test_true("not there", !texts_has(&list, "tw") && !texts_has(&list, ""));
    texts_clear(&list);
}

int main(void)
{
    test_copies();
    test_grow();
    test_vec();
    test_texts();
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
        test_death(deaths[i].name, deaths[i].run);
    return test_end();
}
