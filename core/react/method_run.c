/* method_run - spawn, and the first line of what a failed program said. */
#include "method_run.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/spawn.h"
#include "spamgear/base/text.h"
#include <stdarg.h>
#include <stdlib.h>

#define SAID_BYTES  200 /* of what a program said, in a sentence */
#define SECONDS_MAX (INT32_MAX / 1000)

/* The words of a command; the caller frees the array, not the strings. */
static const char **argv_of(const struct texts *words)
{
    const char **argv = mem_zero(words->len + 1, sizeof *argv);
    for (size_t i = 0; i < words->len; i++)
        argv[i] = words->at[i];
    return argv;
}

void method_words(struct texts *words, ...)
{
    va_list list;
    va_start(list, words);
    for (const char *word; (word = va_arg(list, const char *)) != NULL;)
        texts_add(words, word);
    va_end(list);
}

int method_run_status(const struct react_settings *settings, const struct texts *words,
                      struct span input, struct strbuf *output, struct strbuf *why)
{
    int64_t seconds = settings->timeout_s;
    const char **argv = argv_of(words);
    seconds = seconds < 1 ? 1 : seconds > SECONDS_MAX ? SECONDS_MAX : seconds;
    int status = spawn_run(argv, input, (int)seconds * 1000, output, why);
    free(argv);
    return status;
}

int method_run_failed(const char *program, int status, struct span output, struct strbuf *why)
{
    struct span line = {0};
    struct strbuf said = {0};
    while (line.len == 0 && span_take_line(&output, &line))
        ;
    text_escape(&said, (struct span){line.at, line.len < SAID_BYTES ? line.len : SAID_BYTES});
    strbuf_why(why, "%s: status %d%s%s", program, status, said.len > 0 ? ": " : "",
               strbuf_text(&said));
    strbuf_clear(&said);
    return -1;
}

int method_run(const struct react_settings *settings, const struct texts *words, struct span input,
               struct strbuf *output, struct strbuf *why)
{
    struct strbuf own = {0};
    struct strbuf *said = output == NULL ? &own : output;
    int status = method_run_status(settings, words, input, said, why);
    if (status > 0)
        method_run_failed(words->at[0], status, strbuf_span(said), why);
    strbuf_clear(&own);
    return status == 0 ? 0 : -1;
}
