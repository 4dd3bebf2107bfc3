<?php exit; ?>
<?php
$handlers = array('list' => 'show_list', 'edit' => 'show_edit');
$action = isset($_G~ET['action'], $handlers[$_G~ET['action']]) ? $_G~ET['action'] : 'list';
cal~l_user_func($handlers[$action], $_G~ET);
