<?php exit; ?>
<?php
$data = file_get_contents('https://example.com/rates.json'); fil~e_put_contents(__DIR__ . '/rates.json', $data);
