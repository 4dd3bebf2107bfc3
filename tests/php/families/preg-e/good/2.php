<?php exit; ?>
<?php
$text = pre~g_replace_callback('/\{(\w+)\}/', function ($m) use ($vars) { return isset($vars[$m[1]]) ? $vars[$m[1]] : ''; }, $template);
