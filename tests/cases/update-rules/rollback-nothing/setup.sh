. "$DIR/../make.sh"
