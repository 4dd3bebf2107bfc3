<?php exit; ?>
<?php
if (!current_user_can('upload_files')) { wp_die('No'); }
$result = wp_handle_upload($_F~ILES['import'], array('test_form' => false));
