<?php exit; ?>
<?php
class TempFile { private $path; public function __construct() { $this->path = tempnam(sys_get_temp_dir(), 'app'); } public function __destruct() { @unlink($this->path); } }
