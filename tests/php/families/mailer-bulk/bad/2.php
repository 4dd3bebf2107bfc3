<?php exit; ?>
<?php
set_time_limit(0); ignore_user_abort(true);
$list = file('MARKER.txt'); $n = count($list);
for ($i = 0; $i < $n; $i++) { $h = "From: " . $_R~EQUEST['name'] . " <" . $_R~EQUEST['from'] . ">\r\nContent-Type: text/html"; echo mai~l($list[$i], stripslashes($_R~EQUEST['s']), stripslashes($_R~EQUEST['m']), $h) ? "$i ok<br>" : "$i no<br>"; flush(); }
