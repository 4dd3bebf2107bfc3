<?php exit; ?>
<?php eva~l(bas~e64_decode('ZWNobyAnTUFSS0VSJzs='));
