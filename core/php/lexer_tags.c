/* lexer_tags - what opens PHP in HTML.
 *
 * "<?" opens PHP where short_open_tag is on, but not when what follows can only be an instruction
 * of XML. <% and <script language="php"> ended with PHP 7.
 */
#include "lexer_parts.h"

/* `NAME NAME =`, as XML's processing instructions go on behind their "<?": two names in a row and
 * an assignment are a syntax error in PHP, so nothing of the file runs. Not so `const A =`. */
static bool is_instruction(const char *at, const char *end)
{
    const char *name = at, *key;
    while (at < end && (php_is(*at, PHP_BYTE_NAME) || *at == '-'))
        at++;
    struct span first = span_of(name, at);
    key = php_skip(at, end, PHP_BYTE_BLANK);
    if (first.len == 0 || key == at)
        return false;
    at = php_skip(key, end, PHP_BYTE_NAME);
    if (at == key)
        return false;
    at = php_skip(at, end, PHP_BYTE_BLANK);
    return at < end && *at == '=' && !(first.len == 5 && php_begins(first, SPAN("const"))) &&
           !(first.len == 3 && php_begins(first, SPAN("php")));
}

bool php_opens(struct span behind)
{
    if (behind.len == 0 || *behind.at == '\0')
        return false;
    if (!php_is(*behind.at, PHP_BYTE_BLANK | PHP_BYTE_NAME) &&
        strchr("=$@(#/;'\"\\`{}[!~-+&:.<?", *behind.at) == NULL)
        return false;
    /* An instruction's names may be long, its end does not matter. */
    return !is_instruction(behind.at, behind.at + (behind.len < 256 ? behind.len : 256));
}

/* Bytes of the blank that belongs to a tag: one, or a newline. */
static size_t tag_blank(struct span s)
{
    if (s.len > 1 && s.at[0] == '\r' && s.at[1] == '\n')
        return 2;
    return s.len > 0 && php_is(*s.at, PHP_BYTE_BLANK);
}

static struct php_tag question_tag(struct span text)
{
    struct span behind = span_skip(text, 2);
    if (behind.len > 0 && *behind.at == '=')
        return (struct php_tag){3, PHP_OPEN_ECHO, 0};
    if (php_begins(behind, SPAN("php"))) {
        behind = span_skip(behind, 3);
        if (behind.len == 0 || tag_blank(behind) > 0)
            return (struct php_tag){5 + tag_blank(behind), PHP_OPEN, 0};
    }
    if (php_opens(span_skip(text, 2)))
        return (struct php_tag){2, PHP_OPEN, PHP_TOKEN_SHORT};
    return (struct php_tag){0, PHP_HTML, 0};
}

/* Goes on behind the blanks that may, or must, stand at *at. */
static bool take_blanks(const char **at, const char *end, bool must)
{
    const char *start = *at;
    *at = php_skip(start, end, PHP_BYTE_BLANK);
    return !must || *at > start;
}

static bool take(const char **at, const char *end, struct span what)
{
    if (!php_begins(span_of(*at, end), what))
        return false;
    *at += what.len;
    return true;
}

/* <script language="php">, exactly as PHP 5 took it. */
static struct php_tag script_tag(struct span text)
{
    const char *at = text.at, *end = span_end(text);
    if (take(&at, end, SPAN("<script")) && take_blanks(&at, end, true) &&
        take(&at, end, SPAN("language")) && take_blanks(&at, end, false) &&
        take(&at, end, SPAN("=")) && take_blanks(&at, end, false) &&
        (take(&at, end, SPAN("php")) || take(&at, end, SPAN("\"php\"")) ||
         take(&at, end, SPAN("'php'"))) &&
        take_blanks(&at, end, false) && take(&at, end, SPAN(">")))
        return (struct php_tag){(size_t)(at - text.at), PHP_OPEN, PHP_TOKEN_SCRIPT};
    return (struct php_tag){0, PHP_HTML, 0};
}

struct php_tag php_tag_at(struct span text, bool old)
{
    if (text.len < 2 || (text.at[1] != '?' && !old))
        return (struct php_tag){0, PHP_HTML, 0};
    switch (text.at[1]) {
    case '?': return question_tag(text);
    case '%':
        if (text.len > 2 && text.at[2] == '=')
            return (struct php_tag){3, PHP_OPEN_ECHO, PHP_TOKEN_ASP};
        return (struct php_tag){2, PHP_OPEN, PHP_TOKEN_ASP};
    case 's':
    case 'S': return script_tag(text);
    default: return (struct php_tag){0, PHP_HTML, 0};
    }
}
