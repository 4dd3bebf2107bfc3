mkfifo fifo
cat base >fifo &
