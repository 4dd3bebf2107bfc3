/* php_tree - source and its tree: every kind of node, what binds how, what is broken, and what is
 * too deep or too long.
 */
#include "spamgear/php/tree.h"

#include "spamgear/base/strbuf.h"
#include "test.h"
#include <time.h>

static struct php_tokens tokens;
static struct php_tree tree;
static struct strbuf source;

static void parse(const char *text)
{
    struct span span = span_text(text);
    php_lex(span, PHP_LEX_CODE, &tokens);
    php_parse(span, &tokens, &tree);
}

static void shows(const char *text, const char *want, uint32_t mistakes)
{
    struct strbuf got = {0};
    parse(text);
    php_tree_show(span_text(text), &tokens, &tree, &got);
    test_text(text, strbuf_text(&got), want);
    test_number(text, tree.mistakes, mistakes);
    test_true(text, !tree.too_deep);
    strbuf_clear(&got);
}

/* ---- expressions ---- */

static const struct {
    const char *source, *want; /* without ; and the (do ...) around it */
} expressions[] = {
    {"$a", "$a"},
    {"$$a", "($ $a)"},
    {"$$a[0]", "(index ($ $a) 0)"},
    {"${'a'}['b']", "(index ($ 'a') 'b')"},
    {"${'a' . $b}", "($ (. ['a' $b]))"},
    {"\"a $b[c] $d[0] $e[-1] $f[$g] $h->i $j?->k\"",
     "(text [(piece a ) (index $b 'c) (piece  ) (index $d 0) (piece  ) (index $e (unary - 1)) "
     "(piece  ) (index $f $g) (piece  ) (-> $h i) (piece  ) (-> ? $j k)])"},
    {"\"{$a->b()} {$a['b']} ${c} ${d[1]} ${e . f}\"",
     "(text [(->call $a b) (piece  ) (index $a 'b') (piece  ) c (piece  ) (index d 1) (piece  ) ($ "
     "(. [e f]))])"},
    {"`ls $x`", "(shell [(piece ls ) $x])"},
    {"`ls`", "(shell (piece ls))"},
    {"f(...)", "(call f (argument ...))"},
    {"f($a, ...$b, c: $d)", "(call f [$a (argument ... $b) (argument $d c)])"},
    {"$a{0}", "(index $a 0)"},
    {"$a[0][1]", "(index (index $a 0) 1)"},
    {"$a[] = 1", "(= (index $a) 1)"},
    {"[1, 'a' => 2, ...$b, &$c]",
     "(array [(item _ 1) (item 'a' 2) (item ... _ $b) (item & _ $c)])"},
    {"array(1, array(2))", "(array [(item _ 1) (item _ (array (item _ 2)))])"},
    {"[, $a, , list('k' => $b)] = $c",
     "(= (array [(item) (item _ $a) (item) (item _ (array list (item 'k' $b)))]) $c)"},
    {"list($a, , $b) = f()", "(= (array list [(item _ $a) (item) (item _ $b)]) (call f))"},
    {"$a->b", "(-> $a b)"},
    {"$a?->b()", "(->call ? $a b)"},
    {"$a->$b", "(-> $a $b)"},
    {"$a->$b[0]", "(index (-> $a $b) 0)"},
    {"$a->{$b}()", "(->call $a $b)"},
    {"$a::$b", "(::$ $a $b)"},
    {"$a::$$b", "(::$ $a ($ $b))"},
    {"A::B", "(:: A B)"},
    {"A::class", "(:: A class)"},
    {"A::b()", "(::call A b)"},
    {"A::$b()", "(::call A $b)"},
    {"A::{$b}()", "(::call A $b)"},
    {"static::f()", "(::call static f)"},
    {"new A", "(new A)"},
    {"new A($b)", "(new A $b)"},
    {"new $a->b['c']($d)", "(new (index (-> $a b) 'c') $d)"},
    {"new (f())($a)", "(new (call f) $a)"},
    {"new class($a) extends B { }", "(new _ $a (class B))"},
    {"new A()->b()", "(->call (new A) b)"},
    {"(new A)->b()", "(->call (new A) b)"},
    {"(function () { })()", "(call (closure (function _ (block))))"},
    {"[$a, 'b']()", "(call (array [(item _ $a) (item _ 'b')]))"},
    {"'name'()", "(call 'name')"},
    {"\"...\"[0]", "(index \"...\" 0)"},
    {"A[0]", "(index A 0)"},
    {"-$a ** 2", "(unary - (** $a 2))"},
    {"2 ** -1", "(** 2 (unary - 1))"},
    {"2 ** 3 ** 2", "(** 2 (** 3 2))"},
    {"!$a instanceof B", "(unary ! (instanceof $a B))"},
    {"-$a * 3", "(* (unary - $a) 3)"},
    {"(int) $a . $b", "(. [(cast int $a) $b])"},
    {"@$a[0]", "(@ (index $a 0))"},
    {"@include 'a' or die", "(@ (include (|| 'a' (exit))))"},
    {"!$a = b()", "(unary ! (= $a (call b)))"},
    {"$a && $b = c()", "(&& $a (= $b (call c)))"},
    {"$a + $b . $c", "(. [(+ $a $b) $c])"},
    {"$a . $b + $c", "(. [$a (+ $b $c)])"},
    {"$a . $b . $c . $d", "(. [$a $b $c $d])"},
    {"($a . $b) . $c", "(. [(. [$a $b]) $c])"},
    {"$a << 1 . 2", "(. [(<< $a 1) 2])"},
    {"$a < $b == $c", "(== (< $a $b) $c)"},
    {"$a & $b == $c", "(& $a (== $b $c))"},
    {"$a | $b ^ $c & $d", "(| $a (^ $b (& $c $d)))"},
    {"$a || $b && $c", "(|| $a (&& $b $c))"},
    {"$a or $b and $c xor $d", "(|| $a (xor (&& $b $c) $d))"},
    {"$a = $b and $c", "(&& (= $a $b) $c)"},
    {"$a = $b = $c", "(= $a (= $b $c))"},
    {"$a = &$b", "(= & $a $b)"},
    {"$a .= $b ?: $c", "(.= $a (? $b _ $c))"},
    {"$a ?\? $b ?\? $c", "(?\? $a (?\? $b $c))"},
    {"$a ? $b : ($c ? $d : $e)", "(? $a $b (? $c $d $e))"},
    {"$a ? $b ? 1 : 2 : 3", "(? $a (? $b 1 2) 3)"},
    {"print $a and $b", "(&& (print $a) $b)"},
    {"print $a . print $b", "(print (. [$a (print $b)]))"},
    {"$a++ + ++$b", "(+ (++ after $a) (++ $b))"},
    {"$a->b++", "(++ after (-> $a b))"},
    {"clone $a->b", "(clone (-> $a b))"},
    {"isset($a, $b[0])", "(isset [$a (index $b 0)])"},
    {"empty($a)", "(empty $a)"},
    {"exit", "(exit)"},
    {"exit()", "(exit)"},
    {"die('a')", "(exit 'a')"},
    {"eval('?>' . $a)", "(eval (. ['?>' $a]))"},
    {"include 'a' . $b", "(include (. ['a' $b]))"},
    {"$x = include_once 'a'", "(= $x (include 'a'))"},
    {"throw new A", "(throw (new A))"},
    {"$a ?\? throw new A", "(?\? $a (throw (new A)))"},
    {"yield", "(yield)"},
    {"$a = yield $b", "(= $a (yield $b))"},
    {"yield $a => $b", "(yield $b $a)"},
    {"yield from f()", "(yield (call f))"},
    {"function &() use ($a, &$b) { return 1; }",
     "(closure (function & _ (block (return 1))) [$a &$b])"},
    {"static function () { }", "(closure (function static _ (block)))"},
    {"fn($a) => $a + 1", "(closure (function fn (parameter $a) (+ $a 1)))"},
    {"static fn&(int ...$a): ?A => $a and $b",
     "(&& (closure (function & static fn (parameter ... $a) $a)) $b)"},
    {"function (#[A] ?int $a, A|null &$b = 1 + 2, (A&B)|null ...$c): static { }",
     "(closure (function [(parameter $a) (parameter & $b (+ 1 2)) (parameter ... $c)] (block)))"},
    {"match ($a) { 1, 2 => 'x', default => throw $e, }",
     "(match $a [(case [1 2] 'x') (case _ (throw $e))])"},
    {"match ($a)", "(call match $a)"},
    {"match(true) { }", "(match true)"},
    {"$a |> f(...)", "(call (call f (argument ...)) $a)"},
    {"\\a\\b($c)", "(call \\a\\b $c)"},
    {"namespace\\a()", "(call namespace\\a)"},
    {"true", "true"},
    {"<<<A\n$a b\nA", "(text [$a (piece  b)])"},
    {"<<<'A'\n$a b\nA", "$a b"},
};

static void test_expressions(void)
{
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        struct strbuf want = {0};
        strbuf_reset(&source);
        strbuf_format(&source, "%s;", expressions[i].source);
        strbuf_format(&want, "(do %s)", expressions[i].want);
        shows(strbuf_text(&source), strbuf_text(&want), 0);
        strbuf_clear(&want);
    }
}

/* ---- statements ---- */

static const struct {
    const char *source, *want;
} statements[] = {
    {"if ($a) b();", "(if $a (do (call b)))"},
    {"if ($a) { b(); } elseif ($c) d(); else if ($e) { } else f();",
     "(if $a (block (do (call b))) elseif $c (do (call d)) elseif $e (block) (do (call f)))"},
    {"if ($a): b(); elseif ($c): else: d(); e(); endif;",
     "(if $a (block (do (call b))) elseif $c (block) (block [(do (call d)) (do (call e))]))"},
    {"if ($a): if ($b) c(); else d(); else: e(); endif;",
     "(if $a (block (if $b (do (call c)) (do (call d)))) (block (do (call e))))"},
    {"if ($a): if ($b) c(); else: d(); endif;",
     "(if $a (block (if $b (do (call c)))) (block (do (call d))))"},
    {"while ($a) b();", "(while $a (do (call b)))"},
    {"while ($a): b(); endwhile; c();", "(while $a (block (do (call b))))\n(do (call c))"},
    {"do { a(); } while ($b);", "(do-while (block (do (call a))) $b)"},
    {"do a(); while ($b);", "(do-while (do (call a)) $b)"},
    {"for (;;) ;", "(for)"},
    {"for ($i = 0, $j = 1; $i < 2; $i++, $j--) { a(); }",
     "(for [(= $i 0) (= $j 1)] (< $i 2) [(++ after $i) (-- after $j)] (block (do (call a))))"},
    {"for (;;): a(); endfor;", "(for _ _ _ (block (do (call a))))"},
    {"foreach ($a as $b) c();", "(foreach $a _ $b (do (call c)))"},
    {"foreach ($a as $k => &$v): c(); endforeach;", "(foreach & $a $k $v (block (do (call c))))"},
    {"foreach ($a as list($b, $c)) { }",
     "(foreach $a _ (array list [(item _ $b) (item _ $c)]) (block))"},
    {"foreach ($a as ['x' => $b]) { }", "(foreach $a _ (array (item 'x' $b)) (block))"},
    {"switch ($a) { case 1: case 2; b(); break; default: c(); }",
     "(switch $a [(case 1) (case 2 [(do (call b)) (break)]) (case _ (do (call c)))])"},
    {"switch ($a): ?>\n <?php case 1: b(); endswitch;", "(switch $a (case 1 (do (call b))))"},
    {"switch ($a) { case X: if ($b): c(); endif; break 2; }",
     "(switch $a (case X [(if $b (block (do (call c)))) (break 2)]))"},
    {"echo $a, $b; ?>x<?= $c, $d ?>y", "(echo [$a $b])\n(html x)\n(echo [$c $d])\n(html y)"},
    {"global $a, $$b; static $c = 1, $d; unset($e, $f[1]);",
     "(global [$a ($ $b)])\n(static [(= $c 1) $d])\n(unset [$e (index $f 1)])"},
    {"static::f(); static fn() => 1;",
     "(do (::call static f))\n(do (closure (function static fn _ 1)))"},
    {"try { a(); } catch (A|\\B $e) { b(); } catch (C) { } finally { d(); }",
     "(try (block (do (call a))) [(catch $e (block (do (call b)))) (catch _ (block))] (block (do "
     "(call d))))"},
    {"a: goto a; b: c();", "(label a)\n(goto a)\n(label b)\n(do (call c))"},
    {"return; return $a; continue; continue 2; break;",
     "(return)\n(return $a)\n(continue)\n(continue 2)\n(break)"},
    {"declare(ticks=1); declare(strict_types=1) { a(); } declare(ticks=2): b(); enddeclare;",
     "(block (do (call a)))\n(block (do (call b)))"},
    {"namespace A\\B; namespace { a(); } namespace C { }",
     "(namespace A\\B)\n(namespace (block (do (call a))))\n(namespace C (block))"},
    {"use A\\B as C, D; use A\\{B, function C}; use const A\\B;", "(use)\n(use)\n(use)"},
    {"const A = 1, B = 2;", "(const A 1)\n(const B 2)"},
    {"if ($a) const A = 1, B = 2;", "(if $a (block [(const A 1) (const B 2)]))"},
    {"function a(): int { function b() { } return 1; }",
     "(function a _ (block [(function b _ (block)) (return 1)]))"},
    {"function &a(array $b = [], ?A &$c = null, ...$d) { }",
     "(function & a [(parameter $b (array)) (parameter & $c null) (parameter ... $d)] (block))"},
    {"function match() { } function list($a) { }",
     "(function match _ (block))\n(function list (parameter $a) (block))"},
    {"{ a(); { } }", "(block [(do (call a)) (block)])"},
    {"abstract class A extends \\B\\C implements D, E { const F = 1, G = 2; var $h; public static "
     "?int $i = 1, $j; abstract function k(); final protected static function &l($m) { } use T, U "
     "{ a as b; T::c insteadof U; } use V; }",
     "(class A \\B\\C [(const F 1) (const G 2) (member $h) (member static $i 1) (member static $j) "
     "(function k) (function & static l (parameter $m) (block)) (use) (use)])"},
    {"final readonly class A { public function __construct(private readonly int $a = 1, public A&B "
     "$c) { } public const int D = 1; public (A&B)|null $e; }",
     "(class A _ [(function __construct [(parameter $a 1) (parameter $c)] (block)) (const D 1) "
     "(member $e)])"},
    {"class A { public string $a = 'x' { get => $this->b; set($v) { $this->b = $v; } } public "
     "private(set) int $c; public function list() { } }",
     "(class A _ [(member $a 'x') (function fn get _ (-> $this b)) (function set (parameter $v) "
     "(block (do (= (-> $this b) $v)))) (member $c) (function list _ (block))])"},
    {"interface A extends B, C { const D = 1; function e(); }",
     "(class A B [(const D 1) (function e)])"},
    {"trait A { abstract protected function b(); }", "(class A _ (function b))"},
    {"enum A: int implements B { case C = 1; case D; const E = self::C; public function f() { } }",
     "(class A _ [(const C 1) (const D) (const E (:: self C)) (function f _ (block))])"},
    {"enum(1); readonly(2);", "(do (call enum 1))\n(do (call readonly 2))"},
    {"#[A(1, ['x' => 2])] #[B]\nfunction a(#[C] $b) { } #[D] class E { #[F] public $g; #[H] "
     "function i() { } }",
     "(function a (parameter $b) (block))\n(class E _ [(member $g) (function i _ (block))])"},
    {"if ($a) ?>x<?php b();", "(if $a)\n(html x)\n(do (call b))"},
    {"?><b><?php if ($a): ?>c<?php else: ?>d<?php endif ?>e",
     "(html <b>)\n(if $a (block (html c)) (block (html d)))\n(html e)"},
    {"__halt_compiler(); f();", "(halted  f();)"},
    {"class A { function b() { class_exists('x'); new class { public $c; }; } }",
     "(class A _ (function b _ (block [(do (call class_exists 'x')) (do (new _ _ (class _ (member "
     "$c))))])))"},
    {"$a = new class extends B { function c() { } };",
     "(do (= $a (new _ _ (class B (function c _ (block))))))"},
    {"$a->class->list()->exit; A::print(); A::new; $a->if = 1;",
     "(do (-> (->call (-> $a class) list) exit))\n(do (::call A print))\n(do (:: A new))\n(do (= "
     "(-> $a if) 1))"},
    {"$a = function () { if (1): return; endif; };",
     "(do (= $a (closure (function _ (block (if 1 (block (return))))))))"},
};

static void test_statements(void)
{
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        shows(statements[i].source, statements[i].want, 0);
}

/* ---- what is broken ---- */

static const struct {
    const char *source, *want;
    uint32_t mistakes;
} broken[] = {
    {"foo bar; a();", "(do foo)\n(do bar)\n(do (call a))", 1},
    {"a(1, 2; b();", "(do (call a [1 2]))\n(do (call b))", 1},
    {"eval($_POST['a'];", "(do (eval (index $_POST 'a')))", 1},
    {"if ($a { b(); } c();", "(if (index $a (call b)))\n(do (call c))", 2},
    {"if ($a) { b(); c();", "(if $a (block [(do (call b)) (do (call c))]))", 1},
    {"} a();", "(do (call a))", 1},
    {"a(); } } else { b(); } endif; c();", "(do (call a))\n(block (do (call b)))\n(do (call c))",
     4},
    {"$a = ; b();", "(do (= $a))\n(do (call b))", 1},
    {"$a = 1 if ($b) c();", "(do (= $a 1))\n(if $b (do (call c)))", 1},
    {"$a = [1, 2; b();", "(do (= $a (array [(item _ 1) (item _ 2)])))\n(do (call b))", 1},
    {"\"{$a b} c\" . d(); e();", "(do (. [(text [$a (piece  c)]) (call d)]))\n(do (call e))", 1},
    {"function () a(); b();", "(do (closure (function)))\n(do (call b))", 1},
    {"function a( { b(); } c();", "(function a)\n(block (do (call b)))\n(do (call c))", 1},
    {"class A { foo bar; function b() { c(); } } d();",
     "(class A _ (function b _ (block (do (call c)))))\n(do (call d))", 1},
    {"class A { function b() { c(); public function d() { e(); } } f();",
     "(class A _ (function b _ (block [(do (call c)) (function d _ (block (do (call e))))])))", 3},
    {"class A { { b(); } function c() { } }",
     "(class A _ [(function _ (block (do (call b)))) (function c _ (block))])", 1},
    {"public function a() { b(); }", "(function a _ (block (do (call b))))", 1},
    {"switch ($a) { b(); case 1: c(); ", "(switch $a (case 1 (do (call c))))", 1},
    {"foreach ($a => $b) { c(); } d();", "(foreach $a)\n(block (do (call c)))\n(do (call d))", 1},
    {"for ($a; $b) { c(); } d();", "(for $a $b)\n(block (do (call c)))\n(do (call d))", 1},
    {"do a(); b();", "(do-while (do (call a)))\n(do (call b))", 1},
    {"try { a(); } catch { b(); }", "(try (block (do (call a))) (catch))\n(block (do (call b)))",
     1},
    {"match ($a) { 1 => b(), 2 c() }; d();",
     "(do (match $a [(case 1 (call b)) (case 2)]))\n(do (call d))", 2},
    {"#[ a comment before PHP 8\nb();", "(do (call b))", 1},
    {"#[\nb($c);", "(do (call b $c))", 1},
    {"if ($a): b(); } c();", "(if $a (block [(do (call b)) (do (call c))]))", 2},
    {"while ($a): b();", "(while $a (block (do (call b))))", 1},
    {"$a->; b();", "(do (-> $a))\n(do (call b))", 1},
    {"A::; b();", "(do (:: A))\n(do (call b))", 1},
    {"new; a();", "(do (new))\n(do (call a))", 1},
    {"1 +; a();", "(do (+ 1))\n(do (call a))", 1},
    {"$; a();", "(do ($))\n(do (call a))", 1},
    {"a() b() { c(); }", "(do (call a))\n(do (call b))\n(block (do (call c)))", 2},
    {"a(); ) ] ) b();", "(do (call a))\n(do (call b))", 3},
    {"case 1: a(); default: b();", "(do 1)\n(do (call b))", 3},
    {"<<<A\n$b", "(do (text $b))", 1},
    {"$a = 'x", "(do (= $a 'x))", 1},
    {"/* a", "", 0},
    {"a()", "(do (call a))", 1},
    {"abstract a();", "(do (call a))", 1},
    {"a() $b = c(d) @e() f()",
     "(do (call a))\n(do (= $b (call c d)))\n(do (@ (call e)))\n(do (call f))", 4},
};

static void test_broken(void)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        shows(broken[i].source, broken[i].want, broken[i].mistakes);
}

/* ---- what is deep or long ---- */

static void repeat(const char *before, const char *part, const char *middle, const char *after,
                   const char *end, unsigned times)
{
    strbuf_reset(&source);
    strbuf_add_text(&source, before);
    for (unsigned i = 0; i < times; i++)
        strbuf_add_text(&source, part);
    strbuf_add_text(&source, middle);
    for (unsigned i = 0; i < times; i++)
        strbuf_add_text(&source, after);
    strbuf_add_text(&source, end);
}

/* The statement behind the deep one is there. */
static bool ends_in_call_of_last(void)
{
    uint32_t number = tree.nodes.at[tree.root].a;
    while (number != 0 && tree.nodes.at[number].next != 0)
        number = tree.nodes.at[number].next;
    const struct php_node *node = &tree.nodes.at[tree.nodes.at[number].a];
    return node->kind == PHP_NODE_CALL &&
           span_is(php_token_text(strbuf_span(&source), &tokens.list.at[node->token]),
                   SPAN("last"));
}

static const struct {
    const char *before, *part, *middle, *after, *end;
    bool too_deep;
} nests[] = {
    {"", "(", "1", ")", "; last();", true},
    {"", "f(", "1", ")", "; last();", true},
    {"$a = ", "[", "1", "]", "; last();", true},
    {"", "{", "a();", "}", "last();", true},
    {"", "if (1) {", "a();", "}", "last();", true},
    {"", "if (1) ", "a();", "", "last();", true},
    {"", "function () { ", "", "};", "last();", true},
    {"", "new class { function a() { ", "", "}};", "last();", true},
    {"", "!", "$a", "", "; last();", true},
    {"", "$", "$a", "", "; last();", true},
    {"", "$a = ", "1", "", "; last();", true},
    {"", "$a ? 1 : (", "1", ")", "; last();", true},
    {"", "\"{$a[", "0", "]}\"", "; last();", true},
    {"$a", "[0]", "", "", "; last();", true},
    {"$a", "->b()", "", "", "; last();", true},
    {"$a", "()", "", "", "; last();", true},
    {"1", " + 1", "", "", "; last();", true},
    {"1", " ?: 1", "", "", "; last();", true},
    {"1", " . 1", "", "", "; last();", false},
    {"if (1) { }", " elseif (1) { }", "", "", " last();", false},
    {"if (1) { }", " else if (1) { }", "", "", " else { } last();", false},
    {"f(1", ", 1", "", "", "); last();", false},
    {"", "a();", "", "", "last();", false},
};

static void test_nests(void)
{
    for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
        repeat(nests[i].before, nests[i].part, nests[i].middle, nests[i].after, nests[i].end,
               20000);
        parse(strbuf_text(&source));
        test_true(nests[i].part, tree.too_deep == nests[i].too_deep && ends_in_call_of_last());
        test_number(nests[i].part, tree.mistakes, 0);
    }
}

static double seconds_of(const char *part, unsigned times)
{
    struct timespec from, to;
    repeat("", part, "", "", "", times);
    php_lex(strbuf_span(&source), PHP_LEX_CODE, &tokens);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    php_parse(strbuf_span(&source), &tokens, &tree);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* Eight times as much takes about eight times as long, not 64 times. */
static void test_linear(void)
{
    static const char *const parts[] = {
        "(",
        "[",
        "{",
        "}",
        ")",
        "f(",
        "#[",
        "#[a ",
        "\"{$a[",
        "if (1): ",
        "else ",
        "case 1: ",
        "fn(",
        "class A",
        "class A {",
        "function a(",
        "function a(){",
        "match(1) {",
        "$a{",
        "\"$a{$b",
        "<<<A\n$b{",
        "new ",
        "static ",
        "public ",
        "?>",
        "$",
        "a b ",
        "use A{",
        "switch (1) {",
        "a(1, ",
        "1 ? ",
        "try {",
        "do ",
        "foreach (",
        "for (;",
        "#[a(function() { ",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        double small = seconds_of(parts[i], 10000), large = seconds_of(parts[i], 80000);
        test_true(parts[i], large < 0.05 || large < small * 30);
    }
}

int main(void)
{
    test_expressions();
    test_statements();
    test_broken();
    test_nests();
    test_linear();
    strbuf_clear(&source);
    php_tokens_clear(&tokens);
    php_tree_clear(&tree);
    return test_end();
}
