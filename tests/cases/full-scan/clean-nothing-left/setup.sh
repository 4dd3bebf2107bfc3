. "$DIR/../lib.sh"
printf '<?php /*injected*/ marker(1); ?>\n' >home/a.php
