<?php exit; ?>
<?php
$admins = array('a@example.com', 'b@example.com'); foreach ($admins as $admin) { mai~l($admin, 'Order ' . (int) $_P~OST['order'], 'A new order came in.'); }
