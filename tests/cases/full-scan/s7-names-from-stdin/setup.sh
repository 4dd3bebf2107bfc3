. "$DIR/../lib.sh"
finger "home/new
line.php"; finger home/-dash; finger 'home/back\slash'; clean 'home/a]'; clean 'home/x [CUSTOM] y.php'
finger ' lead and trail '
find home ' lead and trail ' -type f -print0 | LC_ALL=C sort -z >stdin
