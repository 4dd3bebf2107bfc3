/* method_command_fuzz - any template and any name: each word stays one word, what is put in is not
 * looked at again, and nothing else of the template changes. The template stands before the first
 * NUL, the name behind it. */
#include "../../core/react/method_command.c"
#include "fuzz.h"

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        count++;
    return count;
}

/* As long as the template with the values for the placeholders. */
static void check_word(const char *word, const struct target *target)
{
    struct strbuf filled = {0};
    size_t want = strlen(word);
    for (int i = NAME; i < PLACEHOLDERS; i++) {
        struct strbuf value = {0};
        add_value(&value, (enum placeholder)i, target);
        want += count_of(word, placeholders[i]) * value.len;
        want -= count_of(word, placeholders[i]) * strlen(placeholders[i]);
        strbuf_clear(&value);
    }
    fill_word(word, target, &filled);
    hold(filled.len == want);
    strbuf_clear(&filled);
}

static void check_command_of(const char *word)
{
    struct texts command = {0};
    struct strbuf why = {0};
    texts_add(&command, "program");
    texts_add(&command, word);
    bool good = check_command("command-disable", &command, &why) == 0;
    hold(good == (why.len == 0));
    hold(!good || strstr(word, "{name}") != NULL);
    texts_clear(&command);
    strbuf_clear(&why);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *word = mem_text_of((const char *)data, size);
    size_t len = strlen(word);
    const char *name = len < size ? word + len + 1 : "";
    struct target target = {
        .name = name, .reason = "over {name} limit", .expires = 7, .case_id = 1};
    check_word(word, &target);
    check_command_of(word);
    free(word);
    return 0;
}
