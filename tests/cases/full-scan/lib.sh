# lib.sh - signatures and inert samples of the cases; sourced by their setup.sh in a fresh folder.
#
# Every sample does nothing: what is looked for are marker words that stand for bad code.
# shellcheck shell=sh
mkdir sig home
chmod 755 sig

printf 'CASE-FINGERPRINT-ALPHA\nCASE-FINGERPRINT-BETA\n' >sig/fingerprints.txt
# shellcheck disable=SC2016
printf '%s\n' '<\?php \/\*injected\*\/ marker\([0-9]+\); \?>' >sig/backdoors.re
cat >sig/case.rules <<'END'
rule case.marker
    description  The marker of the cases
    family       case
    severity     malicious
    in           php
    literal      "CASE-RULE-MARKER"

rule case.doubt
    description  Only told
    severity     suspicious
    literal      "CASE-DOUBTFUL-MARKER"
END

# shelldb NAME TEXT...: signatures out of the middle of base64(TEXT), as Shell-Detector has them.
shelldb() {
    items='' count=0
    while [ $# -ge 2 ]; do
        part=$(printf '%s' "$2" | base64 -w 0 | cut -c 4-43)
        items="${items}s:${#part}:\"$part\";s:${#1}:\"$1\";"
        count=$((count + 1))
        shift 2
    done
    printf 'a:%d:{%s}' "$count" "$items" | base64 >sig/shelldetect.db
}
shelldb 'caseshell[0][0][php]' '<?php /* CASE-SHELLDETECT-MARKER stands here */ ?>' \
    'casedoubt[0][2][php]' '<?php /* CASE-DANGEROUS-CLASS stands here too */ ?>'

clean() { printf '<?php\necho "an ordinary page";\n' >"$1"; }
finger() { printf '<?php\n// CASE-FINGERPRINT-ALPHA\n' >"$1"; }
rule() { printf '<?php\n// CASE-RULE-MARKER\n' >"$1"; }
injected() { printf '<?php /*injected*/ marker(%s); ?><?php\necho "an ordinary page";\n' "${2:-1}" >"$1"; }
shell() { printf 'before <?php /* CASE-SHELLDETECT-MARKER stands here */ ?>\n' >"$1"; }
danger() { printf '<?php /* CASE-DANGEROUS-CLASS stands here too */ ?>\n' >"$1"; }
