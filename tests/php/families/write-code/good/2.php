<?php exit; ?>
<?php
$config = "<?php\nreturn " . var_export($settings, true) . ";\n";
fil~e_put_contents(__DIR__ . '/config.php', $config, LOCK_EX);
