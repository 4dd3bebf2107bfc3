/* method_steps - a method tried step by step on files of the test's own, in a folder of its own. */
#ifndef SPAMGEAR_TESTS_METHOD_STEPS_H
#define SPAMGEAR_TESTS_METHOD_STEPS_H

#include "spamgear/base/infile.h"
#include "spamgear/base/scratch.h"
#include "spamgear/react/method.h"
#include "test.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;
static struct react_settings settings = {.timeout_s = 20, .hold_max = 1000};
static struct target target = {.kind = SENDER_SASL, .reason = "131 messages", .case_id = 7};
static struct strbuf memo;

/* "FOLDER/name"; good until the eighth call from now. */
static inline char *in_folder(const char *name)
{
    static char paths[8][4096];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline void put(const char *name, const char *text, mode_t mode)
{
    FILE *f = fopen(in_folder(name), "w");
    test_true(name, f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 &&
                        chmod(in_folder(name), mode) == 0);
}

static inline void test_file(const char *what, const char *name, const char *want)
{
    struct strbuf text = {0};
    test_number(what, infile_read(in_folder(name), 1 << 20, &text, NULL, NULL), 0);
    test_text(what, strbuf_text(&text), want);
    strbuf_clear(&text);
}

/* One operation of the method, and in a word (and the sentence) what came of it. */
static inline void step(const struct method *method, const char *operation, const char *want)
{
    static const char *const plans[] = {"refused: ", "needed: ", "in force: ", "nothing: "};
    static const char *const states[] = {"untold: ", "off", "on"};
    struct strbuf why = {0}, what = {0}, got = {0}, name = {0};
    strbuf_format(&name, "%s %s %s", method->name, operation, target.name);
    if (strcmp(operation, "plan") == 0) {
        strbuf_reset(&memo);
        enum method_plan plan = method->plan(&settings, &target, &what, &memo, &why);
        strbuf_format(&got, "%s%s", plans[plan + 1],
                      strbuf_text(plan == METHOD_REFUSED || plan == METHOD_NOTHING ? &why : &what));
    } else if (strcmp(operation, "look") == 0) {
        enum method_state state = method->look(&settings, &target, strbuf_span(&memo), &why);
        strbuf_format(&got, "%s%s", states[state + 1], strbuf_text(&why));
    } else {
        int result = strcmp(operation, "check") == 0 ? method->check(&settings, &why)
                     : strcmp(operation, "apply") == 0
                         ? method->apply(&settings, &target, strbuf_span(&memo), &why)
                         : method->undo(&settings, &target, strbuf_span(&memo), &why);
        strbuf_format(&got, "%s%s", result == 0 ? "good" : "failed: ", strbuf_text(&why));
    }
    size_t len = strlen(want); /* "...": whatever follows */
    if (len > 3 && strcmp(want + len - 3, "...") == 0 && got.len >= len - 3)
        test_bytes(strbuf_text(&name), got.data, len - 3, want, len - 3);
    else
        test_text(strbuf_text(&name), strbuf_text(&got), want);
    strbuf_clear(&why);
    strbuf_clear(&what);
    strbuf_clear(&got);
    strbuf_clear(&name);
}

static inline int begin(void)
{
    umask(022);
    folder = scratch_make("/tmp", 0, 0, NULL);
    return folder != NULL && chmod(folder, 0755) == 0 ? 0 : -1;
}

static inline int end(void)
{
    strbuf_clear(&memo);
    test_number("cleaned up", scratch_remove(folder), 0);
    free(folder);
    return test_end();
}

#endif
