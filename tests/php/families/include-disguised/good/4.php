<?php exit; ?>
<?php
foreach (glob(__DIR__ . '/modules/*.php') as $module) { req~uire_once $module; }
