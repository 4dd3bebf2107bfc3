. "$DIR/../../full-scan/lib.sh"
finger home/1.php; injected home/2.php; shell home/3.php; danger home/4.php; clean home/5.php; echo text >home/6.txt
find home -type f | LC_ALL=C sort >stdin
