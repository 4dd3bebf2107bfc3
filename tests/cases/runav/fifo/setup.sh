. "$DIR/../../full-scan/lib.sh"
mkfifo home/fifo
