. "$DIR/../g29-names/setup.sh"
