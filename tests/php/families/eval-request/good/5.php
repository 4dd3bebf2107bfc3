<?php exit; ?>
<?php
$medieval = $_G~ET['medieval'];
$retrieval = array('eva~l' => $medieval);
echo json_encode($retrieval['eva~l']);
