<?php exit; ?>
<?php
$GLO~BALS['config'] = array('db' => array('host' => 'localhost')); echo $GLO~BALS['config']['db']['host'];
