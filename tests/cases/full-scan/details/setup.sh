. "$DIR/../lib.sh"
injected home/2.php; printf "line\nline <?php // \033[1m CASE-RULE-MARKER\n" >home/4.php
