<?php
/* php_lexer_peer.php SEED COUNT - harmless PHP sources, and what PHP's own lexer takes their bytes
 * for. A line each: the source in hexadecimal, a blank, a letter a byte: h HTML, d names and
 * tags, k keywords and operators, s strings, c comments, or . for blanks.
 *
 * PHP without the tokenizer extension tells its tokens through highlight_string() only. */

const PIECES = [
    // tags and blanks
    '<?php ', "<?php\n", '<?=', '<? ', '?>', "?>\n", '<', '<b>', ' ', ' ', "\n", "\t", "\r\n",
    // comments
    '// a ', "// b\n", '# c', "# d ?> e\n", '/* f */', '/** g', '*/', '#[', '#', '/',
    // names and words
    'a', 'Foo', '_b1', 'b', 'A\B', '\c\d', '\\', 'namespace\e', 'if', 'ELSE ', 'fn', 'list', 'x',
    'class', 'yield ', 'yield from ', 'echo ', 'die', 'array', 'use ', 'match', 'from', "\xc3\xa9",
    'from', '__LINE__', 'null', 'instanceof ', 'new ', 'require_once ', 'endforeach', 'static',
    // variables and members
    '$a', '$b1', '$', '$this', '->', '?->', '::', '$a->list', '$a?->if ', '->x', '$$c',
    // numbers
    '0', '12', '0x1F', '0b11', '0o17', '1_000', '_1', '1.5', '.5', '1.', '1e3', 'e+5', '0x', '..',
    // operators
    '=', '==', '===', '=>', '<=>', '<<', '>>=', '**', '??', '??=', '...', '.', '&&', '|', '^', '!',
    '+', '-', '--', '*', '%', '&', '?', ':', '@', '~', ',', ';', '(', ')', '[', ']', '{', '}',
    '(int)', '( string )', "(\tBool)", '(binary)', '(unset)', '(object', '( x )', '(float) ',
    // strings
    '\'', '"', '`', 'b\'', 'b"', 'B', '\\\'', '\\"', '\\`', '\\\\', '\x41', '\u{e9}', '\101',
    '{$', '${', '{$a}', '${a}', '${a[0]}', '${a + 1}', '{$a["b"]}', '"$a[0]"', '"$a[b]$a[-1]"',
    '$a[', '$a[0]', '$a[$b]', '$a[x]', '"a $b->c d"', '`a $b`', '\'a\'', '"b"', '"{$a["$b"]}"',
    // heredocs
    "<<<A\n", "<<<'A'\n", "<<<\"A\"\n", "b<<<A\r\n", "<<< \tA\n", '<<<', "\nA", "\nA;\n", "\n  A",
    "\nA\n", "\nAB", "A\n", "<<<A\nA\n", "<<<A\nx \$a {\$b}\n A;\n", "<<<'A'\n\$a\nA\n",
    // bytes that mean nothing
    "\0", "\1", "\x7f", "\xff", "\x80", "\v", "\f",
];

function make(): string
{
    do {
        $source = mt_rand(0, 9) > 0 ? '<?php ' : '';
        $soup = mt_rand(0, 4) === 0;
        for ($left = mt_rand(1, 40); $left > 0; $left--)
            $source .= $soup && mt_rand(0, 1) ? chr(mt_rand(0, 255)) : PIECES[mt_rand(0, count(PIECES) - 1)];
        // What is a tag, a word or a heredoc's end for one of both only.
        $odd = '/<\?(?!php[ \n\t]|=|[ \n$])|^#!|halt|enum|readonly|yield\s+from[^ ]|A\z/i';
    } while (preg_match($odd, $source));
    return $source;
}

/* The letters of a source. */
function classes(string $source): string
{
    static $shown = ["\n" => '<br />', ' ' => '&nbsp;', "\t" => '&nbsp;&nbsp;&nbsp;&nbsp;',
                     '<' => '&lt;', '>' => '&gt;', '&' => '&amp;'];
    $text = highlight_string($source, true);
    $at = strpos($text, "\n") + 1;
    $class = 'h';
    $classes = '';
    foreach (str_split($source) as $byte) {
        while (preg_match('~\G(?:<span style="color: (\w)">|</span>\n?)~', $text, $tag, 0, $at)) {
            $at += strlen($tag[0]);
            $class = $tag[1] ?? 'h';
        }
        $want = $shown[$byte] ?? $byte;
        if (substr_compare($text, $want, $at, strlen($want)) !== 0)
            exit("the highlighter left out " . bin2hex($source) . "\n");
        $at += strlen($want);
        $classes .= strpos(" \t\r\n", $byte) === false ? $class : '.';
    }
    return $classes;
}

foreach (['html' => 'h', 'default' => 'd', 'keyword' => 'k', 'string' => 's', 'comment' => 'c'] as $name => $letter)
    ini_set("highlight.$name", $letter);
mt_srand((int) $argv[1]);
for ($left = (int) $argv[2]; $left > 0; $left--) {
    $source = make();
    echo bin2hex($source), ' ', classes($source), "\n";
}
