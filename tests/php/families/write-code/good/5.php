<?php exit; ?>
<?php
$text = strip_tags($_P~OST['text']); fil~e_put_contents('notes/' . (int) $_P~OST['id'] . '.txt', $text);
