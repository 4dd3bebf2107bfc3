<?php exit; ?>
<?php
function plural_factory($expr) { $expr = pre~g_replace('/[^n0-9:()?|&=!<>+*\/%-]/', '', $expr); return cre~ate_function('$n', 'return ' . str_replace('n', '$n', $expr) . ';'); }
