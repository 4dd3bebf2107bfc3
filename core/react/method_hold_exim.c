/* method_hold_exim - exim -Mf and -Mt; whether a message is frozen stands in its header file. */
#include "method_hold.h"

#include "spamgear/base/infile.h"
#include <errno.h>

#define EXIM_BATCH   100 /* IDs on one command line */
#define HEADER_BYTES (4u << 20)

/* "-aclm 0 12", "--aclc _name 12" (tainted), "--(mysql)aclm _name 12" (and quoted for that). */
static bool is_acl_variable(struct span line)
{
    line = span_skip(line, span_has_prefix(line, SPAN("--")) ? 2 : 1);
    const char *quoter = span_has_prefix(line, SPAN("(")) ? span_find(line, SPAN(")")) : NULL;
    if (quoter != NULL)
        line = span_of(quoter + 1, span_end(line));
    return span_has_prefix(line, SPAN("acl"));
}

/* Values of ACL variables stand in lines of their own, may hold line ends, and were chosen by
 * strangers: "-aclm 0 12" is followed by 12 bytes and a line end. */
static void skip_value(struct span line, struct span *rest)
{
    unsigned long long bytes;
    const char *blank = span_find_last(line, SPAN(" "));
    if (is_acl_variable(line) && blank != NULL &&
        span_number(span_of(blank + 1, span_end(line)), &bytes) && bytes < rest->len &&
        rest->at[bytes] == '\n')
        *rest = span_skip(*rest, bytes + 1);
}

/* A header file (Exim's spec, "Format of spool files"): four lines, then options with a dash. */
static enum place read_header(struct span text)
{
    struct span line;
    for (int i = 0; i < 4; i++)
        span_take_line(&text, &line);
    while (span_take_line(&text, &line) && line.len > 0 && *line.at == '-') {
        if (span_has_prefix(line, SPAN("-frozen ")))
            return HELD;
        skip_value(line, &text);
    }
    return FREE;
}

/* 0; 1: there is no such file; -1 with why. */
static int look_into(const char *folder, const char *id, bool split, enum place *place,
                     struct strbuf *why)
{
    struct strbuf path = {0}, text = {0}, said = {0};
    if (split)
        strbuf_format(&path, "%s/input/%c/%s-H", folder, id[5], id);
    else
        strbuf_format(&path, "%s/input/%s-H", folder, id);
    int result = infile_read(strbuf_text(&path), HEADER_BYTES, &text, NULL, &said);
    if (result == 0)
        *place = read_header(strbuf_span(&text));
    else if (errno == ENOENT || errno == ENOTDIR)
        result = 1;
    else
        strbuf_why(why, "%s", strbuf_text(&said));
    strbuf_clear(&said);
    strbuf_clear(&path);
    strbuf_clear(&text);
    return result;
}

int method_hold_survey_exim(const struct react_settings *settings, struct messages *list,
                            struct strbuf *why)
{
    const char *set = settings->exim_spool;
    const char *const folders[] = {set == NULL || *set == '\0' ? "/var/spool/exim4" : set,
                                   set == NULL || *set == '\0' ? "/var/spool/exim" : NULL, NULL};
    for (size_t i = 0; i < list->len; i++) {
        int found = 1;
        for (size_t j = 0; list->at[i].exim && found == 1 && folders[j / 2] != NULL; j++)
            found = look_into(folders[j / 2], list->at[i].id, j % 2 == 1, &list->at[i].place, why);
        if (found < 0)
            return -1;
    }
    return 0;
}

static int run_exim(const struct react_settings *settings, const struct texts *ids, enum place from,
                    struct strbuf *why)
{
    struct texts words = {0};
    const char *program = settings->exim;
    method_words(&words, program == NULL || *program == '\0' ? "exim" : program,
                 from == FREE ? "-Mf" : "-Mt", NULL);
    for (size_t i = 0; i < ids->len; i++)
        texts_add(&words, ids->at[i]);
    int result = method_run(settings, &words, SPAN(""), NULL, why);
    texts_clear(&words);
    return result;
}

int method_hold_change_exim(const struct react_settings *settings, const struct messages *list,
                            enum place from, struct strbuf *why)
{
    struct texts ids = {0};
    int result = 0;
    for (size_t i = 0; i < list->len; i++) {
        if (list->at[i].exim && list->at[i].place == from)
            texts_add(&ids, list->at[i].id);
        if (ids.len == 0 || (ids.len < EXIM_BATCH && i + 1 < list->len))
            continue;
        if (run_exim(settings, &ids, from, why) != 0)
            result = -1;
        texts_clear(&ids);
    }
    return result;
}
