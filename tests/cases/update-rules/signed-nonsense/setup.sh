. "$DIR/../make.sh"
lines 10 0 >new/fingerprints.txt
echo '<html>Not Found</html>' >new/fingerprints.txt.sig
