<?php exit; ?>
<?php
$text = pre~g_replace('/&#(\d+);/me', 'chr(\\1)', $text);
