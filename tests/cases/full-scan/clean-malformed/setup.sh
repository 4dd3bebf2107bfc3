. "$DIR/../lib.sh"
printf '<?php if (1) { <?php /*injected*/ marker(1); ?> echo 1;\n' >home/a.php
