. "$DIR/../updates.sh"
