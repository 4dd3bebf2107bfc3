<?php exit; ?>
<?php
retry: $ok = try_lock($file); if (!$ok && $tries++ < 3) { sleep(1); got~o retry; } echo $ok;
