<?php exit; ?>
<?php
global $wpdb; $rows = $GLO~BALS['wpdb']->get_results('SELECT 1');
