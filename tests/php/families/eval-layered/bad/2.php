<?php exit; ?>
<?php $m = 'S03OyFdQ93UM8nYNUrcGAA=='; eva~l(gzi~nflate(bas~e64_decode($m)));
