<?php
/* php_values.php SEED COUNT - what PHP makes of random operations: lines of
 * OPERATION <tab> operands <tab> result, in the writing that write() below explains; a result of !
 * where PHP refuses. php_values.c reads them. */
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
    'array' => fn($a) => (array)$a, 'key' => fn($a) => [$a => 1],
];

mt_srand((int)$argv[1]);
for ($i = (int)$argv[2]; $i > 0; $i--) {
    $name = array_rand($operations);
    $operation = $operations[$name];
    $operands = [random_value()];
    if ((new ReflectionFunction($operation))->getNumberOfParameters() === 2)
        $operands[] = random_value();
    try {
        $result = write($operation(...$operands));
    } catch (Error $e) {
        $result = '!';
    }
    echo $name, "\t", implode("\t", array_map('write', $operands)), "\t", $result, "\n";
}
