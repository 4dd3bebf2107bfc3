/* smtp_gate - what a server says, read strictly, and what may be said to it.
 *
 * Every byte here is a stranger's. A reply that cannot be read ends the delivery; none is guessed.
 */
#include "smtp_parts.h"
#include "spamgear/base/text.h"
#include <ctype.h>
#include <strings.h>

/* "250-text" or "250 text" or "250", without its line end. */
static bool read_line(struct span line, int *code, bool *more)
{
    if (line.len < 3 || line.at[0] < '2' || line.at[0] > '5')
        return false;
    if (!isdigit((unsigned char)line.at[1]) || !isdigit((unsigned char)line.at[2]))
        return false;
    if (line.len > 3 && line.at[3] != ' ' && line.at[3] != '-')
        return false;
    *code = (line.at[0] - '0') * 100 + (line.at[1] - '0') * 10 + line.at[2] - '0';
    *more = line.len > 3 && line.at[3] == '-';
    return true;
}

static struct span without_cr(struct span line)
{
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* The first line with its newline; false when it is not whole. */
static bool take_whole(struct span *bytes, struct span *line)
{
    return memchr(bytes->at == NULL ? "" : bytes->at, '\n', bytes->len) != NULL &&
           span_take_line(bytes, line);
}

int smtp_reply_take(struct span *bytes, struct smtp_reply *reply)
{
    struct span rest = *bytes, line;
    int first = 0, code;
    bool more = true;
    while (more) {
        if (!take_whole(&rest, &line))
            return rest.len > SMTP_LINE_MAX ? -1 : 0;
        if (line.len > SMTP_LINE_MAX || !read_line(without_cr(line), &code, &more))
            return -1;
        if (first != 0 && code != first)
            return -1;
        first = code;
    }
    *reply = (struct smtp_reply){first, span_of(bytes->at, rest.at)};
    *bytes = rest;
    return 1;
}

bool smtp_reply_offers(const struct smtp_reply *reply, const char *keyword)
{
    struct span rest = reply->whole, line;
    size_t len = strlen(keyword);
    while (span_take_line(&rest, &line)) {
        line = without_cr(line);
        if (line.len >= 4 + len && strncasecmp(line.at + 4, keyword, len) == 0 &&
            (line.len == 4 + len || line.at[4 + len] == ' '))
            return true;
    }
    return false;
}

void smtp_reply_text(struct strbuf *out, struct span whole)
{
    struct strbuf flat = {0};
    struct span line;
    while (span_take_line(&whole, &line)) {
        line = without_cr(line);
        if (flat.len > 0)
            strbuf_add_char(&flat, ' ');
        strbuf_add_span(&flat, line);
    }
    if (flat.len > SMTP_TEXT_MAX)
        flat.len = SMTP_TEXT_MAX;
    text_escape(out, strbuf_span(&flat));
    strbuf_clear(&flat);
}

int smtp_gate_command(struct smtp_gate *gate, struct span line, struct strbuf *why)
{
    if (!gate->wanted || gate->entered)
        return 0;
    if (line.len >= 5 && strncasecmp(line.at, "AUTH ", 5) == 0)
        gate->asked = true;
    if (line.len < 5 || strncasecmp(line.at, "MAIL ", 5) != 0)
        return 0;
    if (!gate->asked)
        return strbuf_why(why, "it offers no log-in that is known here (PLAIN, LOGIN)");
    struct strbuf said = {0};
    smtp_reply_text(&said, strbuf_span(&gate->refusal));
    strbuf_why(why, "it refused the log-in: %s", strbuf_text(&said));
    strbuf_clear(&said);
    return -1;
}

int smtp_gate_reply(struct smtp_gate *gate, struct span line, struct strbuf *why)
{
    int code;
    bool more;
    gate->heard += line.len;
    if (gate->heard > SMTP_TALK_MAX || line.len > SMTP_LINE_MAX)
        return strbuf_why(why, "it talks without end");
    line = without_cr(line);
    if (!read_line(line, &code, &more))
        return strbuf_why(why, "its answer is no SMTP");
    if (!gate->asked || gate->entered)
        return 0;
    gate->entered = code == 235 && !more;
    strbuf_reset(&gate->refusal);
    strbuf_add_span(&gate->refusal, line);
    return 0;
}

/* Is the word among those of the line? */
static bool holds_word(struct span line, struct span word)
{
    while (line.len > 0) {
        size_t len = 0;
        while (len < line.len && line.at[len] != ' ' && line.at[len] != '=')
            len++;
        if (len == word.len && strncasecmp(line.at, word.at, len) == 0)
            return true;
        line = span_skip(line, len < line.len ? len + 1 : len);
    }
    return false;
}

void smtp_gate_pass(const struct smtp_gate *gate, struct span line, struct strbuf *out)
{
    static const struct span known[] = {{"PLAIN", 5}, {"LOGIN", 5}};
    struct span words = without_cr(line);
    bool auth = !gate->asked && words.len >= 9 && strncasecmp(words.at + 4, "AUTH", 4) == 0 &&
                (words.at[8] == ' ' || words.at[8] == '=');
    strbuf_add(out, line.at, auth ? 8 : line.len);
    for (size_t i = 0; auth && i < sizeof known / sizeof *known; i++)
        if (holds_word(span_skip(words, 9), known[i])) {
            strbuf_add_char(out, ' ');
            strbuf_add_span(out, known[i]);
        }
    strbuf_add_text(out, auth ? "\r\n" : "\n");
}
