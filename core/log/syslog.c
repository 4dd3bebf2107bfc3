/* syslog - the header between a line's stamp and the program's own words.
 *
 * RFC 3164 as syslog daemons write it to files ("host tag[pid]: text"), and RFC
 * 5424 ("host app procid msgid [data] text"). What surprises: verbose BSD daemons
 * put "<mail.info> " before the host, Linux-VServer "@vserver_x " after it, Solaris
 * "[ID 197553 mail.info] " before the text; rsyslog keeps the blank that stood
 * before the text as part of it; in RFC 5424 it cuts the tag at the first '/'.
 */
#include "spamgear/log/format.h"

#include "spamgear/log/fields.h"

static bool take_word(struct span *s, struct span *word)
{
    struct span after = *s;
    if (!field_until(&after, ' ', word) || word->len == 0)
        return false;
    *s = after;
    return true;
}

static void skip_blanks(struct span *s)
{
    while (s->len > 0 && s->at[0] == ' ')
        *s = span_skip(*s, 1);
}

/* "<mail.info> " */
static inline void skip_priority(struct span *s)
{
    struct span after = *s, word;
    if (s->len == 0 || s->at[0] != '<')
        return;
    if (take_word(&after, &word) && word.at[word.len - 1] == '>' &&
        memchr(word.at, '.', word.len) != NULL)
        *s = after;
}

/* "[ID 197553 mail.info] " */
static inline void skip_message_id(struct span *s)
{
    struct span after = *s, number, priority;
    if (s->len == 0 || s->at[0] != '[')
        return;
    if (field_eat(&after, SPAN("[ID ")) && field_digits(&after, &number) &&
        field_eat(&after, SPAN(" ")) && field_until(&after, ']', &priority) &&
        memchr(priority.at, '.', priority.len) != NULL && field_eat(&after, SPAN(" ")))
        *s = after;
}

static void skip_vserver(struct span *s)
{
    struct span after = *s, word;
    if (span_has_prefix(*s, SPAN("@vserver_")) && take_word(&after, &word))
        *s = after;
}

/* "tag[pid]:" or "tag:"; the tag ends where a bracket, a colon or a blank stands. */
static bool split_tag(struct span *s, struct syslog_head *head)
{
    struct span word = *s;
    const char *end = s->len == 0 ? NULL : memchr(s->at, ' ', s->len);
    if (end != NULL)
        word = span_of(s->at, end);
    end = word.len == 0 ? NULL : memchr(word.at, ':', word.len);
    if (end != NULL)
        word = span_of(s->at, end);
    end = word.len == 0 ? NULL : memchr(word.at, '[', word.len);
    head->tag = end == NULL ? word : span_of(s->at, end);
    struct span after = span_skip(*s, head->tag.len);
    head->pid = (struct span){after.at, 0};
    if (field_eat(&after, SPAN("[")) && !field_until(&after, ']', &head->pid))
        return false;
    if (head->tag.len == 0 || !field_eat(&after, SPAN(":")))
        return false;
    *s = after;
    return true;
}

static bool split_rfc3164(struct span s, struct syslog_head *head)
{
    skip_priority(&s);
    if (!take_word(&s, &head->host))
        return false;
    skip_vserver(&s);
    if (!split_tag(&s, head))
        return false;
    head->text = s;
    return true;
}

/* One "[id name="value" ...]"; a quoted value may hold an escaped ] or ". */
static bool skip_element(struct span *s)
{
    bool quoted = false;
    for (size_t i = 1; i < s->len; i++) {
        char c = s->at[i];
        if (c == '\\' && quoted) {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ']' && !quoted) {
            *s = span_skip(*s, i + 1);
            return true;
        }
    }
    return false;
}

static bool skip_data(struct span *s)
{
    if (field_eat(s, SPAN("-")))
        return true;
    if (s->len == 0 || s->at[0] != '[')
        return false;
    while (s->len > 0 && s->at[0] == '[')
        if (!skip_element(s))
            return false;
    return true;
}

static bool split_rfc5424(struct span s, struct syslog_head *head)
{
    struct span msgid;
    if (!take_word(&s, &head->host) || !take_word(&s, &head->tag) || !take_word(&s, &head->pid) ||
        !take_word(&s, &msgid) || !skip_data(&s))
        return false;
    if (span_is(head->pid, SPAN("-")))
        head->pid.len = 0;
    field_eat(&s, SPAN(" "));
    field_eat(&s, SPAN("\xef\xbb\xbf")); /* the mark that RFC 5424 puts before UTF-8 text */
    head->text = s;
    return !span_is(head->tag, SPAN("-"));
}

bool syslog_split(const struct log_line *line, struct syslog_head *head)
{
    bool ok = false;
    if (line->shape == STAMP_SYSLOG)
        ok = split_rfc3164(line->rest, head);
    else if (line->shape == STAMP_RFC5424)
        ok = split_rfc5424(line->rest, head);
    if (!ok)
        return false;
    skip_blanks(&head->text);
    skip_priority(&head->text);
    skip_message_id(&head->text);
    return true;
}

unsigned syslog_unfold(struct syslog_head *head)
{
    struct span text = head->text, number;
    if (!field_eat(&text, SPAN("message repeated ")) || !field_digits(&text, &number) ||
        !field_eat(&text, SPAN(" times: [")) || !field_eat_end(&text, SPAN("]")))
        return 1;
    unsigned count = field_count(number);
    if (count == 0)
        return 1;
    skip_blanks(&text);
    head->text = text;
    return count;
}
