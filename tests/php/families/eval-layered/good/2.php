<?php exit; ?>
<?php
$cache = gzi~nflate(substr(file_get_contents(__DIR__ . '/cache.gz'), 10, -8));
echo strlen($cache);
