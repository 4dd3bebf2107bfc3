/* What is worth a walk, and what is passed over. */
#include "spamgear/php/gate.h"

#include "spamgear/base/strbuf.h"
#include "test.h"

static const struct {
    const char *text;
    bool passes;
} cases[] = {
    /* what strangers send */
    {"f($_GET['a']);", true},
    {"f($_FILES);", true},
    {"f('_POST');", true},
    {"f(file('php://input'));", true},
    {"f(getallheaders());", true},
    {"f($this->_GET, $get);", false},
    /* what runs something */
    {"eval($a);", true},
    {"EVAL('a');", true},
    {"system('ls');", true},
    {"\\system('ls');", true},
    {"$a->system('ls');", false},
    {"A::system('ls');", false},
    {"function system() {}", false},
    {"new System();", false},
    {"`ls`;", true},
    {"$a['b']('c');", true},
    {"(f())('c');", true},
    {"$f('c');", false},
    {"array_map('system', $a);", true},
    {"array_map('trim', $a);", false},
    {"f('system of a down');", false},
    {"preg_replace('/a/e', 'b', $c);", true},
    {"preg_replace('/a/i', 'b', $c);", false},
    {"f('/e', '%e', '@');", false},
    {"mail('a', 'b', 'c');", true},
    {"$a = $_SERVER['HTTP_REFERER']; header('Location: a');", true},
    {"$a->set_role('administrator');", true},
    {"file_put_contents('a', 'b');", true},
    /* what is included */
    {"include 'a.php';", false},
    {"include __DIR__ . '/a.php';", false},
    {"include $a . '.php';", true},
    {"include 'a.ico';", true},
    {"include \"$a.php\";", true},
    /* what hides something */
    {"f(base64_decode('YQ=='));", true},
    {"f('base64_decode');", true},
    {"f(chr(97) . chr(98));", false},
    {"f(chr(97) . chr(98) . chr(99));", true},
    {"f(\"\\x61\\142\\x63\");", true},
    {"f(\"\\x61\\n\\\\x61\\\\142\");", false},
    {"f('\\x61\\142\\x63');", false},
    {"f(\"$a\\x61\\142\\x63\");", true},
    {"f('a' ^ 'b');", true},
    {"$$a = 1;", true},
    {"goto a;", true},
    /* neither */
    {"", false},
    {"// eval($_GET['a']);", false},
    {"class A extends B { function c() { return parent::c(); } }", false},
};

static bool gate(struct span text)
{
    struct php_tokens tokens = {0};
    php_lex(text, 0, &tokens);
    bool passes = php_gate(text, &tokens);
    php_tokens_clear(&tokens);
    return passes;
}

/* Text behind a tag, and behind code that makes the file large or not. */
static struct strbuf code(const char *text, bool large)
{
    const int calls = large ? 200 : 20;
    struct strbuf out = {0};
    strbuf_format(&out, "<?php ");
    for (int i = 0; i < calls; i++)
        strbuf_format(&out, "f(%d); ", i);
    strbuf_format(&out, "%s", text);
    return out;
}

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf text = code(cases[i].text, true);
        test_true(cases[i].text, gate(strbuf_span(&text)) == cases[i].passes);
        strbuf_clear(&text);
    }
}

/* Small texts are walked for less, and so are those that look at what the server says. */
static void test_small(void)
{
    static const char *const texts[] = {"$f('c');", "unlink($a);", "assert($a);", "new $a;"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct strbuf small = code(texts[i], false), large = code(texts[i], true),
                      server = code("f($_SERVER['a']);", true);
        strbuf_format(&server, "%s", texts[i]);
        test_true(texts[i], gate(strbuf_span(&small)));
        test_true(texts[i], !gate(strbuf_span(&large)));
        test_true(texts[i], gate(strbuf_span(&server)));
        strbuf_clear(&small);
        strbuf_clear(&large);
        strbuf_clear(&server);
    }
    struct strbuf idle = code("f($a);", false);
    test_true("a small one that does nothing", !gate(strbuf_span(&idle)));
    strbuf_clear(&idle);
    test_true("a tiny one", gate(SPAN("<?php f($a);")));
    test_true("nothing", !gate(SPAN("")));
}

static void test_long_words(void)
{
    struct strbuf word = {0}, words = {0};
    strbuf_format(&word, "f('%0400d');", 0);
    strbuf_format(&words, "f('%0200d %0200d');", 0, 0);
    struct strbuf one = code(strbuf_text(&word), true), two = code(strbuf_text(&words), true);
    test_true("a long word", gate(strbuf_span(&one)));
    test_true("two words", !gate(strbuf_span(&two)));
    strbuf_clear(&one);
    strbuf_clear(&two);
    strbuf_clear(&word);
    strbuf_clear(&words);
}

int main(void)
{
    test_cases();
    test_small();
    test_long_words();
    return test_end();
}
