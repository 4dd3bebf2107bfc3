<?php exit; ?>
<?php
$ref = parse_url($_S~ERVER['HTTP_REFERER'], PHP_URL_HOST); $search = array('www.google.com', 'www.bing.com'); if (in_array($ref, $search)) { $stats->add('search'); }
