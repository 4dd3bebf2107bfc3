/* originals_test - a released file with a block put into it is recognised, wherever the block is.
 */
#include "spamgear/scan/originals.h"

#include "test.h"

#define ORIGINAL                                                                                   \
    "<?php\n/* A comment. */\nfunction first($a, $b)\n{\n    return $a + $b * 2;\n}\n"             \
    "class Thing\n{\n    public $name = 'thing';\n    public function get()\n    {\n"              \
    "        return strtoupper($this->name) . '!';\n    }\n}\n$thing = new Thing();\n"             \
    "echo $thing->get(), first(1, 2);\n"
#define BLOCK "$x = 'marker'; if (isset($x)) { inert($x); }\n"

struct row {
    struct php_tokens tokens;
    struct php_sequence sequence;
};

static void row_of(const char *text, struct row *row)
{
    php_lex(span_text(text), 0, &row->tokens);
    php_sequence_of(span_text(text), &row->tokens, &row->sequence);
}

static void row_clear(struct row *row)
{
    php_sequence_clear(&row->sequence);
    php_tokens_clear(&row->tokens);
}

static void add(struct originals *originals, const char *text)
{
    struct row row = {0};
    struct php_print print;
    row_of(text, &row);
    if (php_print_of(&row.sequence, &print))
        originals_add(originals, &print);
    row_clear(&row);
}

/* The block's text, "" when none was found. */
static enum originals_result find(const struct originals *originals, const char *text,
                                  char block[1000])
{
    struct row row = {0};
    size_t from = 0, to = 0;
    row_of(text, &row);
    enum originals_result result = originals_find(originals, &row.sequence, &from, &to);
    block[0] = '\0';
    if (result == ORIGINALS_BLOCK) {
        size_t start = row.tokens.list.at[from].at;
        size_t end = row.tokens.list.at[to - 1].at + row.tokens.list.at[to - 1].len;
        memcpy(block, text + start, end - start);
        block[end - start] = '\0';
    }
    row_clear(&row);
    return result;
}

static void test_places(void)
{
    static const struct {
        const char *name, *text;
        enum originals_result result;
        const char *block;
    } cases[] = {
        {"as it is", ORIGINAL, ORIGINALS_SAME, ""},
        {"other", "<?php echo 1, 2, 3;", ORIGINALS_NONE, ""},
        {"before", "<?php " BLOCK "?>\n" ORIGINAL, ORIGINALS_BLOCK,
         "<?php $x = 'marker'; if (isset($x)) { inert($x); }\n?>\n"},
        {"behind", ORIGINAL BLOCK, ORIGINALS_BLOCK, "$x = 'marker'; if (isset($x)) { inert($x); }"},
        {"two blocks", "<?php inert();?>" ORIGINAL BLOCK, ORIGINALS_NONE, ""},
    };
    struct originals originals = {0};
    char block[1000];
    add(&originals, ORIGINAL);
    add(&originals, "<?php short();");
    originals_finish(&originals);
    test_number("one print", (int64_t)originals.prints.len, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_number(cases[i].name, find(&originals, cases[i].text, block), cases[i].result);
        test_text(cases[i].name, block, cases[i].block);
    }
    originals_clear(&originals);
}

/* The block at every place at which a line begins. */
static void test_inside(void)
{
    struct originals originals = {0};
    char text[2000], block[1000];
    const char *line = strchr(ORIGINAL, '\n') + 1, *whole = ORIGINAL;
    add(&originals, ORIGINAL);
    originals_finish(&originals);
    for (line = whole; (line = strchr(line, '\n')) != NULL && line[1] != '\0'; line++) {
        snprintf(text, sizeof text, "%.*s%s%s", (int)(line + 1 - whole), whole, BLOCK, line + 1);
        test_number("inside", find(&originals, text, block), ORIGINALS_BLOCK);
        test_number("its length", (int64_t)strlen(block), (int64_t)strlen(BLOCK) - 1);
    }
    originals_clear(&originals);
}

static void test_layout(void)
{
    struct originals originals = {0};
    char block[1000], text[2000];
    size_t len = 0;
    add(&originals, ORIGINAL);
    originals_finish(&originals);
    for (const char *at = ORIGINAL; *at != '\0'; at++) { /* as a transfer as text leaves it */
        if (*at == '\n')
            text[len++] = '\r';
        text[len++] = *at;
    }
    text[len] = '\0';
    test_number("carriage returns", find(&originals, text, block), ORIGINALS_SAME);
    originals_clear(&originals);
}

static void test_lines(void)
{
    static const char *const wrong[] = {"",
                                        "#php",
                                        "#php 60",
                                        "#php 60 1 2",
                                        "#php 60 1 2 3 4",
                                        "#php 60 g 2 3",
                                        "#php 6f 1 2 3",
                                        "#php 5 1 2 3",
                                        "#php 60 11111111111111111 2 3",
                                        "# php 60 1 2 3",
                                        "#php  60 1 2 3"};
    struct php_print print = {60, 0xfedcba9876543210, 0, 1}, back;
    struct strbuf line = {0};
    originals_write_line(&print, &line);
    test_text("written", strbuf_text(&line),
              "#php 60 fedcba9876543210 0000000000000000 0000000000000001\n");
    line.len--;
    test_true("read", originals_read_line(strbuf_span(&line), &back));
    test_true("the same", memcmp(&print, &back, sizeof print) == 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        test_true(wrong[i], !originals_read_line(span_text(wrong[i]), &back));
    strbuf_clear(&line);
}

int main(void)
{
    test_places();
    test_inside();
    test_layout();
    test_lines();
    return test_end();
}
