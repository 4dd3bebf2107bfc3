<?php exit; ?>
<?php
$name = implode('', array('str', 'len'));
echo $name('MARKER');
