<?php
/* php_values.php operations|functions SEED COUNT - what PHP makes of random operations, or of
 * calls of functions that only compute: lines of NAME <tab> operands <tab> result, in the writing
 * that write() below explains; a result of ! where PHP refuses. php_values.c reads them. */
error_reporting(0);

/* n; b0; i-12; d<8 bytes in hex, big-endian>; s<hex>; a<count>; and then keys and values */
function write($value)
{
    if (is_array($value)) {
        $out = 'a' . count($value) . ';';
        foreach ($value as $key => $element)
            $out .= write($key) . write($element);
        return $out;
    }
    if (is_null($value))
        return 'n;';
    if (is_bool($value))
        return 'b' . (int)$value . ';';
    if (is_int($value))
        return "i$value;";
    if (is_string($value))
        return 's' . bin2hex($value) . ';';
    return 'd' . (is_nan($value) ? 'nan' : bin2hex(pack('E', $value))) . ';';
}

$texts = ['', '0', '1', '-1', ' 1', '1 ', "1\n", "\v1", "1\0", '+1', '-0', '-0.0', '0.0', '00012',
    '1e3', '1E3', '1e', '1e+', '1e-2', '1.', '.', '.5', '-.5', '1.e2', '-', '+', 'e5', '0x1A', '0b1',
    '12abc', '12 abc', ' 12 x', 'abc', 'a', 'z', 'Z', 'Az', 'zZ9', 'Zz9', 'a9', '-a9', 'a-9', 'zz',
    'php', "\xff\xfe", '9223372036854775807', '9223372036854775808', '-9223372036854775808',
    '-9223372036854775809', '18446744073709551616', '99999999999999999999', '99999999999999999999.5',
    '9223372036854775808.0', '1e1000', '-1e1000', '1e1001', '1e-1000', '0.1', '0.10', '1.5', '100',
    '1e2', 'INF', 'NAN', 'null', 'true', ' ', '10', '9', '1_000', '000', '0e1', '0e9', '0e9x'];
$numbers = [0, 1, -1, 2, 3, 7, 10, 12, 63, 64, 65, 100, 255, 256, 1000, PHP_INT_MAX, PHP_INT_MIN,
    PHP_INT_MAX - 1, PHP_INT_MIN + 1, 4294967296, 3037000500, 0.0, -0.0, 0.1, -0.5, 1.0, 1.5, 100.0,
    1e13, 1e14, 1e15, 1e16, 123456789012345678.0, 99999999999999.5, 999999999999999.5, 1e-4, 1e-5,
    1.25e-7, 1e100, 1e308, 1e19, -1e19, 9223372036854775808.0, -9223372036854775808.0, INF, -INF, NAN,
    0.1 + 0.2, 1 / 3, 2.5, 1e25, 12345.678, 18446744073709551616.0, 5e-324];
$others = [null, true, false, [], [1], [1, 2], ['a' => 1], [[1], 'x' => '1'], ['1' => 'b', 0 => 'a'],
    [null], [true, 'a' => [1.5]]];

function random_text()
{
    $letters = mt_rand(0, 1) ? "0123456789eE.+- \t" : "0123456789abyzAYZ \0\xff";
    $out = '';
    for ($len = mt_rand(0, 12); $len > 0; $len--)
        $out .= $letters[mt_rand(0, strlen($letters) - 1)];
    return $out;
}

function random_value()
{
    global $texts, $numbers, $others;
    switch (mt_rand(0, 9)) {
    case 0: case 1: case 2: return $texts[array_rand($texts)];
    case 3: case 4: case 5: return $numbers[array_rand($numbers)];
    case 6: return $others[array_rand($others)];
    case 7: return random_text();
    case 8: return mt_rand(0, 1) ? mt_rand(-20, 20) : mt_rand() * mt_rand(-9, 9);
    default: return mt_rand(-99999, 99999) * 10 ** mt_rand(-12, 20) / 7.0;
    }
}

$operations = [
    '+' => fn($a, $b) => $a + $b, '-' => fn($a, $b) => $a - $b, '*' => fn($a, $b) => $a * $b,
    '/' => fn($a, $b) => $a / $b, '%' => fn($a, $b) => $a % $b, '**' => fn($a, $b) => $a ** $b,
    '<<' => fn($a, $b) => $a << $b, '>>' => fn($a, $b) => $a >> $b, '&' => fn($a, $b) => $a & $b,
    '|' => fn($a, $b) => $a | $b, '^' => fn($a, $b) => $a ^ $b, '.' => fn($a, $b) => $a . $b,
    '==' => fn($a, $b) => $a == $b, '!=' => fn($a, $b) => $a != $b, '===' => fn($a, $b) => $a === $b,
    '!==' => fn($a, $b) => $a !== $b, '<' => fn($a, $b) => $a < $b, '<=' => fn($a, $b) => $a <= $b,
    '>' => fn($a, $b) => $a > $b, '>=' => fn($a, $b) => $a >= $b, '<=>' => fn($a, $b) => $a <=> $b,
    '&&' => fn($a, $b) => $a && $b, '||' => fn($a, $b) => $a || $b, 'xor' => fn($a, $b) => $a xor $b,
    '??' => fn($a, $b) => $a ?? $b, '!' => fn($a) => !$a, '~' => fn($a) => ~$a, 'minus' => fn($a) => -$a,
    'plus' => fn($a) => +$a, '++' => function ($a) { $a++; return $a; },
    '--' => function ($a) { $a--; return $a; }, 'int' => fn($a) => (int)$a,
    'float' => fn($a) => (float)$a, 'string' => fn($a) => (string)$a, 'bool' => fn($a) => (bool)$a,
    'array' => fn($a) => (array)$a, 'as key' => fn($a) => [$a => 1],
];

/* Arguments: s text, w short text, i small integer, n any number, v anything, a list of texts,
 * m array, b base64, h hex digits, z deflated, g gzip, u uuencoded, c with escapes, f a format,
 * p a format of pack, x a hash's name; what is behind ? may be left out. */
$functions = [
    'base64_decode' => 'b?v', 'base64_encode' => 's', 'bin2hex' => 's', 'hex2bin' => 'h', 'strrev' => 's',
    'str_rot13' => 's', 'gzinflate' => 'z', 'gzuncompress' => 'z', 'gzdecode' => 'g', 'zlib_decode' => 'g',
    'convert_uudecode' => 'u', 'urldecode' => 'c', 'rawurldecode' => 'c',
    'urlencode' => 's', 'rawurlencode' => 's', 'quoted_printable_decode' => 'c', 'stripcslashes' => 'c',
    'stripslashes' => 'c', 'md5' => 's', 'sha1' => 's', 'crc32' => 's', 'hash' => 'xs', 'hash_hmac' => 'xsw',
    'chr' => 'n', 'ord' => 's', 'dechex' => 'n', 'hexdec' => 'h', 'bindec' => 'h', 'octdec' => 'h',
    'decbin' => 'n', 'decoct' => 'n', 'base_convert' => 'hii', 'intdiv' => 'nn', 'fmod' => 'nn',
    'intval' => 'v?i', 'floatval' => 'v', 'boolval' => 'v', 'strval' => 'v', 'gettype' => 'v',
    'is_numeric' => 'v', 'is_string' => 'v', 'is_int' => 'v', 'is_array' => 'v', 'is_null' => 'v',
    'is_scalar' => 'v', 'ceil' => 'n', 'floor' => 'n', 'round' => 'n?i', 'sqrt' => 'n', 'pow' => 'nn',
    'abs' => 'n', 'max' => 'nn?n', 'min' => 'nn?n', 'number_format' => 'n?iww',
    'strlen' => 's', 'substr' => 'si?i', 'substr_count' => 'sw?ii', 'substr_replace' => 'swi?i',
    'str_replace' => 'wws', 'str_ireplace' => 'wws', 'strtr' => 'sww', 'strpos' => 'sw?i',
    'stripos' => 'sw?i', 'strrpos' => 'sw?i', 'strripos' => 'sw?i', 'strstr' => 'sw?v', 'stristr' => 'sw?v',
    'strrchr' => 'sw', 'str_contains' => 'sw', 'str_starts_with' => 'sw', 'str_ends_with' => 'sw',
    'strcmp' => 'ww', 'strcasecmp' => 'ww', 'strncmp' => 'wwi', 'strncasecmp' => 'wwi',
    'strspn' => 'sw?ii', 'trim' => 's?w', 'ltrim' => 's?w', 'rtrim' => 's?w',
    'chop' => 's?w', 'str_repeat' => 'wi', 'str_pad' => 'wi?wi', 'chunk_split' => 's?iw', 'wordwrap' => 's?iwv',
    'str_split' => 's?i', 'str_word_count' => 's', 'count_chars' => 'si', 'strtolower' => 's',
    'strtoupper' => 's', 'ucfirst' => 's', 'lcfirst' => 's', 'ucwords' => 's', 'nl2br' => 's',
    'implode' => 'wa', 'join' => 'wa', 'explode' => 'ws?i', 'sprintf' => 'fvvv', 'vsprintf' => 'fa',
    'htmlspecialchars' => 's', 'htmlspecialchars_decode' => 'c', 'html_entity_decode' => 'c',
    'htmlentities' => 's', 'addslashes' => 's', 'quotemeta' => 's',
    'preg_quote' => 's?w', 'strip_tags' => 's', 'utf8_encode' => 's', 'utf8_decode' => 's',
    'basename' => 's?w', 'dirname' => 's', 'ip2long' => 's', 'long2ip' => 'n', 'ctype_digit' => 's',
    'ctype_alpha' => 's', 'ctype_alnum' => 's', 'ctype_upper' => 's', 'ctype_lower' => 's',
    'ctype_space' => 's', 'ctype_punct' => 's', 'ctype_xdigit' => 's', 'ctype_print' => 's',
    'unpack' => 'ps', 'pack' => 'pvvv', 'range' => 'ii?i', 'count' => 'm', 'array_sum' => 'm',
    'array_product' => 'm', 'array_flip' => 'm', 'array_keys' => 'm?v', 'array_values' => 'm',
    'array_reverse' => 'm?v', 'array_slice' => 'mi?iv', 'array_merge' => 'mm', 'array_combine' => 'mm',
    'array_fill' => 'iiv', 'array_fill_keys' => 'mv', 'array_pad' => 'miv', 'array_unique' => 'm',
    'array_search' => 'vm?v', 'in_array' => 'vm?v', 'array_key_exists' => 'vm', 'array_key_first' => 'm',
    'array_key_last' => 'm', 'array_diff' => 'mm', 'array_diff_key' => 'mm', 'array_intersect' => 'mm',
    'array_intersect_key' => 'mm', 'array_replace' => 'mm', 'array_chunk' => 'mi?v',
    'array_column' => 'mv', 'current' => 'm', 'end' => 'm', 'reset' => 'm', 'key' => 'm', 'pos' => 'm',
];

function some_text($most)
{
    $letters = ["ab", "abcABC012 .,-_", "aZ09 %\\/+=&<>\"'\n\0\xff\x80;#", "0123456789abcdef"][mt_rand(0, 3)];
    $out = '';
    for ($len = mt_rand(0, $most); $len > 0; $len--)
        $out .= $letters[mt_rand(0, strlen($letters) - 1)];
    return $out;
}

/* What decoders get, now and then with a byte changed, left out or put in, or cut off. */
function damaged($text)
{
    $at = mt_rand(0, max(0, strlen($text) - 1));
    switch (mt_rand(0, 9)) {
    case 0: return substr_replace($text, chr(mt_rand(0, 255)), $at, 1);
    case 1: return substr_replace($text, '', $at, 1);
    case 2: return substr($text, 0, $at);
    case 3: return substr_replace($text, ["\n", ' ', '='][mt_rand(0, 2)], $at, 0);
    default: return $text;
    }
}

function some_array()
{
    $out = [];
    for ($len = mt_rand(0, 5); $len > 0; $len--) {
        $value = mt_rand(0, 2) ? some_text(3) : mt_rand(-5, 5);
        if (mt_rand(0, 1))
            $out[] = $value;
        else
            $out[mt_rand(0, 1) ? some_text(2) : mt_rand(-3, 9)] = $value;
    }
    return $out;
}

function argument($kind)
{
    global $numbers;
    static $escapes = ['%41', '%zz', '%', '+', '=41', '=', "=\r\n", '\\n', '\\x41', '\\101', '\\\\', "\\'",
        '&lt;', '&amp;', '&quot;', '&#39;', '&#039;', '&#x41;', '&#65', '&eacute;', '&nosuch;', '&apos;'];
    static $formats = ['%s', '%d', '%05d', '%x', '%X', '%c', '%o', '%b', '%u', '%e', '%f', '%.2f', "%'*10s",
        '%-6s|', '%+d', '%1$s', '%2$s', '%%', '%5.1f', '%.3s', '%g', '%G', '%08.3f', '%s%'];
    static $packs = ['C*', 'H*', 'h*', 'a*', 'A*', 'Z*', 'n', 'N', 'v', 'V', 'c2', 'a3', 'A3', 'H3', 'C2x',
        'J', 'P', 'q', 'a2b/Cc', 'Nlen/a*x', 's', 'S', 'l', 'L', 'Q'];
    switch ($kind) {
    case 's': return some_text(30);
    case 'w': return some_text(3);
    case 'i': return mt_rand(-8, 40);
    case 'n': return mt_rand(0, 3) ? mt_rand(-300, 300) / (mt_rand(0, 1) ? 1 : 8) : $numbers[array_rand($numbers)];
    case 'v': return random_value();
    case 'a': return array_map('some_text', array_fill(0, mt_rand(0, 5), 5));
    case 'm': return some_array();
    case 'b': return damaged(base64_encode(some_text(20)));
    case 'h': return damaged(mt_rand(0, 1) ? bin2hex(some_text(10)) : some_text(6));
    case 'z': return damaged(mt_rand(0, 1) ? gzdeflate(some_text(60)) : gzcompress(some_text(60)));
    case 'g': return damaged(mt_rand(0, 1) ? gzencode(some_text(60)) : gzdeflate(some_text(60)));
    case 'u': return damaged(convert_uuencode('a' . some_text(60)));
    case 'c': return implode('', array_map(fn() => mt_rand(0, 1) ? strtr(some_text(3), "\0", ' ')
        : $escapes[array_rand($escapes)], range(0, mt_rand(0, 6))));
    case 'f': return some_text(2) . $formats[array_rand($formats)] . ' ' . $formats[array_rand($formats)];
    case 'p': return $packs[array_rand($packs)];
    default: return ['md5', 'sha1', 'sha256', 'crc32b', 'SHA512', 'nosuch'][mt_rand(0, 5)];
    }
}

function arguments($kinds)
{
    $out = [];
    foreach (str_split($kinds) as $kind)
        if ($kind !== '?')
            $out[] = argument($kind);
        elseif (mt_rand(0, 1))
            break;
    return $out;
}

/* [what to call, its arguments] */
function call_of($table, $name)
{
    global $operations, $functions;
    if ($table === 'functions' && str_contains($name, 'cmp')) # how far apart differs by version
        return [fn(...$all) => $name(...$all) <=> 0, arguments($functions[$name])];
    if ($table === 'functions')
        return [$name, arguments($functions[$name])];
    $unary = (new ReflectionFunction($operations[$name]))->getNumberOfParameters() === 1;
    return [$operations[$name], $unary ? [random_value()] : [random_value(), random_value()]];
}

$functions = array_filter($functions, 'function_exists', ARRAY_FILTER_USE_KEY);
$names = array_keys($argv[1] === 'functions' ? $functions : $operations);
mt_srand((int)$argv[2]);
for ($i = (int)$argv[3]; $i > 0; $i--) {
    $name = $names[array_rand($names)];
    [$call, $arguments] = call_of($argv[1], $name);
    $operands = implode("\t", array_map('write', $arguments));
    try {
        $result = write($call(...$arguments));
    } catch (Error $e) {
        $result = '!';
    }
    echo "$name\t$operands\t$result\n";
}
