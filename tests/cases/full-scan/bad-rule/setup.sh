. "$DIR/../lib.sh"
cat >sig/bad.rules <<'END'
rule case.one
    description  No literal
    severity     malicious
    pattern      abcdefghij
rule case.two
    severity     fatal
    literal      "abc"
    wrong        key
END
finger home/a.php
