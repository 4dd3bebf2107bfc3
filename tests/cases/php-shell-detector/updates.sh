# updates.sh - a source of signatures, and a site with one found file; sourced by the cases that update.
# shellcheck shell=sh disable=SC2154
. "$DIR/../../full-scan/lib.sh"
. "$DIR/../../update-rules/make.sh"
lines 10 0 >new/fingerprints.txt
finger home/1.php
find home -type f | LC_ALL=C sort >stdin
cat >my.conf <<END
[update-rules]
source = fingerprints.txt file://$PWD/new/fingerprints.txt
folder = signatures
clean-samples = clean
END
