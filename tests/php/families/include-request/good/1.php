<?php exit; ?>
<?php
$pages = array('home', 'about');
$page = in_array($_G~ET['page'], $pages, true) ? $_G~ET['page'] : 'home';
inc~lude __DIR__ . '/pages/' . $page . '.php';
