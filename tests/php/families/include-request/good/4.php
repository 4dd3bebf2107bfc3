<?php exit; ?>
<?php
$lang = pre~g_replace('/[^a-z]/', '', $_G~ET['lang']);
inc~lude 'lang/' . $lang . '.php';
