#!/bin/sh
# quiet_test.sh SPAMGEAR UNQUIET - what a scan leaves alone: the folders for temporary files (S5),
# and files that it knows. strace(1) tells what is called.
# shellcheck disable=SC2154  # set by what is sourced
. "$(dirname "$0")/lib.sh"

# Leaks cannot be looked for under ptrace.
trace() { # CALLS ARGUMENT... : a full-scan; its calls go to the file trace
    calls=$1
    shift
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 timeout 120 strace -f -y -e "trace=$calls" \
        -o trace "$spamgear" full-scan --signatures "$work/sig" --clamav off "$@" >out 2>err
    status=$?
}

# Everything at once: cleaning, quarantine, mail. The test's own folder may lie below /tmp.
test_no_temporary_names() {
    fresh
    injected home/a.php
    finger home/b.php
    # shellcheck disable=SC2016
    printf 'To: ${EMAIL}\n\n${SHELLS}\n' >template
    printf '#!/bin/sh\ncat >"%s/mail"\n' "$work" >sendmail
    chmod 755 sendmail
    find home -type f >list
    trace %file --no-cache --clean -q "$work/vault" -n '\(home\)/.*' -c template --mail-domain \
        example.net --sendmail "$work/sendmail" <list
    same "cleaned, quarantined" "home/a.php [CUSTOM] [PHP.Backdoor.0] [CLEANED]
home/b.php [CUSTOM] [PHP.Finger.0] [QUARANTINED]" "$(sort out)"
    holds "mailed" [ -s mail ]
    same "nothing is made in a folder for temporary files" "" \
        "$(grep -E '"(/tmp|/var/tmp|/dev/shm|/run)/' trace | grep -v -F "$work")"
    same "nothing is made that could be there already" "" \
        "$(grep O_CREAT trace | grep -v -e O_EXCL -e '"lock"' -e "$work/mail" -e /dev/null)"
}

# The times of files are believed when they are 90 seconds old.
test_known_files() {
    fresh
    mkdir -p home/www/deep
    for n in 1 2 3 4 5 6; do
        clean "home/$n.php"
        clean "home/www/$n.html"
        clean "home/www/deep/$n"
    done
    later=@$(($(date +%s) + 600))
    opens=18
    case $(stat -f -c %T .) in
    ext* | btrfs | zfs | overlay*) opens=0 ;; # else nobody vouches for the times
    esac
    trace %file --cache "$work/known.db" --now "$later" home
    same "the first scan opens all" "0 18" "$status $(count_opened)"
    trace %file --cache "$work/known.db" --now "$later" home
    same "the second none" "0 $opens" "$status $(count_opened)"
    find home -type f >list
    trace %file --cache "$work/known.db" --now "$later" <list
    same "nor by a list" "0 $opens" "$status $(count_opened)"
}

count_opened() { grep -c -E 'open(at|at2)?\(.*"[1-6](\.php|\.html)?"' trace; }

command -v strace >/dev/null || { echo "FAIL strace is not there"; exit 1; }
test_no_temporary_names
test_known_files
report
