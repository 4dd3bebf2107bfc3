. "$DIR/../../disable.sh"
sed -i 2d status; echo "exit 1" >>status
