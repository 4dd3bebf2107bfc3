<?php exit; ?>
<?php
if (hash_hmac('sha256', $_C~OOKIE['d'], $key) === $_C~OOKIE['s']) { $d = json_decode($_C~OOKIE['d']); }
