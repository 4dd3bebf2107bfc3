<?php exit; ?>
<?php
fil~e_put_contents(__DIR__ . '/cache/items.json', json_encode($items));
