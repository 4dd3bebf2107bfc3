. "$DIR/../lib.sh"
# Numbers parse as such; where a signature or a name is due, they make the database a damaged one.
part=$(printf '<?php /* CASE-SHELLDETECT-MARKER stands here */ ?>' | base64 -w 0 | cut -c 4-43)
printf 'a:3:{s:40:"%s";s:15:"seen[0][0][php]";i:7;s:17:"number[0][0][php]";s:40:"%s";d:-1.5E+3;}' \
    "$part" "$part" | base64 >sig/shelldetect.db
shell home/a.php
rule home/b.php
