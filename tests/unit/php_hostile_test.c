/* php_hostile - PHP that was written against those who read it: bombs, endless loops, deep and long
 * texts.
 *
 * Each input is walked whole. It must end within its budgets, on a small stack, with its memory
 * bounded; what stands behind it (a request that is run) must be seen all the same, for a bomb must
 * not be a way to hide; and the steps it takes must not more than double, or little more, when it
 * is twice as long.
 */
#include "spamgear/php/run.h"

#include "spamgear/base/strbuf.h"
#include "test.h"
#include <pthread.h>
#include <stdlib.h>

#define STACK_BYTES (8u << 20)
#define BEHIND      "\n eval($_POST[1]);"

/* In `each`, # is the number of the repetition, ~ the one after it. */
struct hostile {
    const char *name, *before, *each, *after;
    size_t count;
    bool hides; /* by PHP's own rules nothing behind it is reached */
    bool known; /* that in some surroundings nothing is computed behind it */
};

/* ---- bombs and endless loops: short texts ---- */

static const struct hostile bombs[] = {
    {"repeat", .before = "$x = str_repeat('a', 1000000000);"},
    {"repeat negative", .before = "$x = str_repeat('a', -5) . str_repeat('a', PHP_INT_MIN);"},
    {"repeat of repeat",
     .before = "$x = str_repeat(str_repeat(str_repeat('a', 1000), 1000), 1000);"},
    {"pad", .before = "$x = str_pad('a', 2000000000, 'xy', STR_PAD_BOTH);"},
    {"implode", .before = "$x = implode(str_repeat('a', 100000), range(0, 100000));"},
    {"range", .before = "$x = range(0, PHP_INT_MAX); $y = range(PHP_INT_MIN, PHP_INT_MAX, 3);"},
    {"range backwards", .before = "$x = range(1e300, -1e300, 1e-300);"},
    {"array_fill", .before = "$x = array_fill(0, 2000000000, 'a');"},
    {"array_pad", .before = "$x = array_pad(array(), -2000000000, 1);"},
    {"sprintf", .before = "$x = sprintf('%1000000000s', 'a') . sprintf('%.1000000000f', 1);"},
    {"sprintf arguments", .before = "$x = sprintf('%999999999$s%99999999999999999999s', 1);"},
    {"number_format", .before = "$x = number_format(1.5, 2000000000);"},
    {"growth", .before = "$x = 'aaaaaaaaaa'; while (1) $x = str_replace('a', $x, $x);"},
    {"growth without a loop",
     .before = "$x = str_repeat('a', 30000); $x = str_replace('a', $x, $x);"},
    {"strtr", .before = "$x = str_repeat('a', 30000); $x = strtr($x, array('a' => $x));"},
    {"doubling", .before = "$x = 'aa'; for ($i = 0; $i < 100; $i++) $x .= $x;"},
    {"doubling by name",
     .before = "$x = 'aa'; while (true) { $y = 'x'; $$y = $$y . $$y; $x = strrev($x); }"},
    {"chunk_split",
     .before = "$x = chunk_split(str_repeat('a', 90000), 1, str_repeat('b', 90000));"},
    {"wordwrap", .before = "$x = wordwrap(str_repeat('a ', 90000), 1, str_repeat('b', 90000), 1);"},
    {"nl2br", .before = "$x = str_repeat(\"\\n\", 2000000); while (1) $x = nl2br($x);"},
    {"htmlspecialchars", .before = "$x = '&'; while (1) $x = htmlspecialchars($x) . $x;"},
    {"nested arrays", .before = "$a = array(); while (true) $a = array($a);"},
    {"nested and read",
     .before = "$a = 'x'; for ($i = 0; $i < 5000; $i++) $a = array($a); $b = implode(',', $a);"
               "$c = serialize($a); $d = $a == $a; print_r($a, true); $e = count($a, 1);"},
    {"shared arrays", .before = "$a = 1; for ($i = 0; $i < 60; $i++) $a = array($a, $a);"
                                "$b = implode(',', $a); trim($a); $c = serialize($a);"
                                "$d = count($a, 1); $e = $a == $a; $f = $a === array($a, $a);"},
    {"shared arrays compared",
     .before = "$a = 1; $b = 1; for ($i = 0; $i < 60; $i++) { $a = array($a, $a);"
               "$b = array($b, $b); } $d = $a == $b; $e = $a === $b; $f = $a < $b;"
               "$g = in_array($a, $b); sort($a); array_walk_recursive($a, 'trim');"},
    {"arrays of themselves", .before = "$a = array(); $a[] = &$a; $a[] = &$a; $b = $a;"
                                       "implode($a); $c = serialize($a); $d = $a == $b;"},
    {"arrays that grow into themselves", .before = "$a = array(1); while (1) $a[] = $a;"},
    {"references in a ring",
     .before = "$a = &$b; $b = &$c; $c = &$a; $a = 1; $x['y'] = &$x; $x['y']['y']['y'] = $x;"},
    {"references of elements", .before = "$a['x'] = &$b['x']; $b['x'] = &$a['x']; $a['x']['x'] = 1;"
                                         "$a['x'] = &$a['x']['x']; $a['x'] = &$a; $a['x'] = 5;"},
    {"merging", .before = "$a = range(0, 1000); while (1) $a = array_merge($a, $a);"},
    {"foreach in foreach", .before = "$a = range(1, 9000); foreach ($a as $x) foreach ($a as $y)"
                                     " foreach ($a as $z) $t .= 'a';"},
    {"foreach that adds", .before = "$a = array(1); foreach ($a as &$x) { $a[] = $x; }"},
    {"array_map in array_map",
     .before = "$a = range(1, 1000); function m($x) { global $a; return array_map('m', $a); }"
               "$b = array_map('m', $a);"},
    {"while true", .before = "while (true) { $i++; }"},
    {"a loop in a loop", .before = "while (1) { while (1) { while (1) { $i++; } } }"},
    {"a loop that does nothing", .before = "for (;;);"},
    {"do", .before = "do { $a .= $a . 'x'; } while (1);"},
    {"goto", .before = "a: $i++; goto a; b: goto b;", .hides = true},
    {"recursion", .before = "function f($x) { return f($x . 'a') . f($x . 'b'); } f('');"},
    {"recursion with numbers",
     .before = "function f($n) { return $n < 2 ? 1 : f($n - 1) + f($n - 2); } $x = f(40);"},
    {"mutual recursion", .before = "function f($x) { return g($x . '1') . g($x . '2'); } function "
                                   "g($x) { return f($x . '3') . f($x . '4'); } f(1);"},
    {"ackermann", .before = "function a($m, $n) { return $m == 0 ? $n + 1 : ($n == 0 ? a($m - 1, 1)"
                            " : a($m - 1, a($m, $n - 1))); } $x = a(4, 4);"},
    {"a closure of itself",
     .before = "$f = function () use (&$f) { return $f() . $f(); }; $f(); $g = fn($x) => $g($x);"},
    {"a combinator", .before = "$y = function ($f) { return $f($f); }; $y($y);"},
    {"generators", .before = "function g() { while (true) { yield g(); yield from g(); } }"
                             "foreach (g() as $x) foreach (g() as $y) echo $x;"},
    {"__get", .before = "class A { function __get($n) { return $this->$n . $this->b . $this->c; } }"
                        "$a = new A; $x = $a->x;"},
    {"__toString", .before = "class S { function __toString() { return $this . $this; } } $s = new "
                             "S; $x = \"$s$s\"; $y = (string) $s;"},
    {"__call", .before = "class C { function __call($n, $a) { return $this->$n($a, $a); } static "
                         "function __callStatic($n, $a) { return C::$n($a, $a); } }"
                         "$c = new C; $c->x(1); C::y(2);"},
    {"destructors", .before = "class D { function __construct() { new D; new D; } function "
                              "__destruct() { new D; new D; } } new D;"},
    {"cyclic inheritance",
     .before = "class A extends B { function f() { parent::f(); self::g(); } const X = B::X; }"
               "class B extends A { const X = A::X; public $p = self::X; } class E extends E {}"
               "$a = new A; $a->f(); $a->none(); $b = new B; $b->p = 1; echo E::X, A::X, A::Y;"},
    {"constants of themselves",
     .before = "class K { const A = self::B . self::B; const B = self::A . self::A; } echo K::A;"
               "define('Q', Q); const R = R . S; const S = R . S; echo Q, R, S;"},
    {"unserialize", .before = "$x = unserialize('a:1000000000:{i:0;i:0;}');"
                              "$y = unserialize(str_repeat('a:1:{i:0;', 100000));"
                              "$z = unserialize('s:2147483647:\"a\";');"
                              "$w = unserialize('O:4:\"Aaaa\":99999999:{}');"},
    {"json", .before = "$x = json_decode(str_repeat('[', 100000)); $y = json_encode($x);"},
    {"a regex that blows up",
     .before = "$x = preg_replace('/(a+)+$/', 'b', str_repeat('a', 30) . 'b');"
               "$y = preg_match('/^(([a-z])+.)+[A-Z]([a-z])+$/', str_repeat('a', 3000));"
               "$z = preg_split('/(x+x+)+y/', str_repeat('x', 30000));"},
    {"a regex of many parts",
     .before = "$x = preg_replace('/(((a{1,1000}){1,1000}){1,1000})/', 'b', str_repeat('a', 999));"
               "$y = preg_replace(str_repeat('(', 50000), 'b', 'c');"
               "$z = preg_replace('/a/', str_repeat('b', 30000), str_repeat('a', 30000));"},
    {"a regex and a long text",
     .before = "$x = str_repeat('a', 1000000); while (1) { preg_match('/a*b/', $x); $i++; }"},
    {"edges of integers",
     .before =
         "$m = PHP_INT_MIN; $x = $m / -1; $y = $m % -1; $z = intdiv($m, -1); $a = -$m;"
         "$b = 1 << 64; $c = 1 << -1; $d = 1 >> 99; $e = -1 >> 64; $f = $m * $m; $g = $m - 1;"
         "$h = abs($m); $i = 5 % 0; $j = 1 / 0; $k = 2 ** 100000; $l = (int) '1e1000';"
         "$n = $m ** $m; $o = 0 ** -1; $p = $m--; $q = PHP_INT_MAX; $q++; $m %= -1;"
         "$r = (int) NAN; $s = (int) 1e19; $t = round($s, -400); $u = base_convert($s, 36, 2);"
         "$v = chr($m) . dechex($m) . substr('abc', $m, $m) . substr('abc', -1, PHP_INT_MAX);"
         "$w = mt_rand($m, PHP_INT_MAX); $x = str_split('abc', PHP_INT_MAX);"
         "$y = substr_count('aaa', 'a', $m, $m); $z = array_slice(array(1), $m, $m);"
         "$a = array_chunk(array(1, 2), PHP_INT_MAX); $b = pack('a2147483647', 'a');"
         "$c = unpack('a2147483647/x2147483647', 'a'); $d = strpos('a', 'a', $m);"
         "$e = substr_replace('abc', 'x', $m, $m); $f = similar_text('a', 'b');"},
    {"edges of keys",
     .before =
         "$a[PHP_INT_MAX] = 1; $a[] = 2; $a[] = 3; $a[PHP_INT_MIN] = 4; $a[-1] = 5;"
         "$a['9223372036854775808'] = 6; $a['-0'] = 7; $a[1.9] = 8; $a[NAN] = 9; $a[null] = 1;"
         "$a[true] = 2; $a[array()] = 3; unset($a[PHP_INT_MAX]); $a[] = 4; list(, $b) = $a;"
         "$x = 'abc'; $x[PHP_INT_MAX] = 'd'; $x[-4] = 'e'; $x[2000000000] = 'f'; $y = $x[-9];"
         "$z = array_fill(PHP_INT_MAX, 3, 1); $z[] = 1; $w = range('a', PHP_INT_MAX);"
         "$f = array_fill(-5, 2, 0); $x[] = 'g'; $x['a']['b'] = 1;"},
    {"extract", .before = "$a = array('a' => 1, 'b' => 2, 'this' => 3, 'GLOBALS' => 4);"
                          "while (1) { extract($a); $a['k' . $i++] = $a; extract($_GET); }"},
    {"variable variables",
     .before = "$a = 'a'; $b = $$$$$$$$$$$$$$$$$$$$$$$$a; $c = 'd'; $d = 'c'; $$$$$$$$$$$$c = 1;"
               "${'x' . $$c} = ${${${'c'}}}; for ($i = 0; $i < 1000;) ${'v' . $i++} = $i;"},
    {"long keys",
     .before = "$k = str_repeat('k', 1000000); while (1) { $a[$k] = $i++; $b = $a[$k]; }"},
    {"long names", .before = "$k = str_repeat('k', 1000000); while (1) { $$k = $i++; $k(); }"},
    {"long methods",
     .before = "$k = str_repeat('K', 1000000); while (1) { $o->$k = $i++; $o->$k(); $k::f(); }"},
    {"long comparisons", .before = "$k = str_repeat('k', 1000000); $l = str_repeat('k', 1000000);"
                                   "while ($k == $l || $k === $l) { if ($k < $l) {} $i++; }"},
    {"long switches", .before =
                          "$k = str_repeat('k', 1000000) . 'a'; $l = str_repeat('k', 1000000);"
                          "while (1) { switch ($k) { case $l . 'b': case 0: } $i++; }"},
    {"long numbers", .before = "$k = str_repeat('1', 1000000); while (1) { $x = $k + 1; $i++; }"},
    {"long arguments", .before = "$k = str_repeat('k', 1000000); function f($x) { return 1; }"
                                 "while (1) { $x += f($k); }"},
    {"long writes", .before = "$k = str_repeat('k', 1000000); while (1) { $k[$i++] = 'x'; }"},
    {"long searches",
     .before = "$k = str_repeat('k', 1000000); while (1) { $x = strpos($k, 'l', $i++); }"},
    {"long and short", .before = "$k = str_repeat('k', 1000000); while (1) { $x = substr($k, 1); "
                                 "$y = md5($k); $z = strlen($k); $w = trim($k); }"},
    {"long hashes", .before = "$k = str_repeat('k', 1000000); while (1) { $k2 = sha1($k); $c = "
                              "crc32($k); $h = hash('sha512', $k); $i++; }"},
    {"long arrays", .before = "$a = range(0, 9000); while (1) { $b = $a; $b[0] = 1; $i++; }"},
    {"long arrays asked", .known = true,
     .before = "$a = range(0, 9000); while (1) { $i += in_array(-1, $a); $c = array_sum($a);"
               "array_shift($b); array_pop($a); $d = max($a); $e = array_flip($a); }"},
    {"long arrays in calls", .before = "$a = range(0, 9000); function f($x) { return count($x); }"
                                       "while (1) { $i += f($a); $j = foo($a); $k = trim($a); }"},
    {"unsetting", .before = "$a = range(0, 9000); $i = 4500; while (1) { unset($a[$i++]); }"},
    {"levenshtein", .before = "$a = str_repeat('ab', 9000); while (1) { $x = levenshtein($a, "
                              "strrev($a)); $y = similar_text($a, strrev($a)); $i++; }"},
    {"powers", .before =
                   "$x = bcpow('99999999', '99999999'); $y = 10 ** 10 ** 10; $z = "
                   "str_repeat('9', 100000) * str_repeat('9', 100000); gmp_pow(9, 99999999);"},
    {"a quine",
     .before = "$s = 'eval($s = str_replace(\"x\", \"xx\", $s) . \"/*x*/\");'; eval($s);"},
    {"a quine that counts", .before = "$i = 0; $s = '$i++; eval($s . \"//$i\");'; eval($s);"},
    {"a quine in a heredoc", .before =
                                 "$s = <<<'E'\n$t = base64_encode($s . ++$n); eval("
                                 "base64_decode($t)); $s .= ' '; eval($s); eval($s . $s);\nE;\n"
                                 "eval($s);"},
    {"a quine that reads itself",
     .before = "$t = file_get_contents(__FILE__); eval('?>' . $t . ' '); eval(substr($t, 5));"
               "include __FILE__; require $_SERVER['SCRIPT_FILENAME'];"},
    {"a quine that writes itself", .before = "$t = '<?php $n++; file_put_contents(\"$n.php\", $t . "
                                             "$n); eval(\"?>$t$n\");'; eval('?>' . $t);"},
    {"layers that differ",
     .before = "for ($i = 0; $i < 100000; $i++) { eval('$x = ' . $i . ';'); }"},
    {"layers as functions", .before = "for ($i = 0; $i < 100000; $i++) { eval(\"function f$i() { "
                                      "return f\" . ($i - 1) . '(); }'); $f = \"f$i\"; $f(); }"},
    {"large layers",
     .before = "$s = str_repeat('$a=1;', 100000); while (1) { eval($s . $i); $i++; }"},
    {"tainted bombs", .before =
                          "$x = str_repeat($_GET[1], 1000000000); while ($_GET[2]) { $x .= "
                          "$x; $a[] = $a; $a[$x] = $a; } foreach ($_POST as $k => $v) $$k = $v;"},
    {"bombs in a row", .known = true,
     .before = "while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++;"
               "while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++;"
               "while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++;"
               "while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++;"
               "while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++;"
               "while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++; while (1) $i++;"},
    {"long texts in arrays",
     .before = "$k = str_repeat('k', 500000); $l = strrev($k); $a = array_fill(0, 1000, $k); $b = "
               "array_fill(0, 1000, $l); while (1) { $x = $a == $b; $y = $a === $b; $z = $a <=> $b;"
               "$w = in_array($k . '1', $b); $i++; }"},
    {"long keys merged", .before = "$k = str_repeat('k', 500000); $l = strrev($k); $a[$k] = 1; "
                                   "$b[$l] = 2; while (1) { if ($_GET[1]) $a = $b; $i++; }"},
    {"memory in a row", .known = true,
     .before = "while (1) $a[] = $a; while (1) $b[] = $i++; while (1) $c .= $c . "
               "'a'; while (1) $d[$i++] = 1; while (1) $e[] = $i++; while (1) "
               "$f .= 'aaaa'; while (1) $g[] = $i++; while (1) $h[] = $i++;"},
};

/* ---- long and deep texts ---- */

static const struct hostile texts[] = {
    {"one line", "$x = '", "0123456789", "';", .count = 100000},
    {"a heredoc", "$x = <<<E\n", "0123456789 $x {$y[1]}\n", "E;\n", .count = 20000},
    {"a nowdoc", "$x = <<<'E'\n", "0123456789 E\n", "E;\n", .count = 50000},
    {"variables", "", "$v# = $v~;", "", .count = 50000},
    {"assigned variables", "", "$v# = 'a' . #;", "", .count = 50000},
    {"functions", "", "function f#($x) { return f~($x . 'a'); }", "f0('');", .count = 25000},
    {"functions backwards", "", "function f~($x) { return f#($x) . f#(1); }", "f25000('');",
     .count = 25000},
    {"uncalled functions", "", "function f#($x, $y) { $z = $x . $y; return $z; }", "",
     .count = 25000},
    {"classes", "", "class C# { public $p = #; function m() { return $this->p; } }", "",
     .count = 20000},
    {"inheritance", "",
     "class C# extends C~ { const X = parent::X; function m() { parent::m(); } }",
     "$o = new C0; $o->m(); echo C0::X;", .count = 20000},
    {"methods of one name", "", "class C# { function m($x) { $x->m($x); $this->m(1); } }",
     "$y->m(1);", .count = 15000},
    {"properties", "class C { ", "public $p# = '#';", "} $c = new C; $c->p1;", .count = 30000},
    {"constants", "", "define('C#', 'a' . C~);", "echo C0;", .count = 20000},
    {"class constants", "class C { ", "const C# = self::C~ . 'a';", "} echo C::C0;",
     .count = 20000},
    {"elements", "$a = array(", "'k#' => #,", "); foreach ($a as $k => $v) { $b .= $k; }",
     .count = 50000},
    {"elements of arrays", "$a = array(", "array(#, array('a' => 'b')),", "); $b = $a[7][1]['a'];",
     .count = 20000},
    {"elements written", "", "$a[#] = $a[~] . 'x';", "", .count = 40000},
    {"a concatenation", "$x = ''", " . 'abc'", ";", .count = 100000},
    {"a concatenation of variables", "$s = 'a';", "$s = $s . $s;", "", .count = 50000},
    {"appending", "$s = 'a';", "$s .= 'b';", "", .count = 80000},
    {"appending in front", "$s = 'a';", "$s = 'b' . $s;", "", .count = 50000},
    {"calls", "", "$x = trim($x); f($x);", "", .count = 40000},
    {"elseif", "if ($a) {}", " elseif ($a == #) { $x = #; }", "", .count = 40000},
    {"else if", "if ($a) {}", " else if ($a == #) { $x = #; }", "", .count = 40000},
    {"cases", "switch ($a) {", "case #: $x = #; break;", "}", .count = 40000},
    {"known cases", "switch (39999) {", "case #: $x = #; break;", "}", .count = 40000},
    {"switches", "", "switch ($a) { case 1: $x = 1; default: $y = 2; }", "", .count = 20000},
    {"match", "$x = match ($a) {", "# => '#',", "default => 1 };", .count = 40000},
    {"labels", "goto l0;", "l#: $x .= #; goto l~;", "l10000:", .count = 10000},
    {"labels backwards", "goto l10000;", "l#: $x .= #; if ($x) goto l~;",
     "l10000:", .count = 10000},
    {"labels in blocks", "", "l#: while ($x) { goto l~; m#: goto l#; }", "", .count = 10000},
    {"labels and pages", "l: $i++; goto l;", " ?>a<?php m#: $x .= #; goto l; b: goto b; ", "",
     .count = 5000, .hides = true},
    {"parentheses", "$x = ", "(", "1", .count = 50000, .hides = true},
    {"arrays in arrays", "$x = ", "[", "1", .count = 50000, .hides = true},
    {"closures", "$x = ", "function () { return ", "1", .count = 20000, .hides = true},
    {"arrows", "$x = ", "fn($a) => ", "1;", .count = 30000},
    {"ternaries", "$x = ", "$a ? 1 : ", "2;", .count = 40000},
    {"ternaries within", "$x = ", "$a ? ", "2;", .count = 40000, .hides = true},
    {"not", "$x = ", "!", "2;", .count = 100000},
    {"casts", "$x = ", "(int)-@", "2;", .count = 50000},
    {"assignments", "", "$x# = ", "2;", .count = 40000},
    {"coalescing", "$x = ", "$a# ?? ", "2;", .count = 40000},
    {"indexes", "$x = $a", "[0]", ";", .count = 60000},
    {"indexes within", "$x = ", "$a[", "0", .count = 40000, .hides = true},
    {"properties of properties", "$x = $a", "->b", ";", .count = 60000},
    {"methods of methods", "$x = $a", "->b()", ";", .count = 40000},
    {"calls of calls", "$x = $a", "()", ";", .count = 60000},
    {"variable variables", "$x = ", "$", "a;", .count = 100000},
    {"braced names", "$x = ", "${", "a", .count = 50000, .hides = true},
    {"interpolation", "$x = \"", "{$a[\"", "x", .count = 20000, .hides = true},
    {"blocks", "", "{", "", .count = 50000, .hides = true},
    {"ifs", "", "if ($a) ", "$x = 1;", .count = 40000},
    {"loops", "", "while ($a) ", "$x = 1;", .count = 40000},
    {"known loops", "", "for ($i = 0; $i < 9; $i++) ", "$x .= 1;", .count = 40000},
    {"foreachs", "", "foreach ($a as $a) { ", "$x = 1;", .count = 20000, .hides = true},
    {"functions within", "", "function f#() { ", "$x = 1;", .count = 20000, .hides = true},
    {"try", "", "try { ", "", .count = 20000, .hides = true},
    {"evals", "", "eval(", "1", .count = 20000, .hides = true},
    {"tags", "", "?>a<?php ", "", .count = 50000},
    {"echo tags", "", "?>a<?= $x ?>b<?php ", "", .count = 30000},
    {"comments", "", "/* a */ # b\n // c\n", "", .count = 50000},
    {"unclosed strings", "", "$x = 'a\"$b';\"", "", .count = 30000, .hides = true},
    {"heredocs", "", "$x = <<<A#\n $b\nA#;\n", "", .count = 30000},
    {"heredocs that do not end", "", "$x = <<<A#\n", "", .count = 30000, .hides = true},
    {"attributes", "", "#[A(#)]\n", "function f() {}", .count = 30000},
    {"sightings", "", "eval($_GET[#]);", "", .count = 30000},
    {"sightings in functions", "", "function f#() { eval($_GET[#]); }", "", .count = 20000},
    {"flows", "$a = $_GET[1];", "$a = f($a) . $a;", "system($a);", .count = 40000},
    {"broken", "", ") ] } => ; function class ( [ ", "", .count = 30000, .hides = true},
    {"namespaces", "", "namespace A#\\B { use C#\\D as E#; E#::f(); }", "", .count = 15000},
    {"unions", "", "function f#(A|B|null $x = X::Y, ?int &...$y): ?Z {}", "", .count = 15000},
    {"static variables", "function f() {", "static $s# = 's#';", "} f();", .count = 30000},
    {"global variables", "function f() {", "global $g#; $g# = #;", "} f();", .count = 30000},
    {"references", "", "$r# = &$r~;", "$r0 = 1;", .count = 40000},
    {"references of elements", "", "$r[#] = &$r[~];", "$r[0] = 1;", .count = 20000},
    {"list", "list(", "$a#,", ") = $b;", .count = 40000},
    {"lists in lists", "", "list(", "$a", .count = 20000, .hides = true},
    {"compact", "$x = compact(", "'a#',", "'b'); extract($x);", .count = 40000},
    {"many arguments", "f(", "$a#,", "1);", .count = 50000},
    {"many parameters", "function f(", "$a#,", "$b) {} f(1);", .count = 40000},
    {"encoded texts", "", "$x# = base64_decode('JHggPSBzdHJyZXYoIiMjIyMiKTs=' . #);", "",
     .count = 20000},
    {"layers", "", "eval('$x# = #;');", "", .count = 20000},
    {"decoders",
     "function d($s) { $r = ''; for ($i = 0; $i < strlen($s); $i++) $r .= "
     "chr(ord($s[$i]) ^ 7); return $r; }",
     "$x# = d('abcdefgh#');", "", .count = 5000},
};

/* ---- making and walking ---- */

static void repeat(struct strbuf *out, const char *each, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (const char *at = each; *at != '\0'; at++)
            if ((*at == '#' && at[1] != '[') || *at == '~')
                strbuf_format(out, "%zu", i + (*at == '~'));
            else
                strbuf_add_char(out, *at);
}

static void make(struct strbuf *out, const struct hostile *row, size_t count)
{
    strbuf_reset(out);
    strbuf_add_text(out, "<?php ");
    strbuf_add_text(out, row->before);
    if (row->each != NULL)
        repeat(out, row->each, count);
    strbuf_add_text(out, row->after == NULL ? "" : row->after);
    strbuf_add_text(out, BEHIND);
}

static const struct php_limits limits = {.steps = 600000, .bytes = 4 << 20, .layers = 64};
static struct php_run *run;

static bool sees_request(const struct php_sightings *seen, size_t at)
{
    for (size_t i = 0; i < seen->list.len; i++) {
        const struct php_sighting *s = &seen->list.at[i];
        if (s->sink == PHP_SINK_EVAL && (s->value.taint & PHP_FROM_REQUEST) != 0 &&
            (s->layer > 0 || s->at >= at || seen->list.len == PHP_SIGHTINGS))
            return true;
    }
    return false;
}

/* Layers are paid for by their length. */
static uint64_t bytes_of(const struct php_sightings *seen)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < seen->layers.len; i++)
        bytes += seen->layers.at[i].text.len;
    return bytes;
}

static const struct php_sightings *check(const char *name, const struct strbuf *text, bool hides,
                                         struct php_cost *cost)
{
    const struct php_sightings *seen = php_run_file(run, strbuf_span(text));
    *cost = php_run_cost(run);
    test_true(name, cost->steps <= limits.steps + limits.steps / 2 + 1 + bytes_of(seen));
    test_true(name, cost->bytes <= limits.bytes * 2);
    test_true(name, seen->layers.len <= limits.layers + 1);
    if (!hides && !sees_request(seen, text->len - 20)) {
        test_true(name, false);
        printf("  what stands behind it is not seen; spent: %s\n",
               seen->spent == NULL ? "nothing" : seen->spent);
    }
    return seen;
}

static bool sees_hidden_command(const struct php_sightings *seen)
{
    for (size_t i = 0; i < seen->list.len; i++)
        if (seen->list.at[i].sink == PHP_SINK_COMMAND && seen->list.at[i].hidden_name)
            return true;
    return false;
}

/* A bomb in the file, in a function, in a branch: what is behind it is seen, and what has to be
 * computed there is computed. */
static void test_bombs(void)
{
    static const struct {
        const char *before, *after;
    } around[] = {{"", ""},
                  {"function around() { ", " } around();"},
                  {"class Around { function around() { ", " } }"},
                  {"if ($_GET[1]) { foreach ($_GET as $g) { ", " } }"}};
    struct strbuf text = {0};
    struct php_cost cost;
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++)
        for (size_t a = 0; a < (bombs[i].hides ? 1u : sizeof around / sizeof around[0]); a++) {
            strbuf_reset(&text);
            strbuf_format(&text, "<?php %s%s $f = strrev('metsys'); $f($_POST[1]);%s%s",
                          around[a].before, bombs[i].before, around[a].after, BEHIND);
            const struct php_sightings *seen = check(bombs[i].name, &text, bombs[i].hides, &cost);
            if (!bombs[i].hides && !sees_hidden_command(seen)) {
                test_true(bombs[i].name, bombs[i].known);
                printf("  %s%s: nothing is computed behind it in %s%s\n",
                       bombs[i].known ? "known: " : "", bombs[i].name, around[a].before,
                       seen->spent == NULL ? ": not told" : "");
            }
        }
    strbuf_clear(&text);
}

/* Half of each, then all of it. */
static void test_texts(void)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct php_cost half, whole;
        make(&text, &texts[i], texts[i].count / 8);
        check(texts[i].name, &text, texts[i].hides, &half);
        make(&text, &texts[i], texts[i].count / 4);
        check(texts[i].name, &text, texts[i].hides, &whole);
        if (whole.steps * 2 > half.steps * 5 + 20000) {
            test_true(texts[i].name, false);
            printf("  %llu steps, twice as long: %llu\n", (unsigned long long)half.steps,
                   (unsigned long long)whole.steps);
        }
    }
    strbuf_clear(&text);
}

/* ---- layers in layers ---- */

static void encode(struct strbuf *out, struct span text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = (const unsigned char *)text.at;
    for (size_t i = 0; i < text.len; i += 3) {
        size_t left = text.len - i;
        unsigned bits =
            at[i] << 16u | (left > 1 ? at[i + 1] << 8u : 0) | (left > 2 ? at[i + 2] : 0);
        strbuf_add_char(out, digits[bits >> 18]);
        strbuf_add_char(out, digits[bits >> 12 & 63]);
        strbuf_add_char(out, left > 1 ? digits[bits >> 6 & 63] : '=');
        strbuf_add_char(out, left > 2 ? digits[bits & 63] : '=');
    }
}

/* A stored block: deflated without being made smaller. */
static void store(struct strbuf *out, struct span text)
{
    unsigned len = (unsigned)text.len;
    const char head[5] = {1, (char)len, (char)(len >> 8), (char)~len, (char)(~len >> 8)};
    strbuf_add(out, head, sizeof head);
    strbuf_add_span(out, text);
}

/* The innermost text within `layers` of decoders; each is a third longer, so that only a few bytes
 * are encoded again: the rest is appended by the layer itself. */
static void wrap(struct strbuf *text, unsigned layers, bool deflated)
{
    struct strbuf inner = {0}, stored = {0};
    for (unsigned i = 0; i < layers; i++) {
        strbuf_reset(&inner);
        strbuf_reset(&stored);
        if (deflated)
            store(&stored, strbuf_span(text));
        strbuf_add_text(&inner,
                        deflated ? "eval(gzinflate(base64_decode('" : "eval(base64_decode('");
        encode(&inner, deflated ? strbuf_span(&stored) : strbuf_span(text));
        strbuf_add_text(&inner, deflated ? "')));" : "'));");
        strbuf_reset(text);
        strbuf_add_span(text, strbuf_span(&inner));
    }
    strbuf_clear(&inner);
    strbuf_clear(&stored);
}

static void check_layers(unsigned layers, bool deflated, unsigned want)
{
    struct strbuf text = {0}, file = {0};
    struct php_cost cost;
    strbuf_add_text(&text, "eval($_POST[2]);");
    wrap(&text, layers, deflated);
    strbuf_add_text(&file, "<?php ");
    strbuf_add_span(&file, strbuf_span(&text));
    strbuf_add_text(&file, BEHIND);
    const struct php_sightings *seen = check("layers that the test encoded", &file, false, &cost);
    unsigned runs = 0, innermost = 0;
    for (size_t i = 1; i < seen->layers.len; i++)
        runs += seen->layers.at[i].run;
    for (size_t i = 0; i < seen->list.len; i++)
        innermost += seen->list.at[i].layer > 0 && seen->list.at[i].value.taint != 0;
    test_number("layers that are run", runs, want);
    test_number("innermost", innermost, 1);
    strbuf_clear(&text);
    strbuf_clear(&file);
}

/* Layers whose encoding would grow beyond all bounds: each makes the next from what it got. */
static void test_many_layers(void)
{
    static const char *const counts[] = {"1000", "100000"};
    check_layers(20, false, 20);
    check_layers(15, true, 15);
    for (size_t i = 0; i < 2; i++) {
        struct strbuf text = {0}, code = {0};
        struct php_cost cost;
        strbuf_format(&code, "if ($n++ < %s) eval(base64_decode($s) . '#' . $n);", counts[i]);
        strbuf_add_text(&text, "<?php $s = '");
        encode(&text, strbuf_span(&code));
        strbuf_add_text(&text, "'; eval(base64_decode($s)); " BEHIND);
        const struct php_sightings *seen = check("very many layers", &text, false, &cost);
        test_true("they are a budget", seen->spent != NULL);
        strbuf_clear(&text);
        strbuf_clear(&code);
    }
}

/* Deflated zeros: a literal, then matches of 258 bytes, 13 bits each: 8 of them are 13 bytes. */
static void zeros(struct strbuf *out, size_t eights)
{
    unsigned bits = 3, count = 3; /* the last block, fixed codes */
    static const char match[] = "1100010100000", literal[] = "00110000";
    const char *codes = literal;
    for (size_t i = 0; i <= eights * 8; i++, codes = match)
        for (const char *bit = codes; *bit != '\0'; bit++) {
            bits |= (unsigned)(*bit - '0') << count++;
            if (count == 8) {
                strbuf_add_char(out, (char)bits);
                bits = count = 0;
            }
        }
    strbuf_add_char(out, (char)bits);
    strbuf_add(out, "\0\0", 2);
}

static void test_inflating(void)
{
    static const char *const uses[] = {"$x = %s;", "eval(%s);", "while (1) { $x = %s; $i++; }",
                                       "echo strlen(%s); $y[] = @%s;", "$x = strrev(%s . %s);"};
    struct strbuf packed = {0}, call = {0}, text = {0};
    struct php_cost cost;
    zeros(&packed, 50000); /* 100 MB */
    strbuf_add_text(&call, "gzinflate(base64_decode('");
    encode(&call, strbuf_span(&packed));
    strbuf_add_text(&call, "'))");
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        strbuf_reset(&text);
        strbuf_add_text(&text, "<?php ");
        for (const char *at = uses[i]; *at != '\0'; at++)
            if (at[0] == '%' && at++ != NULL)
                strbuf_add_span(&text, strbuf_span(&call));
            else
                strbuf_add_char(&text, *at);
        strbuf_add_text(&text, BEHIND);
        check(uses[i], &text, false, &cost);
    }
    strbuf_clear(&packed);
    strbuf_clear(&call);
    strbuf_clear(&text);
}

static void test_one_line(void)
{
    struct strbuf text = {0};
    struct php_cost cost;
    strbuf_add_text(&text, "<?php $x = 'a' . '");
    repeat(&text, "0123456789", 1000000);
    strbuf_add_text(&text, "'; $y = $x . $x; $z = strrev($x); eval($x); " BEHIND);
    check("10 MB on a line", &text, false, &cost);
    strbuf_reset(&text);
    strbuf_add_text(&text, "<?php ");
    repeat(&text, "$a=1;", 400000);
    strbuf_add_text(&text, BEHIND);
    struct php_run *ordinary = php_run_new(NULL);
    const struct php_sightings *seen = php_run_file(ordinary, strbuf_span(&text));
    test_true("2 MB of code on a line", sees_request(seen, text.len - 20));
    php_run_free(ordinary);
    strbuf_clear(&text);
}

/* ---- */

static void *test_all(void *unused)
{
    run = php_run_new(&limits);
    test_bombs();
    test_texts();
    test_many_layers();
    test_inflating();
    test_one_line();
    php_run_free(run);
    return unused;
}

/* With a stack of its own: what is deep must not need more. */
int main(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    test_true("a thread", pthread_attr_init(&attributes) == 0 &&
                              pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
                              pthread_create(&thread, &attributes, test_all, NULL) == 0 &&
                              pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
    return test_end();
}
