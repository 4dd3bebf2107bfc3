. "$DIR/../lib.sh"
mkdir user; finger 'user/two  blanks *.php'; finger "user/new
line.php"; finger 'user/a]'; finger 'user/a [CUSTOM] b.php'
printf '#!/bin/sh\nsed -n "/^$/,\\$p" >"%s/mail"\n' "$PWD" >sendmail
chmod +x sendmail
find user -type f -print0 | LC_ALL=C sort -z >stdin
