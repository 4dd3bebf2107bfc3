#!/bin/sh
# surroundings_test.sh SPAMGEAR UNQUIET - scans where something is missing, full, closed or
# forbidden that is there on other days. What was begun is finished, what could not be done is
# told, and nothing is lost.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

make_home() {
    fresh
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        printf '<?php\n// CASE-FINGERPRINT-ALPHA number %s\n' $i >home/shell$i.php
        clean home/clean$i.php
    done
    find home -name 'shell*' -exec sha256sum {} + | sort >all
}

# conserved NAME: what was taken and what is there are together what was
conserved() {
    [ ! -d vault/cases ] || restore_all >restored 2>&1
    same "$1: nothing is lost" "$(cat all)" "$(find home -name 'shell*' -exec sha256sum {} + | sort)"
}

quarantine_scan() { # ARGUMENT... : with whatever descriptors it is given; $status
    timeout 60 "$spamgear" full-scan --signatures "$work/sig" --clamav off --no-cache -j 2 \
        -q "$work/vault" "$@"
    status=$?
}

# --- descriptors ----------------------------------------------------------------------

make_home
quarantine_scan home 2>err >&-
same "no standard output" "2 1 0" \
    "$status $(grep -c '^full-scan: cannot write the output: ' err) $(find home -name 'shell*' | wc -l)"
conserved "no standard output"

make_home
quarantine_scan home 2>err >/dev/full
same "standard output on a full disk: all is done, and it is told" "2 1 0" \
    "$status $(grep -c '^full-scan: cannot write the output: No space left on device$' err) $(find home -name 'shell*' | wc -l)"
conserved "standard output on a full disk"

make_home
quarantine_scan home >out 2>&-
same "no standard error" "1 12" "$status $(grep -c QUARANTINED out)"
conserved "no standard error"

make_home
quarantine_scan home <&- >out 2>err
same "no standard input, which is not needed" "1 12" "$status $(grep -c QUARANTINED out)"
quarantine_scan <&- >out 2>err
same "no standard input, which is needed" "2 1" "$status $(grep -c '^full-scan: the list of paths: ' err)"
quarantine_scan <. >out 2>err
same "a folder as standard input" "2 1" "$status $(grep -c '^full-scan: the list of paths: ' err)"

make_home
quarantine_scan home <&- >&- 2>&-
same "no descriptors at all" "2 0" "$status $(find home -name 'shell*' | wc -l)"
conserved "no descriptors at all"

# Whoever read the output has gone: it stops in good order.
make_home
i=0
while [ $i -lt 400 ]; do
    i=$((i + 1))
    printf '<?php\n// CASE-FINGERPRINT-ALPHA more %s\n' $i >home/shell-$i.php
done
find home -name 'shell*' -exec sha256sum {} + | sort >all
{ quarantine_scan home 2>err; echo $status >status; } | head -n 1 >out
same "| head -n 1" "2 1" "$(cat status) $(grep -c '^full-scan: nobody reads the output any more: ' err)"
same "| head -n 1: no case is half done" "0" "$(vault_json | grep -c '"state":"begun"\|"state":"kept"')"
conserved "| head -n 1"
{ scan home; } | head -n 0
timeout 20 "$spamgear" full-scan --signatures "$work/sig" --clamav off --no-cache --format json home 2>err | head -n 1 >out
holds "JSON | head -n 1" test "$(wc -l <out)" -eq 1
{ "$spamgear" full-scan --help; echo $? >status; } 2>err | head -n 0
holds "--help | head -n 0" test -s status -a ! -s err

# --- limits ---------------------------------------------------------------------------

for limit in 8 12 16 24 40 64 128; do
    make_home
    # shellcheck disable=SC3045  # dash has it
    sh -c 'ulimit -n $1; shift; exec "$@"' limited $limit timeout 60 "$spamgear" full-scan \
        --signatures "$work/sig" --clamav off --no-cache -j 2 -q "$work/vault" home >out 2>err
    status=$?
    in_order "$limit descriptors"
    if [ $status = 1 ]; then
        same "$limit descriptors: all is done" 12 "$(grep -c QUARANTINED out)"
    else
        holds "$limit descriptors: it is told why" grep -q 'Too many open files\|descriptor' err
        holds "$limit descriptors: not clean in silence" test $status -eq 2
    fi
    conserved "$limit descriptors"
done

make_home
head -c 100000 /dev/zero >>home/shell1.php
sed -i '/shell1.php/d' all
sha256sum home/shell1.php >>all
sort -o all all
(
    ulimit -f 60
    quarantine_scan home >out 2>err
    exit $status
)
status=$?
same "a limit of file size: told, and the rest is done" "2 11 1" \
    "$status $(grep -c QUARANTINED out) $(grep -c '^full-scan: home/shell1.php: not put into quarantine: .*File too large' err)"
conserved "a limit of file size"

make_home
(
    # shellcheck disable=SC3045  # dash has it
    ulimit -t 2
    quarantine_scan home >out 2>err
    exit $status
)
same "a limit of processor time that is enough" 1 $?

make_home
env -i "$spamgear" full-scan --signatures "$work/sig" --clamav off --no-cache home >out 2>err
same "no environment" "1" "$?"

# --- another user ---------------------------------------------------------------------

if ! is_root; then
    echo "What needs root is left out."
    report
fi

# as_nobody COMMAND...
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

make_home
chmod 600 home/shell1.php
as_nobody "$spamgear" full-scan --signatures "$work/sig" --clamav off home >out 2>err
same "another user: what he cannot read is unknown" "2 11 1" \
    "$? $(grep -c CUSTOM out) $(grep -c '^full-scan: home/shell1.php: Permission denied$' err)"
as_nobody "$spamgear" full-scan --signatures "$work/sig" --clamav off -q "$work/vault" home >out 2>err
same "another user: no quarantine where he may not make one" "2 1 " \
    "$? $(grep -c "^full-scan: .*$work.*" err) $(cat out)"
as_nobody "$spamgear" full-scan --signatures "$work/sig" --clamav off -q home >out 2>err </dev/null
same "another user: -q swallowed the folder" "2" "$?"
mkdir vault
chown 65534:65534 vault
chmod 700 vault
as_nobody "$spamgear" full-scan --signatures "$work/sig" --clamav off -q "$work/vault" home >out 2>err
same "another user: what he may not remove stays" "2 0 11" \
    "$? $(grep -c QUARANTINED out) $(grep -c 'not put into quarantine: Permission denied' err)"
conserved "another user"

# --- missing and full file systems ----------------------------------------------------

# apart SCRIPT: in a mount namespace of its own, with full_scan for a scan into the vault
cat >apart.sh <<'END'
mount --make-rprivate /
full_scan() {
    timeout 60 "$spamgear" full-scan --signatures "$work/sig" --clamav off "$@" >"$work/out" 2>"$work/err"
}
END
apart() {
    unshare -m sh -uc "spamgear='$spamgear' work='$work'; . '$work/apart.sh'
        $1"
    status=$?
}

if ! unshare -m true 2>err; then
    echo "No mount namespaces here: what needs them is left out."
    report
fi

make_home
apart 'mount -t tmpfs none /var/lib && full_scan home'
same "no /var/lib/spamgear: the cache is made" "1 12" "$status $(grep -c CUSTOM out)"
same "no /var/lib/spamgear: no complaint" "" "$(grep -v 'TOTAL TIME\|^$' err)"
apart 'mount -t tmpfs -o ro none /var/lib && full_scan home'
same "a read-only /var/lib: every file is examined, and it is told" "1 12 1" \
    "$status $(grep -c CUSTOM out) $(grep -c '^full-scan: .*every file is examined: ' err)"
apart 'mount -t tmpfs -o size=4k,nr_inodes=3 none /var/lib && full_scan home'
same "no room for the cache" "1 12" "$status $(grep -c CUSTOM out)"
apart 'mount -t tmpfs -o size=64k none /var/lib && mkdir /var/lib/spamgear && head -c 60000 /dev/zero >/var/lib/spamgear/other; full_scan home'
same "no room in the cache" "1 12" "$status $(grep -c CUSTOM out)"
apart 'mount -t tmpfs none /var/lib && mkdir -m 777 /var/lib/spamgear && head -c 60000 /dev/urandom >/var/lib/spamgear/verdicts.db; full_scan home'
same "a cache of nonsense in a folder of everybody" "1 12" "$status $(grep -c CUSTOM out)"

# A quarantine without room: what fits is taken, the rest stays and is told.
make_home
head -c 300000 /dev/urandom >>home/shell1.php
find home -name 'shell*' -exec sha256sum {} + | sort >all
mkdir -m 700 vault
apart 'mount -t tmpfs -o size=200k,mode=700 none "$work/vault" &&
    full_scan --no-cache -q "$work/vault" home; echo $? >"$work/status"
    "$spamgear" quarantine --dir "$work/vault" list >"$work/listed" 2>&1
    cp -a "$work/vault/." "$work/copy"'
same "a full quarantine: what found no room is told, and stays" "2 1 yes" \
    "$(cat status) $(grep -c '^full-scan: home/shell1.php: not put into quarantine: .*No space left' err) $([ -f home/shell1.php ] && echo yes)"
rmdir vault && mv copy vault
conserved "a full quarantine"

make_home
mkdir -m 700 vault
apart 'mount -t tmpfs -o ro,mode=700 none "$work/vault" && full_scan --no-cache -q "$work/vault" home'
same "a read-only quarantine: nothing is begun" "2 12 1" \
    "$status $(find home -name 'shell*' | wc -l) $(grep -c 'Read-only file system' err)"
apart 'mount -t tmpfs none "$work/vault" && cp -a "$work/home" "$work/vault/home" &&
    mount -o remount,ro "$work/vault" && full_scan --no-cache -q "$work/kept" "$work/vault/home"'
same "a home that is read-only: told, file by file" "2 12" \
    "$status $(grep -c 'not put into quarantine: .*Read-only file system' err)"
rm -rf kept

# A bare machine: no /proc, no /dev but null, no /tmp. Sanitizers need /proc themselves.
make_home
apart 'mount -t tmpfs none /proc 2>/dev/null && full_scan --no-cache -q "$work/vault" "$work/home"' 2>err
if grep -q 'Sanitizer\|/proc' err; then
    echo "This build cannot run without /proc: left out."
else
    same "no /proc" "1 12" "$status $(grep -c QUARANTINED out)"
    conserved "no /proc"
fi
make_home
apart 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && full_scan --no-cache -q "$work/vault" home'
same "an empty /dev" "1 12" "$status $(grep -c QUARANTINED out)"
conserved "an empty /dev"

report
