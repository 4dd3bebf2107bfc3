<?php exit; ?>
<?php
if (strpos($_S~ERVER['HTTP_USER_AGENT'], 'Mobile') !== false) { header('Location: https://m.example.com' . $_S~ERVER['REQUEST_URI']); exit; }
