<?php exit; ?>
<?php
$mask = random_bytes(4); $frame = ''; foreach (str_split($payload) as $i => $c) { $frame .= $c ^ $mask[$i % 4]; } fwr~ite($socket, $frame);
