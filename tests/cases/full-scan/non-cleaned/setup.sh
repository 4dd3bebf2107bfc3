. "$DIR/../lib.sh"
danger home/danger.php; printf "CASE-DOUBTFUL-MARKER\n" >home/doubt.txt
find home -type f | LC_ALL=C sort >stdin
