#!/bin/sh
# react_dovecot_test.sh SPAMGEAR - log-ins that a real Dovecot refuses, sessions that it ends; and
# messages that a real Exim freezes.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/postfix_traffic.sh"
. "$servers_dir/exim.sh"
programs=$(dirname "$spamgear")

# step METHOD OPERATION NAME [KEY=VALUE...]
step() {
    method=$1
    operation=$2
    account=$3
    shift 3
    timeout 90 "$programs/react_method" "$method" "$operation" "$account" "$work/memo" "$@"
}

# --- Dovecot --------------------------------------------------------------------------

# With a passdb of the accounts that are refused, and a cache.
refuse_some() {
    sed -i "s|^passdb {|auth_cache_size = 1M\nauth_cache_ttl = 1h\npassdb {\n  driver = passwd-file\n  deny = yes\n  args = $work/deny\n}\npassdb {|" sasl/dovecot.conf
    sed -i 's/^service anvil {/service anvil {\n  unix_listener anvil {\n    mode = 0600\n  }/' \
        sasl/dovecot.conf
}

# doveadm as it would run where it is installed: it takes its configuration from doveconf.
wrap_doveadm() {
    cat >doveadm <<END
#!/bin/sh
shift 2 # -c and the file
exec env LD_LIBRARY_PATH=$dovecot_lib $cache/usr/bin/doveconf -f service=doveadm \
    -c $work/sasl/dovecot.conf -m doveadm -e $cache/usr/bin/doveadm "\$@"
END
    chmod 755 doveadm
}

dovecot() {
    step dovecot "$1" "$2" "dovecot-deny=$work/deny" "doveadm=$work/doveadm" \
        "dovecot-config=$work/sasl/dovecot.conf"
}

# logs_in USER : what Dovecot says to the password
logs_in() {
    ./doveadm -c - auth test -- "$1" secret 2>&1 | sed -n 's/^passdb: .* auth \([a-z]*\).*/\1/p'
}

# A session of USER, as the anvil knows it: it lasts as long as the connection stays open.
session() {
    perl -MSocket -e '
        socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, pack_sockaddr_un($ARGV[0])) or die "$ARGV[0]: $!";
        syswrite $s, "VERSION\tanvil\t1\t0\nCONNECT\t$$\timap/127.0.0.1/$ARGV[1]\n";
        $SIG{TERM} = sub {
            select undef, undef, undef, 0.5;
            syswrite $s, "DISCONNECT\t$$\timap/127.0.0.1/$ARGV[1]\n";
            open my $f, ">", "ended";
            exit };
        open my $ready, ">", "session"; close $ready;
        sleep 60' "$work/sasl/run/anvil" "$1" &
    session_pid=$!
    wait_for "a session" test -e session
}

printf '# mine\nmallory:a reason\n' >deny
chown root:news deny
chmod 640 deny
wrap_doveadm
dovecot_configure
refuse_some
dovecot_run

same "complete" complete "$(dovecot check -)"
same "alice logs in" succeeded "$(logs_in alice)"
same "plan" "needed: let Dovecot refuse log-ins of alice ($work/deny) and end the sessions" \
    "$(dovecot plan alice)"
same "off" off "$(dovecot look alice)"
session alice
same "apply" "done" "$(dovecot apply alice)"
same "on, when the session has ended" on "$(dovecot look alice)"
same "it has" 0 "$(test -e ended; echo $?)"
same "apply again, nobody is logged in" "done" "$(dovecot apply alice)"
same "on" on "$(dovecot look alice)"
same "alice does not log in, cache or not" failed "$(logs_in alice)"
same "carol does" succeeded "$(logs_in carol)"
same "the file" "# mine
mallory:a reason
alice" "$(cat deny)"
same "its mode and group" "640 root news" "$(stat -c '%a %U %G' deny)"
same "in force" "in force" "$(dovecot plan alice | cut -d: -f1)"
same "mallory is in force" "in force" "$(dovecot plan mallory | cut -d: -f1)"
same "undo" undone "$(dovecot undo alice)"
same "undo again" undone "$(dovecot undo alice)"
same "off again" off "$(dovecot look alice)"
same "alice logs in again" succeeded "$(logs_in alice)"
same "what was there" "# mine
mallory:a reason" "$(cat deny)"
for name in 'a:b' 'al*' 'al?ce' '#alice' ' alice' '192.0.2.1' '2001:db8::/32' '0.0.0.0/0'; do
    same "$name is refused" refused "$(dovecot plan "$name" | cut -d: -f1)"
done
rm session
session carol
step dovecot apply carol "dovecot-deny=$work/deny" "doveadm=$work/not-there" >/dev/null
still_open=$(dovecot look carol)
same "carol is let in again" undone "$(dovecot undo carol)"
hostile="z'\"\$(touch\${IFS}/x)\"'"
same "hostile" "done" "$(dovecot apply "$hostile")"
same "hostile look" on "$(dovecot look "$hostile")"
same "hostile undo" undone "$(dovecot undo "$hostile")"
kill "$session_pid" 2>/dev/null
stop_all
same "Dovecot is down" "done: Dovecot does not run here: there are no sessions to end" \
    "$(dovecot apply alice)"
same "and the file is right" on "$(dovecot look alice)"
same "the other session stays open" "untold: log-ins are refused, but 1 of the sessions are still open" \
    "$still_open"
printf '#!/bin/sh\necho "doveadm: Fatal: no idea" >&2\nexit 0\n' >doveadm
same "doveadm fails with status 0" "failed: doveadm: status 0: doveadm: Fatal: no idea" \
    "$(dovecot apply alice)"
rm doveadm
same "no doveadm" failed "$(dovecot apply alice | cut -d: -f1)"

# --- Exim -----------------------------------------------------------------------------

configure_exim() { # OPTION
    exim_configure "queue_only = true
acl_not_smtp = acl_local
$1" <<'END'
begin acl
acl_local:
  accept set acl_m_subject = $h_subject:
         set acl_m0 = line\n-frozen 1
begin routers
END
}

# submit NAME : a message whose subject would be a line of its own in the header file
submit() {
    printf 'Subject: one\n -frozen 1763793154\nTo: one@example.com\n\nHello\n' |
        exim -oMt "$1" -t || give_up "exim -t"
}
exim_ids() { sed -n "s/^[^ ]* [^ ]* \([^ ]*\) <= .* U=$1 .*/\1/p" exim/log/mainlog | sort | paste -sd, -; }
frozen() { exim -bp 2>/dev/null | sed -n 's/^ *[^ ]* *[^ ]* *\([^ ]*-[^ ]*\) .*frozen.*/\1/p' | sort | paste -sd, -; }
hold() { step hold-queue "$1" alice "exim=$work/exim/exim4" "exim-spool=$work/exim/spool" "${2:-case=7}"; }

for split in 'split_spool_directory = false' 'split_spool_directory = true'; do
    configure_exim "$split"
    submit alice
    submit alice
    submit bob
    submit alice
    alice=$(exim_ids alice)
    exim -Mf "${alice##*,}" >/dev/null
    same "Exim, $split" 3 "$(echo "$alice" | tr , '\n' | wc -l)"
    same "plan" "needed: hold the queued mail of alice: 2 messages" \
        "$(hold plan "ids=$alice,-d,1abcde-000000-00")"
    same "memo" "exim
$(echo "${alice%,*}" | tr , '\n')" "$(cat memo)"
    same "off" off "$(hold look)"
    same "freeze" "done" "$(hold apply)"
    same "freeze again" "done" "$(hold apply)"
    same "on" on "$(hold look)"
    same "frozen" "$alice" "$(frozen)"
    exim -Mrm "${alice%%,*}" >/dev/null
    same "one has gone" on "$(hold look)"
    same "thaw" undone "$(hold undo)"
    same "thaw again" undone "$(hold undo)"
    same "off again" off "$(hold look)"
    same "what was frozen stays so" "${alice##*,}" "$(frozen)"
done
report
