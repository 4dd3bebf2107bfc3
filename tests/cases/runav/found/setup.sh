. "$DIR/../../full-scan/lib.sh"
finger home/phpX3d1kL
