<?php exit; ?>
<?php
$row = $db->fetch('SELECT options FROM t'); $options = maybe_unserialize($row['options']);
