. "$DIR/../make.sh"
:
