# The script with a comma sent the mail; the other one shall be scanned in its place.
mkdir www
echo '<?php mail("x");' >'www/a,b.php'
echo '<?php' >'www/a\x2cb.php'
echo '<?php' >'www/a\x41.php'
