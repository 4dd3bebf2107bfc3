<?php exit; ?>
<?php
$patterns = array('/apple/', '/pear/i'); $clean = pre~g_replace($patterns, array('banana', 'plum'), $_G~ET['fruit']);
