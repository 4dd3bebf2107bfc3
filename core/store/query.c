/* query - finds the letters of an administrator's query, and has their values.
 *
 * Comments are dropped: databases disagree about where they end, and # is one for MySQL alone.
 * What is left must be a statement that all databases divide alike (sql_parameters).
 */
#include "spamgear/store/query.h"

#include "spamgear/base/text.h"
#include "spamgear/log/stamp.h"
#include "spamgear/store/sql.h"
#include <ctype.h>

#define LETTERS "imfctsuvp"

struct scan {
    const char *at;
    struct query *query;
    size_t letters;
    struct strbuf *why;
    bool failed;
};

static void copy(struct scan *scan, size_t len)
{
    strbuf_add(&scan->query->statement, scan->at, len);
    scan->at += len;
}

/* To its end, which sql_parameters misses if it is not there. */
static void quoted(struct scan *scan)
{
    const char *end = strchr(scan->at + 1, *scan->at);
    copy(scan, end == NULL ? strlen(scan->at) : (size_t)(end + 1 - scan->at));
}

static void drop(struct scan *scan, size_t len)
{
    strbuf_add_char(&scan->query->statement, ' ');
    scan->at += len;
}

static void block_comment(struct scan *scan)
{
    const char *end = strstr(scan->at + 2, "*/"), *inner = strstr(scan->at + 2, "/*");
    bool plain = end != NULL && (inner == NULL || inner > end) && scan->at[2] != '!' &&
                 strncmp(scan->at + 2, "M!", 2) != 0;
    if (plain)
        drop(scan, (size_t)(end + 2 - scan->at));
    else
        copy(scan, strlen(scan->at)); /* sql_parameters says what is wrong */
}

static void letter(struct scan *scan)
{
    char name = scan->at[1];
    unsigned char behind = name == '\0' ? '\0' : (unsigned char)scan->at[2];
    if (name == '\0' || strchr(LETTERS, name) == NULL || isalnum(behind) || behind == '_' ||
        behind == '?') {
        int shown = isgraph((unsigned char)name) ? name : ' ';
        strbuf_why(scan->why, "the query: \"?%c\" is none of ?i ?m ?f ?c ?t ?s ?u ?v ?p", shown);
        scan->failed = true;
    } else if (scan->letters + 1 >= sizeof scan->query->letters) {
        strbuf_why(scan->why, "the query: more than %zu parameters",
                   sizeof scan->query->letters - 1);
        scan->failed = true;
    } else {
        scan->query->letters[scan->letters++] = name;
        copy(scan, 1);
        scan->at++;
    }
}

/* "--" begins a comment for MySQL only before a blank; elsewhere always. */
static bool is_line_comment(const char *at)
{
    return *at == '#' ||
           (at[0] == '-' && at[1] == '-' && (at[2] == '\0' || isspace((unsigned char)at[2])));
}

static void step(struct scan *scan)
{
    char c = *scan->at;
    if (c == '\'' || c == '"' || c == '`')
        quoted(scan);
    else if (is_line_comment(scan->at))
        drop(scan, strcspn(scan->at, "\n"));
    else if (c == '-' && scan->at[1] == '-')
        copy(scan, strlen(scan->at)); /* the blank for a comment behind it would make it one */
    else if (c == '/' && scan->at[1] == '*')
        block_comment(scan);
    else if (c == '?')
        letter(scan);
    else
        copy(scan, 1);
}

int query_parse(const char *text, struct query *query, struct strbuf *why)
{
    struct strbuf wrong = {0};
    *query = (struct query){0};
    struct scan scan = {.at = text, .query = query, .why = why};
    while (*scan.at != '\0' && !scan.failed)
        step(&scan);
    if (scan.failed)
        return -1;
    const char *statement = strbuf_text(&query->statement);
    if (statement[strspn(statement, " \t\r\n;")] == '\0')
        return strbuf_why(why, "the query is empty");
    if (sql_parameters(statement, &wrong) < 0)
        strbuf_why(why, "the query: %s", strbuf_text(&wrong));
    int result = wrong.len > 0 ? -1 : 0;
    strbuf_clear(&wrong);
    return result;
}

void query_clear(struct query *query)
{
    strbuf_clear(&query->statement);
    *query = (struct query){0};
}

/* ---- values ---- */

static void add_time(struct strbuf *out, int64_t time, bool utc)
{
    char text[20];
    stamp_format_plain(time, utc, text);
    strbuf_add_text(out, text);
}

/* Databases take valid UTF-8 only. */
bool query_value(const struct spam_event *event, char letter, bool utc, struct strbuf *out)
{
    switch (letter) {
    case 'i': text_escape(out, event->queue_id); return true;
    case 'm': text_escape(out, event->message_id); return true;
    case 'f': text_escape(out, event->from); return true;
    case 'c': text_escape(out, event->client); return true;
    case 'u': text_escape(out, event->sasl); return true;
    case 't': add_time(out, event->time, utc); return true;
    case 's': strbuf_format(out, "%u", event->victims); return true;
    case 'v': strbuf_add_text(out, mail_verdict_name(event->verdict)); return true;
    case 'p':
        if (event->has_score)
            strbuf_format(out, "%.3f", event->score);
        return event->has_score;
    default: return false;
    }
}
