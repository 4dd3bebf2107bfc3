/* method_nis_fuzz - any answer of the NIS master: only the two lines that were asked for are
 * believed, and what is told of anything else is one short line that a terminal can take. The first
 * byte is the length of the name. */
#include "../../core/react/method_nis.c"
#include "fuzz.h"

/* Written again from what was read, it is the answer. */
static void check_answer(struct span answer, const char *name)
{
    struct strbuf again = {0};
    struct span word;
    if (read_answer(answer, name, &word)) {
        strbuf_format(&again, "name=%s\nstate=%.*s", name, (int)word.len, word.at);
        if (word.len < 100 && memchr(word.at, '\0', word.len) == NULL)
            hold(span_is(answer, strbuf_span(&again)) ||
                 (answer.len == again.len + 1 && span_has_suffix(answer, SPAN("\n"))));
        hold(state_of(word) == STATE_UNTOLD || word.len <= strlen("unbuilt"));
    }
    strbuf_clear(&again);
}

static void check_failure(struct span answer)
{
    struct react_settings settings = {0};
    struct strbuf why = {0};
    hold(failed(&settings, "failed", answer, &why) == -1);
    hold(why.len > 0 && why.len < 5 * SAID_MAX);
    for (size_t i = 0; i < why.len; i++)
        hold((unsigned char)why.data[i] >= ' ' && why.data[i] != 0x7f);
    strbuf_clear(&why);
}

static void check_name(const char *name)
{
    if (nis_name_check(name, NULL) == 0)
        hold(strpbrk(name, " \n;'\"$`|&<>/\\:!*") == NULL && *name != '-' && *name != '+');
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char name[256];
    struct span answer = fuzz_name(data, size, name);
    check_name(name);
    check_answer(answer, name);
    check_failure(answer);
    return 0;
}
