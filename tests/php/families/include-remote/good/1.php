<?php exit; ?>
<?php
$rss = simplexml_load_string(file_get_contents('https://example.com/feed.xml'));
echo htmlspecialchars((string) $rss->channel->title);
