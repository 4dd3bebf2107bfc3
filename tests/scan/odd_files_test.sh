#!/bin/sh
# odd_files_test.sh SPAMGEAR UNQUIET - what lies about in a home and is no ordinary file, and names
# that are no ordinary names: never opened in a way that blocks or acts, never confused in the
# output, taken away and put back exactly.
# shellcheck disable=SC2154,SC2317  # set by what is sourced
. "$(dirname "$0")/lib.sh"

# --- no regular files -----------------------------------------------------------------

make_odd() {
    fresh
    mkdir outside home/sub
    finger outside/victim.php
    finger home/sub/real.php
    mkfifo home/fifo home/sub/fifo.php
    perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0) && bind(S, sockaddr_un("home/socket")) or die $!'
    ln -s nowhere home/dangling.php
    ln -s loop.php home/loop.php
    ln -s b home/a
    ln -s a home/b
    ln -s ../outside home/tofolder
    ln -s ../outside/victim.php home/tofile.php
    ln -s .. home/sub/up
    ln -s /dev/zero home/zero.php
    if is_root; then
        mknod home/device.php c 1 5 # zero
        mknod home/disk.php b 7 200
    fi
}

make_odd
find home | sort >before
scan -q "$work/vault" home
same "odd files: found and taken" "1 home/sub/real.php [CUSTOM] [PHP.Finger.0] [QUARANTINED]" \
    "$status $(cat out)"
same "odd files: nothing to complain of" "" "$(grep -v 'TOTAL TIME\|^$' err)"
same "odd files: the rest stays" "$(grep -v real.php before)" "$(find home | sort)"
holds "odd files: what links point to stays" test -f outside/victim.php

make_odd
find home ! -type d | sort >list
scan -q "$work/vault" <list
same "odd files of a list" "1 home/sub/real.php [CUSTOM] [PHP.Finger.0] [QUARANTINED]" "$status $(cat out)"
same "odd files of a list: the rest stays" "$(grep -v real.php list)" "$(find home ! -type d | sort)"
printf '%s\n' home/a/x home/loop.php/x home/tofolder/victim.php home/fifo/x >list
scan -q "$work/vault" <list
same "paths through links of others and through files" "2" "$status"
holds "what a list names through a tenant's link" test -f outside/victim.php -o -n "$(cat out)"

for odd in home/fifo home/socket /dev/null home/dangling.php home/loop.php home/tofile.php; do
    scan "$odd"
    same "named as operand: $odd" "2 1" "$status $(grep -c "^full-scan: $odd: " err)"
done

# --- names ----------------------------------------------------------------------------

newline=$(printf 'a\nb.php [CLEAN]')
bytes=$(printf 'bad\377\200utf.php')
escape=$(printf 'e\033[2J\033]0;x\007.php')
make_names() {
    fresh
    for name in "$newline" "it's \"quoted\".php" 'a] [CUSTOM] [x].php' '-rf' '--help' '-' "$bytes" \
        "$escape" ' blanks ' 'back\slash\n.php' '*' "$(printf '\342\200\256php.gpj')" \
        '%s%n%d.php' '$(touch run).php' ';touch run' '~' '#x' "$(printf 'cr\r.php')"; do
        finger "home/$name"
    done
}

make_names
count=$(find home -type f -print0 | tr -dc '\0' | wc -c)
find home -type f -print0 | LC_ALL=C sort -z >names
scan home
same "names: one line each" "1 $count $count" \
    "$status $(wc -l <out) $(grep -c ' \[CUSTOM\] \[PHP.Finger.0\]$' out)"
same "names: nothing for a terminal to obey" "0" "$(tr -d '\n' <out | LC_ALL=C grep -c '[[:cntrl:]]')"
scan --format json home
perl -ne 'next if /"summary"/; if (/"path_hex":"([0-9a-f]+)"/) { print pack("H*", $1), "\0"; next }
    /"path":"((?:[^"\\]|\\.)*)"/ or die; $_ = $1; %c = qw(n 10 r 13 t 9 b 8 f 12 " 34 \\ 92 / 47);
    s{\\(?:u([0-9a-f]{4})|(.))}{ my $x = chr(defined $1 ? hex $1 : $c{$2}); utf8::encode($x); $x }ge; print "$_\0"' out |
    LC_ALL=C sort -z >told
holds "names: JSON tells each exactly" cmp -s names told
scan --print0 home
tr '\0' '\n' <out | sed 's/ \[CUSTOM\] \[PHP.Finger.0\]$//' | LC_ALL=C sort >told
tr '\0' '\n' <names | LC_ALL=C sort >want
holds "names: --print0 tells each exactly" cmp -s want told
(cd home && find . -type f -exec sha256sum {} + | LC_ALL=C sort >../sums)
scan -0 -q "$work/vault" <names
same "names: taken from find -print0" "1 0" "$status $(find home -type f | wc -l)"
same "names: put back" "" "$(restore_all 2>&1)"
same "names: exactly" "$(cat sums)" "$(cd home && find . -type f -exec sha256sum {} + | LC_ALL=C sort)"
cd home || exit 2
scan -- *
cd ..
same "names: as operands" "1 $count" "$status $(wc -l <home/out)"
rm -f home/out home/err
holds "names: nothing was run" test ! -e run -a ! -e home/run

# A path longer than the kernel takes at once, and one of just its limit.
fresh
deep() { # LENGTH-OF-PATH: folders below home, and shell.php in the last
    perl -e 'chdir "home" or die; my $have = length("home"); my $want = shift;
        while ($want - $have > 220) { mkdir "d" x 199; chdir "d" x 199 or die $!; $have += 200 }
        my $name = "x" x ($want - $have - 5) . ".php";
        open F, ">", $name or die $!; print F "<?php\n// CASE-FINGERPRINT-ALPHA\n"' "$1"
}
deep 4095
deep 4096
deep 9000
scan home
same "long paths: found" "1 3" "$status $(grep -c '\[CUSTOM\]' out)"
scan -q "$work/vault" home
in_order "long paths: in order"
same "long paths: each taken" "3 0" "$(grep -c 'QUARANTINED' out) $(find home -type f | wc -l)"
same "long paths: put back" "" "$(restore_all 2>&1)"
left=$(find home -type f | wc -l)
same "long paths: all of them" 3 "$left"
find home -type f -print0 >list
scan -0 <list
same "long paths: from a list" "$left" "$(grep -c '\[CUSTOM\]' out)"
{ printf 'home/'; head -c 70000 /dev/zero | tr '\0' z; printf '\nhome/none\n'; } >list
scan <list
same "a path of 70,000 bytes in a list" "2 1 1" "$status $(grep -c 'is longer than' err) $(grep -c '^full-scan: home/none: ' err)"

# --- sizes ----------------------------------------------------------------------------

fresh
: >home/empty.php
truncate -s 10G home/hole
truncate -s 10G home/sparse.php
printf '<?php // CASE-FINGERPRINT-ALPHA\n' >>home/sparse.php
begun_at=$(date +%s)
scan home
same "0 bytes and 10 GB" "1 home/sparse.php [CUSTOM] [PHP.Finger.0]" "$status $(cat out)"
holds "10 GB of holes are not read" test $(($(date +%s) - begun_at)) -lt 20
scan --max-size 1G home
same "10 GB left out" "0 " "$status $(cat out)"

# --- texts that explode ---------------------------------------------------------------

fresh
mkdir explosive
chmod 755 explosive
printf '%s\n' 'CASE-EXPLODES(a+)+(b|c)' >explosive/backdoors.re
cp sig/fingerprints.txt explosive/
for i in 1 2 3 4 5 6; do
    { printf '<?php // CASE-EXPLODES'; head -c 20000 /dev/zero | tr '\0' a; echo x; } >"home/bomb$i.php"
done
finger home/ordinary.php
begun_at=$(date +%s)
timeout 60 "$spamgear" full-scan --signatures "$work/explosive" --clamav off --no-cache --time-limit 5 \
    -q "$work/vault" home >out 2>err
status=$?
holds "a pattern that explodes: it ends" test $(($(date +%s) - begun_at)) -lt 40
same "a pattern that explodes: unknown, and the rest is found" "2 1 6" \
    "$status $(grep -c 'ordinary.php.*QUARANTINED' out) $(grep -c '^full-scan: home/bomb' err)"
same "a pattern that explodes: the files stay" "6" "$(find home -type f | wc -l)"

report
