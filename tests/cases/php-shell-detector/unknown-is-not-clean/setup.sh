. "$DIR/../../full-scan/lib.sh"
printf '%s\n' 'CASE-EXPLODES(a+)+(b|c)' >sig/backdoors.re
{ printf '<?php // CASE-EXPLODES'; head -c 5000 /dev/zero | tr '\0' a; echo x; } >home/a.php
clean home/b.php
find home -type f | LC_ALL=C sort >stdin
