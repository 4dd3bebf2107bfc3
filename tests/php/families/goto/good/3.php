<?php exit; ?>
<?php
// got~o considered harmful: got~o a; got~o b; got~o c;
echo 'done';
