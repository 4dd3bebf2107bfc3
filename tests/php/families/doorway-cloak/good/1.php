<?php exit; ?>
<?php
$bot = preg_match('/bot|crawl|spider/i', $_S~ERVER['HTTP_USER_AGENT']); if (!$bot) { $counter->increment($_S~ERVER['REQUEST_URI']); }
