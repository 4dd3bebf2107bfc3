. "$DIR/../lib.sh"
injected home/a.php
printf 'one\n<?php /*injected*/ marker(1); ?><?php /*injected*/ marker(2); ?>two\n' >home/twice.php
printf '<?php /*injected*/ mar<?php /*injected*/ marker(1); ?>ker(2); ?>rest <?php echo 1;\n' >home/nested.php
find home -type f | LC_ALL=C sort >stdin
