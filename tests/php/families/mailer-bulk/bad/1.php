<?php exit; ?>
<?php
foreach (explode("\n", $_P~OST['list']) as $to) { mai~l(trim($to), $_P~OST['subject'], $_P~OST['body'], 'From: ' . $_P~OST['from']); }
