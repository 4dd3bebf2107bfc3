#!/bin/sh
# nis_test.sh SPAMGEAR - accounts of NIS, through a real sshd: the command that is shipped for the
# master works on files of the test's own, with a Makefile that stands for that of /var/yp.
#
# sshd runs as news, who has a shell only in the eyes of nss-wrapper; keys, known hosts and files
# stand in the test's folder, and nothing of anybody's ~/.ssh is read.
# shellcheck disable=SC2154  # set by what is sourced
. "$(dirname "$0")/lib.sh"

programs=$(dirname "$spamgear")
shipped=$servers_dir/../../packaging/nis/spamgear-nis
[ -x "$shipped" ] || give_up "$shipped is not there"

# --- the master ---------------------------------------------------------------------

write_files() {
    rm -rf yp
    mkdir yp
    cp "$shipped" yp/spamgear-nis
    cat >yp/passwd <<'END'
root:x:0:0::/root:/bin/sh
system:x:999:999::/:/bin/sh
bob:x:1000:1000::/:/bin/sh
bobby:x:1001:1000::/:/bin/sh
a.b:x:1002:1000::/:/bin/sh
aab:x:1003:1000::/:/bin/sh
1000:x:1004:1000::/:/bin/sh
1e3:x:1005:1000::/:/bin/sh
held:x:1006:1000::/:/bin/sh
star:x:1007:1000::/:/bin/sh
none:x:1008:1000::/:/bin/sh
empty:x:1009:1000::/:/bin/sh
twice:x:1010:1000::/:/bin/sh
twice:x:1011:1000::/:/bin/sh
END
    cat >yp/shadow <<'END'
root:$6$r:19000:0:99999:7:::
system:$6$s:19000:0:99999:7:::
bob:$6$b$x\y&z:19000:0:99999:7:::
bobby:$6$by:19000:0:99999:7:::
a.b:$6$ab:19000:0:99999:7:::
aab:$6$aab:19000:0:99999:7:::
1000:$6$n:19000:0:99999:7:::
1e3:$6$e:19000:0:99999:7:::
held:!$6$h:19000:0:99999:7:::
star:*$6$st:19000:0:99999:7:::
empty::19000:0:99999:7:::
twice:$6$t:19000:0:99999:7:::
END
    printf 'all:\n\tcp shadow map\n' >yp/Makefile
    printf '%s\n' '# sources' "passwd=$work/yp/passwd" "shadow=$work/yp/shadow" "yp=$work/yp" \
        >yp/settings
    cp yp/shadow yp/map
    chmod 640 yp/shadow
    chown -R news yp
    cp -p yp/shadow before
}

# A name that sshd lets in needs a shell; its own user needs no rights of root.
write_users() {
    printf '%s\n' 'root:x:0:0::/root:/bin/sh' "news:x:9:9::$work/home:/bin/sh" >passwd
    printf '%s\n' 'root:x:0:' 'news:x:9:' >group
    mkdir home
    chown news home
    chmod 644 passwd group
}

make_keys() {
    for key in host other user; do
        ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$key" || give_up "no key"
    done
    mkdir ssh
    cp user.pub ssh/authorized
    cp host ssh/host
    chown -R news ssh
    chmod 600 ssh/host
    chmod 755 ssh
    printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 host.pub)" >known
    printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 other.pub)" >changed
    : >unknown
    cat >sshd.conf <<END
Port $port
ListenAddress 127.0.0.1
HostKey $work/ssh/host
PidFile none
AuthorizedKeysFile $work/ssh/authorized
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PrintMotd no
END
    chmod 644 sshd.conf
}

start_sshd() {
    start sshd.out setpriv --reuid=news --regid=news --clear-groups env \
        LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD="$work/passwd" \
        NSS_WRAPPER_GROUP="$work/group" "$cache/usr/sbin/sshd" -D -e -f "$work/sshd.conf"
    wait_for sshd listens 127.0.0.1 "$port"
}

# --- asking -------------------------------------------------------------------------

remote="sh $work/yp/spamgear-nis $work/yp/settings"
hosts=known
seconds=20

# nis OPERATION NAME : what the method says; of a plan, without what it would do
nis() {
    operation=$1
    account=$2
    set -- -F none -p "$port" -i "$work/user" -o IdentitiesOnly=yes \
        -o "UserKnownHostsFile=$work/$hosts" -o GlobalKnownHostsFile=/dev/null
    for word; do
        set -- "$@" "ssh-options=$word"
        shift
    done
    timeout 60 "$programs/react_method" nis "$operation" "$account" /dev/null \
        nis-server=127.0.0.1 nis-user=news "nis-command=$remote" "timeout=$seconds" "$@" 2>&1 |
        sed 's/^\(needed\|in force\): .*/\1/'
}

# direct REQUEST : the answer of the shipped command itself, in one line
direct() {
    printf '%s' "$1" | setpriv --reuid=news --regid=news --clear-groups sh yp/spamgear-nis \
        "$work/yp/settings" 2>&1 | tr '\n' ' '
}

line() { grep "^$1:" yp/shadow; }
unchanged() {
    same "$1: nothing was changed" "" "$(diff before yp/shadow)"
    same "$1: nothing is left" "Makefile map passwd settings shadow spamgear-nis" "$(echo yp/* |
        sed 's#yp/##g')"
}

test_round() {
    same "plan" "needed" "$(nis plan bob)"
    unchanged "plan"
    same "off" "off" "$(nis look bob)"
    same "apply" "done" "$(nis apply bob)"
    same "the one line" 'bob:!$6$b$x\y&z:19000:0:99999:7:::' "$(line bob)"
    same "no other line" 1 "$(diff before yp/shadow | grep -c '^>')"
    same "the map is built" "" "$(diff yp/shadow yp/map)"
    same "owner and mode" "640 news" "$(stat -c '%a %U' yp/shadow)"
    same "on" "on" "$(nis look bob)"
    same "in force" "in force" "$(nis plan bob)"
    same "again" "done" "$(nis apply bob)"
    same "one mark" 'bob:!$6$b$x\y&z:19000:0:99999:7:::' "$(line bob)"
    same "undo" undone "$(nis undo bob)"
    unchanged "undo"
    same "undo again" undone "$(nis undo bob)"
    unchanged "undo again"
    same "the map is built again" "" "$(diff yp/shadow yp/map)"
}

test_others_hand() {
    same "locked before" "in force" "$(nis plan held)"
    same "locked by *" "in force" "$(nis plan star)"
    same "* is not ours" \
        'failed: NIS master 127.0.0.1: after "enable star" the password is locked still, by somebody else' \
        "$(nis undo star)"
    unchanged "by others"
}

failed() { echo "NIS master 127.0.0.1 failed: $1"; }

test_names() {
    for name in root system nobody bo none twice; do
        case $name in
        root | system) reason="its UID is not one that may be touched" ;;
        none) reason="the account has no password entry, or more than one" ;;
        *) reason="no such account, or more than one" ;;
        esac
        same "plan $name" "refused: $(failed "$reason")" "$(nis plan $name)"
        same "apply $name" "failed: $(failed "$reason")" "$(nis apply $name)"
    done
    unchanged "refused names"
    for name in a.b 1e3; do
        same "apply $name" "done" "$(nis apply $name)"
        same "only $name" "$name:!" "$(diff before yp/shadow | sed -n 's/^> \([^!]*!\).*/\1/p')"
        same "undo $name" undone "$(nis undo $name)"
    done
    same "apply empty" "done" "$(nis apply empty)"
    same "undo empty" undone "$(nis undo empty)"
    unchanged "names"
}

# What an evil client could send past our own checks.
test_requests() {
    for request in '' 'disable' 'disable ' 'status bob eve' 'delete bob' 'DISABLE bob' 'disable -d' \
        'disable +' 'disable a.b*' 'disable .*' "disable z'\"\$(touch\${IFS}evil)\"'" \
        'disable `touch evil`' 'disable bob:x' 'disable bob
disable bobby' "disable $(head -c 300 /dev/zero | tr '\0' a)" "$(head -c 9000 /dev/zero | tr '\0' a)"; do
        case $(direct "$request") in
        'error=no request that is known ' | 'error=no name of an account ') got=refused ;;
        *) got=$(direct "$request") ;;
        esac
        same "request $request" refused "$got"
    done
    [ ! -e evil ] || same "a shell read it" "" evil
    unchanged "requests"
    same "by name only" 'name=bob state=open ' "$(direct 'status bob')"
    same "a name of no byte more" 'error=no such account, or more than one ' \
        "$(direct "status $(head -c 255 /dev/zero | tr '\0' a)")"
    echo 'shadow=none' >>yp/settings
    same "settings" 'error=the settings hold what is no setting ' "$(direct 'status bob')"
    write_files
}

test_make_fails() {
    printf 'all:\n\tfalse\n' >yp/Makefile
    same "make fails" "failed: $(failed "make in the folder of the maps failed")" "$(nis apply bob)"
    same "not told as done" "untold: $(failed "make in the folder of the maps failed")" \
        "$(nis look bob)"
    same "nor planned" "refused: $(failed "make in the folder of the maps failed")" \
        "$(nis plan bob)"
    printf 'all:\n\tcp shadow map\n' >yp/Makefile
    same "what others locked is not taken for ours" "in force" "$(nis plan held)"
    same "built by the next" "" "$(diff yp/shadow yp/map)"
    same "completed by the next" "done" "$(nis apply bob)"
    same "the map is built" "" "$(diff yp/shadow yp/map)"
    same "on" "on" "$(nis look bob)"
    write_files
}

# A kill between the two files leaves a mark, a kill with the lock a stale lock.
test_killed() {
    printf 'all:\n\tkill -9 $$(cat shadow.lock); kill -9 $$PPID\n' >yp/Makefile
    nis apply bob >killed.out
    same "killed" failed "$(cut -c1-6 killed.out)"
    same "its lock is left" yes "$([ -e yp/shadow.lock ] && echo yes)"
    printf 'all:\n\tcp shadow map\n' >yp/Makefile
    same "the next" "done" "$(nis apply bob)"
    same "on" "on" "$(nis look bob)"
    same "undone" undone "$(nis undo bob)"
    rm -f yp/shadow.??????
    unchanged "killed"
    echo $$ >yp/shadow.lock
    seconds=3
    same "held by somebody" "failed: ssh: did not end within 3000 ms" "$(nis apply bob)"
    seconds=20
    sleep 8 # the command gives up by itself, and must not have done it then
    same "given up" "" "$(diff before yp/shadow)"
    write_files
}

test_lies() {
    for lie in 'echo name=bob; echo state=locked; echo' 'echo name=eve; echo state=locked' \
        'echo hello; echo name=bob; echo state=locked' 'echo state=locked' 'echo Locked.' \
        'echo name=bob; echo state=locked; exit 1' 'echo name=bob; echo state=locked >&2; kill $$'; do
        echo "$lie" >yp/spamgear-nis
        got=$(nis apply bob)
        same "a lie is no success: $lie" failed "${got%%:*}"
        got=$(nis look bob)
        same "a lie is not the state: $lie" untold "${got%%:*}"
    done
    write_files
}

test_hosts() {
    hosts=changed
    same "the key has changed" "refused: $(failed "Host key verification failed.")" "$(nis plan bob)"
    same "not done" "failed: $(failed "Host key verification failed.")" "$(nis apply bob)"
    hosts=unknown
    same "the key is not known" "refused: $(failed "Host key verification failed.")" \
        "$(nis plan bob)"
    same "and is not added" "" "$(cat unknown)"
    hosts=known
    unchanged "wrong hosts"
}

test_deadline() {
    seconds=2
    echo 'sleep 30' >yp/spamgear-nis
    same "the command hangs" "failed: ssh: did not end within 2000 ms" "$(nis apply bob)"
    write_files
    kill -STOP "-$started"
    same "the server hangs" "untold: ssh: did not end within 2000 ms" "$(nis look bob | sed \
        's/NIS master 127.0.0.1 failed: .*timed out.*/ssh: did not end within 2000 ms/')"
    kill -CONT "-$started"
    seconds=20
    same "and goes on" "off" "$(nis look bob)"
    stop "$started"
    same "no server" "untold: $(failed "ssh: connect to host 127.0.0.1 port $port: Connection refused")" \
        "$(nis look bob)"
}

port=$(free_ports 1)
write_files
write_users
make_keys
start_sshd
test_round
test_others_hand
test_names
test_requests
test_make_fails
test_killed
test_lies
test_hosts
test_deadline
report
