<?php exit; ?>
<?php
$log = fopen('/var/log/app.log', 'a'); fwr~ite($log, date('c') . ' ' . $_S~ERVER['REQUEST_URI'] . "\n"); fclose($log);
