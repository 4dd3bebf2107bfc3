. "$DIR/../../full-scan/lib.sh"
cat >sig/wrong.rules <<'END'
rule case.wrong
    description  Its pattern is wrong
    severity     malicious
    pattern      CASE-WRONG-(x
END
printf '<?php // CASE-WRONG-MARKER\n' >home/a.php
