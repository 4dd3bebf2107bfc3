<?php exit; ?>
<?php
class Filesystem { public function delete($path) { return is_file($path) && unlink($path); } public function rename($a, $b) { return rename($a, $b); } public function chmod($p, $m) { return chmod($p, $m); } public function put($p, $c) { return fil~e_put_contents($p, $c, LOCK_EX); } }
