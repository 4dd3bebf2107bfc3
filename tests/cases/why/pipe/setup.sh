mkfifo log
