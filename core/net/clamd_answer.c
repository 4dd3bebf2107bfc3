/* clamd_answer - one answer of a session, taken apart.
 *
 * "12: fd[10]: Name.Of-1 FOUND", "12: stream: OK", "12: fd[10]: lstat() failed ERROR", "PROTOCOL...
 * ERROR" (clamd/scanner.c, clamd/session.c). Read from the right, and strictly: only what was
 * asked for, a descriptor or a stream, may be called clean.
 */
#include "clamd_parts.h"

static struct span take_digits(struct span *text)
{
    size_t len = 0;
    while (len < text->len && text->at[len] >= '0' && text->at[len] <= '9')
        len++;
    struct span digits = {text->at, len};
    *text = span_skip(*text, len);
    return digits;
}

/* "N: " before the answer: its number, 0 when there is none; false when it is out of range. */
bool clamd_answer_number(struct span *text, uint32_t *number)
{
    struct span rest = *text, digits = take_digits(&rest);
    unsigned long long value;
    *number = 0;
    if (digits.len == 0 || !span_has_prefix(rest, SPAN(": ")))
        return true;
    if (!span_number(digits, &value) || value == 0 || value >= CLAMD_OWN_NUMBERS)
        return false;
    *number = (uint32_t)value;
    *text = span_skip(rest, 2);
    return true;
}

/* What was scanned: "stream", "fd[12]". Only this may be called clean. */
static bool is_subject(struct span s)
{
    if (span_is(s, SPAN("stream")))
        return true;
    if (!span_has_prefix(s, SPAN("fd[")))
        return false;
    s = span_skip(s, 3);
    return take_digits(&s).len > 0 && span_is(s, SPAN("]"));
}

void clamd_answer_name(struct clamd_answer *answer, struct span name)
{
    size_t len = name.len < CLAMD_NAME ? name.len : CLAMD_NAME;
    if (len > 0)
        memcpy(answer->name, name.at, len);
    answer->name[len] = '\0';
}

/* "fd[12]: NAME": from the right, although no name of ours can hold ": ". */
static int take_found(struct span text, struct clamd_answer *answer)
{
    const char *colon = span_find_last(text, SPAN(": "));
    if (colon == NULL || !is_subject(span_of(text.at, colon)) || colon + 2 == span_end(text))
        return -1;
    answer->result = CLAMD_FOUND;
    clamd_answer_name(answer, span_of(colon + 2, span_end(text)));
    return 0;
}

/* "fd[12]: Can't open file or directory", "INSTREAM size limit exceeded." */
static int take_error(struct span text, struct clamd_answer *answer)
{
    const char *colon = span_find(text, SPAN(": "));
    if (colon != NULL && is_subject(span_of(text.at, colon)))
        text = span_of(colon + 2, span_end(text));
    clamd_answer_name(answer, text);
    return text.len > 0 ? 0 : -1;
}

static int take_ok(struct span text, struct clamd_answer *answer)
{
    answer->result = CLAMD_OK;
    return is_subject(text) ? 0 : -1;
}

static const struct {
    const char *text;
    int (*take)(struct span before, struct clamd_answer *answer);
} endings[] = {
    {": OK", take_ok},
    {" FOUND", take_found},
    {" ERROR", take_error},
};

int clamd_answer_parse(struct span text, struct clamd_answer *answer)
{
    *answer = (struct clamd_answer){.result = CLAMD_ERROR};
    if (!clamd_answer_number(&text, &answer->number))
        return -1;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct span ending = span_text(endings[i].text);
        if (!span_has_suffix(text, ending))
            continue;
        text.len -= ending.len;
        return endings[i].take(text, answer);
    }
    return -1;
}
