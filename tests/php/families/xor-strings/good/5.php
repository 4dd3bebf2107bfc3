<?php exit; ?>
<?php
for ($i = 0, $crc = {x7e}0; $i < strlen($s); $i++) { $crc = $table[($crc ^ ord($s[$i])) & 0xff] ^ (($crc >> 8) & 0xffffff); } echo {x7e}$crc;
