. "$DIR/../lib.sh"
mkfifo home/fifo; ln -s fifo home/link; ln -s nowhere home/dangling; finger home/a.php; ln -s a.php home/tofile; mkdir home/sub
printf '%s\n' home/fifo home/link home/dangling home/a.php home/tofile home/sub home/sub/ home/absent '' /dev/null >stdin
