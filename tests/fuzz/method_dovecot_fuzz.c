/* method_dovecot_fuzz - any list of refused accounts, and anything that doveadm says: lines of
 * others stay, ours is found as it was written, and a session is counted for its own name only. The
 * first byte is the length of the name. */
#include "../../core/react/method_dovecot.c"
#include "fuzz.h"

static bool is_listed(struct span text, struct span name)
{
    for (struct span line; span_take_line(&text, &line);)
        if (span_is(name_of(line), name))
            return true;
    return false;
}

static void check_list(struct span text, struct span name)
{
    struct strbuf without = {0}, again = {0};
    copy_others(&without, text, name);
    hold(without.len <= text.len + 1);
    bool before = is_listed(strbuf_span(&without), name);
    strbuf_add_span(&without, name);
    strbuf_add_char(&without, '\n');
    hold(is_listed(strbuf_span(&without), name));
    copy_others(&again, strbuf_span(&without), name);
    hold(again.len + name.len + 1 == without.len);
    hold(span_has_prefix(strbuf_span(&without), strbuf_span(&again)));
    hold(is_listed(strbuf_span(&again), name) == before);
    strbuf_clear(&without);
    strbuf_clear(&again);
}

static void check_sayings(struct span text, struct span name)
{
    struct strbuf output = {0};
    size_t lines = 1;
    strbuf_add_span(&output, text);
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    hold(count_sessions(text, name) <= lines);
    if (does_not_run(&output))
        hold(text.len > strlen("connect"));
    strbuf_clear(&output);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char name[256];
    struct span text = fuzz_name(data, size, name);
    if (*name == '\0' || check_name(name, NULL) != 0)
        return 0;
    check_list(text, span_text(name));
    check_sayings(text, span_text(name));
    return 0;
}
