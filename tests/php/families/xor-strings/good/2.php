<?php exit; ?>
<?php
class Hmac { public function sign($key, $text) { $i = $key ^ str_repeat("\x36", 64); $o = $key ^ str_repeat("\x5c", 64); return sha1($o . sha1($i . $text, true)); } }
