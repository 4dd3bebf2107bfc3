/* sql_statement - finds the parameters of a statement, for whichever database it is meant.
 *
 * The databases disagree about where a text ends: a backslash, $tag$, [name], # and comments in
 * comments mean something in one and nothing in another. Where they disagree the statement is
 * refused, so that a ? which is counted here is one for all of them.
 */
#include "sql_parts.h"

#include <ctype.h>
#include <stdbool.h>

struct scan {
    const char *at;
    const char *wrong; /* NULL: nothing */
    int parameters;
    struct strbuf *numbered; /* NULL: only count */
};

static void copy(struct scan *scan, size_t len)
{
    if (scan->numbered != NULL)
        strbuf_add(scan->numbered, scan->at, len);
    scan->at += len;
}

/* 'text', "name", `name`; the quote twice stands for itself. */
static void quoted(struct scan *scan)
{
    char quote = *scan->at;
    copy(scan, 1);
    while (*scan->at != '\0' && *scan->at != quote) {
        if (*scan->at == '\\')
            scan->wrong = "a backslash in quotes means different things to databases: a quote in a "
                          "text is written twice, and for a backslash CHR(92) or CHAR(92) stands";
        copy(scan, 1);
    }
    if (*scan->at == '\0')
        scan->wrong = "a quote does not end";
    else
        copy(scan, 1);
}

static void line_comment(struct scan *scan)
{
    if (scan->at[2] != '\0' && !isspace((unsigned char)scan->at[2]))
        scan->wrong = "-- without a blank behind it is no comment to MySQL";
    copy(scan, strcspn(scan->at, "\n"));
}

static void block_comment(struct scan *scan)
{
    const char *end = strstr(scan->at + 2, "*/"), *inner = strstr(scan->at + 2, "/*");
    if (end == NULL) {
        scan->wrong = "a comment does not end";
        return;
    }
    if (scan->at[2] == '!' || strncmp(scan->at + 2, "M!", 2) == 0)
        scan->wrong = "/*! is no comment to MySQL";
    if (inner != NULL && inner < end)
        scan->wrong = "a comment in a comment";
    copy(scan, (size_t)(end + 2 - scan->at));
}

static void parameter(struct scan *scan)
{
    if (isdigit((unsigned char)scan->at[1]) || scan->at[1] == '?')
        scan->wrong = "a parameter is a ? on its own";
    scan->parameters++;
    if (scan->numbered != NULL)
        strbuf_format(scan->numbered, "$%d", scan->parameters);
    scan->at++;
}

static void semicolon(struct scan *scan)
{
    if (scan->at[1 + strspn(scan->at + 1, " \t\r\n")] != '\0')
        scan->wrong = "more than one statement";
    copy(scan, 1);
}

/* :: is a cast of PostgreSQL, := an assignment. */
static void colon(struct scan *scan)
{
    if (scan->at[1] == ':')
        copy(scan, 1);
    else if (isalnum((unsigned char)scan->at[1]) || scan->at[1] == '_')
        scan->wrong = "parameters have no names of their own: write ?";
    copy(scan, 1);
}

static void step(struct scan *scan)
{
    unsigned char c = (unsigned char)*scan->at;
    if (c == '\'' || c == '"' || c == '`')
        quoted(scan);
    else if (c == '-' && scan->at[1] == '-')
        line_comment(scan);
    else if (c == '/' && scan->at[1] == '*')
        block_comment(scan);
    else if (c == '?')
        parameter(scan);
    else if (c == ';')
        semicolon(scan);
    else if (c == ':')
        colon(scan);
    else if (strchr("$@#[", c) != NULL || c == '\\')
        scan->wrong = "$, @, #, [ and \\ outside quotes mean different things to databases: a name "
                      "with one of them stands in quotes, and a variable cannot be used";
    else if ((c < ' ' && !isspace(c)) || c == 127)
        scan->wrong = "a control byte";
    else
        copy(scan, 1);
}

int sql_parameters(const char *statement, struct strbuf *why)
{
    struct scan scan = {.at = statement};
    while (*scan.at != '\0' && scan.wrong == NULL)
        step(&scan);
    return scan.wrong == NULL ? scan.parameters : strbuf_why(why, "%s", scan.wrong);
}

void sql_number_parameters(struct strbuf *out, const char *statement)
{
    struct scan scan = {.at = statement, .numbered = out};
    while (*scan.at != '\0' && scan.wrong == NULL)
        step(&scan);
}
