. "$DIR/../lib.sh"
mkfifo home/fifo; ln -s fifo home/link; ln -s nowhere home/dangling; ln -s loop home/loop; finger home/a.php
ln -s a.php home/tofile; ln -s . home/todir
