. "$DIR/../../full-scan/lib.sh"
clean home/a.php
ln -s loop home/loop
printf '%s\n' home/a.php home/none.php home/loop/x home/a.php/x >stdin
