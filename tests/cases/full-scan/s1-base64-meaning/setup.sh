. "$DIR/../lib.sh"
shell home/0.php
{ printf x; cat home/0.php; } >home/1.php
{ printf xy; cat home/0.php; } >home/2.php
{ printf xyz; cat home/0.php; } >home/3.php
find home -type f | LC_ALL=C sort >stdin
