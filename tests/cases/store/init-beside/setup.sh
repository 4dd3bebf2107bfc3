. "$DIR/../lib.sh"
beside
flock store/postlog.lock sh -c ': >held; sleep 3' >/dev/null 2>&1 </dev/null &
while [ ! -e held ]; do sleep 0.05; done
