/* method_exim_list_fuzz - any name, any list: what is added is found, what is taken away again
 * leaves the list as it was. The first byte is the length of the name. */
#include "spamgear/react/method.h"

#include "fuzz.h"
#include "spamgear/base/infile.h"
#include <stdio.h>

static const char path[] = "./list"; /* run.sh runs in a folder that it removes */

static void write_list(struct span text)
{
    FILE *f = fopen(path, "w");
    hold(f != NULL && (text.len == 0 || fwrite(text.at, 1, text.len, f) == text.len));
    fclose(f);
}

static void hold_same(struct span want)
{
    struct strbuf text = {0};
    hold(infile_read(path, 1 << 24, &text, NULL, NULL) == 0);
    bool newline = text.len == want.len + 1 && want.len > 0;
    hold(span_is((struct span){text.data, text.len - newline}, want));
    strbuf_clear(&text);
}

static void check(const char *name, struct span text)
{
    struct react_settings settings = {.exim_list = (char[]){"./list"}, .timeout_s = 1};
    struct target target = {.name = name, .reason = name, .case_id = 7};
    const struct method *m = &method_exim_list;
    write_list(text);
    enum method_state before = m->look(&settings, &target, SPAN(""), NULL);
    hold(before != METHOD_UNTOLD);
    bool applied = m->apply(&settings, &target, SPAN(""), NULL) == 0;
    if (before == METHOD_ON || !applied) {
        hold_same(text);
        return;
    }
    hold(m->look(&settings, &target, SPAN(""), NULL) == METHOD_ON);
    hold(m->undo(&settings, &target, SPAN(""), NULL) == 0);
    hold(m->look(&settings, &target, SPAN(""), NULL) == METHOD_OFF);
    hold_same(text);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char name[256];
    struct span text = fuzz_name(data, size, name);
    check(name, text);
    return 0;
}
