. "$DIR/../lib.sh"
printf '%s\n' '<\?php.*(\\[x0-9a-f]{2,}){3,}.*' >sig/backdoors.re
printf '%s\n' '<?php $bom = "\xef\xbb\xbf"; require "a.php";' >home/a.php
