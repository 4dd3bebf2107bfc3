<?php exit; ?>
<?php
header('Content-Type: text/plain'); echo "User-agent: Googlebot\nDisallow: /private/\n";
