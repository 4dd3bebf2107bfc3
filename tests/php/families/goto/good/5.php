<?php exit; ?>
<?php
$labels = array('got~o' => 'Go to page'); echo '<a href="?got~o=2">' . $labels['got~o'] . '</a>';
