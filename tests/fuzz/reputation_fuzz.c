/* reputation_fuzz - any list of addresses, and any names of senders: each line of a table is one
 * that Postfix reads as it was meant, and a name's line matches what Postfix writes of that name.
 */
#include "fuzz.h"
#include "spamgear/react/reputation.h"

#include <stdlib.h>

/* All lines but the first are START, something without control bytes, END. */
static void check_lines(struct span table, struct span start, struct span end, size_t most)
{
    struct span line;
    hold(span_has_suffix(table, SPAN("\n")) && span_take_line(&table, &line) && *line.at == '#');
    size_t lines = 0;
    for (; span_take_line(&table, &line); lines++) {
        hold(span_has_prefix(line, start) && span_has_suffix(line, end));
        hold(line.len > start.len + end.len);
        for (size_t i = 0; i < line.len; i++)
            hold(line.at[i] >= ' ' && line.at[i] < 127);
    }
    hold(lines <= most);
}

static void check_list(struct span text)
{
    struct texts addresses = {0}, problems = {0};
    struct strbuf table = {0};
    reputation_read(text, "list", &addresses, &problems);
    for (size_t i = 0; i < addresses.len; i++)
        hold(strchr(addresses.at[i], '@') != NULL && strpbrk(addresses.at[i], " #\"\\,") == NULL);
    size_t most = addresses.len;
    reputation_access(&addresses, "REJECT", &table);
    check_lines(strbuf_span(&table), SPAN(""), SPAN(" REJECT"), most);
    texts_clear(&addresses);
    texts_clear(&problems);
    strbuf_clear(&table);
}

static void check_names(struct span text)
{
    struct texts names = {0};
    struct strbuf table = {0};
    for (struct span line; span_take_line(&text, &line);) {
        char *name = mem_text_of(line.at, line.len);
        texts_add(&names, name);
        free(name);
    }
    size_t most = names.len;
    reputation_headers(&names, "[host.example]:25", &table);
    check_lines(strbuf_span(&table), SPAN("/^Received:.*[[:cntrl:]]\\(Authenticated sender: "),
                SPAN("\\)[[:cntrl:]]+by /i FILTER smtp:[host.example]:25"), most);
    texts_clear(&names);
    strbuf_clear(&table);
}

static void check_relay(struct span text)
{
    char *relay = mem_text_of(text.at, text.len);
    struct strbuf hop = {0}, why = {0};
    int result = reputation_next_hop(relay, &hop, &why);
    hold((result != 0) == (why.len > 0));
    if (result == 0)
        hold(*hop.data == '[' && strpbrk(strbuf_text(&hop), " \n\t/,") == NULL);
    strbuf_clear(&hop);
    strbuf_clear(&why);
    free(relay);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct span text = {(const char *)data, size};
    check_list(text);
    check_names(text);
    check_relay(text);
    return 0;
}
