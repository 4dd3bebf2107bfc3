. "$DIR/../lib.sh"
for name in a.phtml b.phar c.inc d.ico e.jpg f.PHP g.php5 h noext.ZdX31k i.txt; do rule home/$name; done
printf 'GIF89a<?php // CASE-RULE-MARKER\n' >home/j.gif
printf 'CASE-RULE-MARKER but no PHP\n' >home/k.php
find home -type f | LC_ALL=C sort >stdin
