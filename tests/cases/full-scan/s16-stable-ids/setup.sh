. "$DIR/../lib.sh"
# Two lines before the one whose id was finger-6f26e955b675 (case details): its number changes, its id does not.
printf "CASE-FINGERPRINT-NEWER\nCASE-FINGERPRINT-NEWEST\n" | cat - sig/fingerprints.txt >with_new && mv with_new sig/fingerprints.txt
{ echo "<\?php \/\*newer\*\/ marker\([0-9]+\); \?>"; cat sig/backdoors.re; } >with_new && mv with_new sig/backdoors.re
finger home/a.php; injected home/b.php
