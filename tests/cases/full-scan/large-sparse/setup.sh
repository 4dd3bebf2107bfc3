. "$DIR/../lib.sh"
truncate -s 3G home/sparse; printf "<?php // CASE-RULE-MARKER\n" >>home/sparse
