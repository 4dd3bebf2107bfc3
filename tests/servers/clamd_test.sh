#!/bin/sh
# clamd_test.sh SPAMGEAR - ClamAV, through a real clamd, through clamds that misbehave, and in
# process. All of them with a small database of our own, whose markers are harmless words.
#
# What could not be scanned is never clean: status 2, and the path is named on stderr.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"

hex() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }

make_database() {
    mkdir db
    printf 'Inert.Body:0:*:%s\n' "$(hex Inert-Marker-BODY)" >db/a.ndb
    printf 'Inert.Logical;Engine:51-255,Target:0;0&1;%s;%s\n' "$(hex Inert-Marker-LEFT)" \
        "$(hex Inert-Marker-RIGHT)" >db/b.ldb
    printf 'Inert-Marker-WHOLE' >whole
    printf '%s:18:Inert.Hash\n' "$(md5sum <whole | cut -d' ' -f1)" >db/c.hdb
    # A signature of the EICAR test file, whose text stands nowhere in one piece.
    printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS' '-TEST-FILE!$H+H*' >eicar
    printf '%s:68:Eicar.Test\n' "$(md5sum <eicar | cut -d' ' -f1)" >>db/c.hdb
    echo 'rule Inert_Yara { strings: $a = "inert-marker-yara" condition: $a }' >db/d.yar
}

# Files that only root can read: what clamd itself could never open.
make_files() {
    mkdir -m 700 home
    echo 'harmless' >home/clean.php
    echo '<?php /* Inert-Marker-BODY */' >home/body.php
    echo 'Inert-Marker-RIGHT and Inert-Marker-LEFT' >home/phpA1b2C3
    cp whole home/whole.txt
    cp eicar home/eicar.com
    echo 'x inert-marker-yara x' >home/yara
    cp home/body.php "home/a
new line.php"
    cp home/body.php 'home/1: fd[9]: OK'
    cp home/body.php "home/it's \"quoted\" [x] FOUND"
    : >home/empty
    chmod 600 home/*
    find home -type f -print0 >everything
    printf 'home/clean.php\0home/empty\0' >clean
}

found='home/1: fd[9]: OK [CLAMAV] [Inert.Body.UNOFFICIAL]
home/a\nnew line.php [CLAMAV] [Inert.Body.UNOFFICIAL]
home/body.php [CLAMAV] [Inert.Body.UNOFFICIAL]
home/eicar.com [CLAMAV] [Eicar.Test.UNOFFICIAL]
home/it'"'"'s "quoted" [x] FOUND [CLAMAV] [Inert.Body.UNOFFICIAL]
home/phpA1b2C3 [CLAMAV] [Inert.Logical.UNOFFICIAL]
home/whole.txt [CLAMAV] [Inert.Hash.UNOFFICIAL]
home/yara [CLAMAV] [YARA.Inert_Yara.UNOFFICIAL]'

write_conf() { # FURTHER-LINE...
    cat >clamd.conf <<END
LocalSocket $work/run/clamd.ctl
TCPSocket $port
TCPAddr 127.0.0.1
TemporaryDirectory $work/tmp
DatabaseDirectory $work/db
User nobody
Foreground yes
LogFile $work/run/log
LogTime yes
END
    printf '%s\n' "$@" >>clamd.conf
}

answers() { [ -S run/clamd.ctl ] && listens 127.0.0.1 "$port"; }

start_clamd() {
    rm -rf run tmp
    mkdir -m 700 run tmp
    chown nobody run tmp
    write_conf "$@"
    start clamd.out "$cache/usr/sbin/clamd" --config-file="$work/clamd.conf"
    wait_for clamd answers
}

# client NAME WANT-STATUS WANT-OUTPUT ARGUMENT... <paths, NUL-terminated : status 2 must be
# explained, 0 and 1 are silent. Never behind a pipe: what a subshell counts is lost.
client() {
    client_name=$1 client_status=$2 client_want=$3
    shift 3
    timeout 60 "$spamgear" clamd-client -0 --no-cache "$@" >out 2>err
    same "$client_name: status" "$client_status" $?
    same "$client_name: output" "$client_want" "$(LC_ALL=C sort out)"
    case $client_status in
    2) same "$client_name: explained" yes "$([ -s err ] && echo yes)" ;;
    *) same "$client_name: no complaints" '' "$(grep -v '^TOTAL TIME: ' err)" ;;
    esac
}

# meanwhile COMMAND : the paths come through a FIFO: some, and when COMMAND has been run, others
meanwhile() {
    rm -f paths
    mkfifo paths
    { for i in $(seq 100); do cat clean; done; sleep 1; "$@"; cat clean; } >paths &
}

test_scans() {
    start_clamd
    client 'descriptors' 1 "$found" --clamd-conf clamd.conf <everything
    client 'three sessions' 1 "$found" --socket run/clamd.ctl 3 <everything
    client 'streams' 1 "$found" --host 127.0.0.1 --port "$port" <everything
    client 'clean' 0 '' --clamd-conf clamd.conf <clean
    for i in $(seq 300); do printf 'home/clean.php\0home/body.php\0'; done >list
    many=$(for i in $(seq 300); do echo 'home/body.php [CLAMAV] [Inert.Body.UNOFFICIAL]'; done)
    client 'more than a window' 1 "$many" --clamd-conf clamd.conf <list
    stop "$started"
}

# known NAME WANT WHEN : how many clean files need not be examined again
known() {
    timeout 60 "$spamgear" full-scan --now "$3" --cache cache/verdicts.db --format json \
        --clamd-conf clamd.conf --signatures none home >out 2>err
    same "$1" "$2" "$(sed -n 's/.*"cached":\([0-9]*\).*/\1/p' out)"
}

# clamd tells a version that does not change with the files of others in its folder.
test_cache() {
    start_clamd
    mkdir none
    printf 'inert-marker-of-nothing\n' >none/fingerprints.txt
    known 'just loaded: not remembered' 0 "$(date -d '+10 minutes' +%FT%T%:z)"
    hour=$(date -d '+1 hour' +%FT%T%:z)
    known 'not remembered before' 0 "$hour"
    known 'remembered' "$(is_believed home 2)" "$hour"
    printf 'Inert.Other:0:*:%s\n' "$(hex Inert-Marker-OTHER)" >db/other.ndb
    known 'another file of signatures' 0 "$hour"
    rm -r db/other.ndb none cache
    stop "$started"
}

# is_believed PATH COUNT : COUNT where files are remembered on that file system, else 0
is_believed() {
    case $(stat -f -c %T "$1") in
    ext2/ext3 | btrfs | zfs | overlayfs) echo "$2" ;;
    *) echo 0 ;;
    esac
}

# Sizes at which clamd says OK without having looked.
test_limits() {
    start_clamd 'MaxFileSize 100K' 'StreamMaxLength 50K'
    { head -c 60000 /dev/zero; echo Inert-Marker-BODY; } >home/middle
    { head -c 120000 /dev/zero; echo Inert-Marker-BODY; } >home/large
    printf 'home/middle\0' >middle
    printf 'home/large\0' >large
    client 'below MaxFileSize' 1 'home/middle [CLAMAV] [Inert.Body.UNOFFICIAL]' \
        --clamd-conf clamd.conf <middle
    client 'above MaxFileSize' 2 '' --clamd-conf clamd.conf <large
    client 'above StreamMaxLength' 2 '' --host 127.0.0.1 --port "$port" <middle
    rm home/middle home/large
    stop "$started"
}

# A clamd without its temporary folder calls everything clean.
test_no_folder() {
    start_clamd
    mv tmp away
    client 'no temporary folder' 2 '' --clamd-conf clamd.conf <everything
    mv away tmp
    meanwhile mv tmp away
    client 'it goes while files are scanned' 2 '' --clamd-conf clamd.conf <paths
    mv away tmp
    meanwhile kill -9 "-$started"
    client 'killed while files are scanned' 2 '' --clamd-conf clamd.conf <paths
    client 'gone' 2 '' --clamd-conf clamd.conf <clean
}

test_fakes() {
    for mode in silent mute clean liar nonsense stranger endless leaves error; do
        start fake.out perl "$servers_dir/fake_clamd.pl" $mode "$work/fake.$mode"
        wait_for "fake clamd" [ -S "fake.$mode" ]
        client "fake: $mode" 2 '' --socket "fake.$mode" <clean
        stop "$started"
    done
}

inside() { # NAME WANT-STATUS WANT-OUTPUT FOLDER
    timeout 60 "$spamgear" full-scan --clamav inside --clamav-db db --no-cache "$4" >out 2>err
    same "in process, $1: status" "$2" $?
    same "in process, $1: output" "$3" "$(LC_ALL=C sort out)"
}

# What libclamav calls clean because a limit was reached: packed too often.
make_matryoshka() {
    mkdir packed
    cp home/body.php packed/layer
    for i in $(seq 20); do gzip -c packed/layer >packed/next && mv packed/next packed/layer; done
}

test_inside() {
    inside 'everything' 1 "$found" home
    make_matryoshka
    inside 'a limit is reached' 2 '' packed
    same 'the limit is named' 1 "$(grep -c 'packed/layer: .*Limits\.Exceeded' err)"
    chmod 777 db
    inside 'others may write to the database' 2 '' home
    chmod 755 db
}

port=$(free_ports 1)
chmod 755 .
make_database
make_files
test_scans
test_cache
test_limits
test_no_folder
test_fakes
test_inside
report
