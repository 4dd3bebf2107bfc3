# exim.sh - an Exim below exim/, which lets in whoever says "secret" and discards all mail; sourced
# after lib.sh.
#
# shellcheck shell=sh disable=SC2154

# Exim insists on its own user, which the machine need not have.
exim_accounts() {
    sed '/^Debian-exim:/d' /etc/passwd >exim/passwd
    sed '/^Debian-exim:/d' /etc/group >exim/group
    echo "Debian-exim:x:9:9::$work/exim/spool:/usr/sbin/nologin" >>exim/passwd
    echo 'Debian-exim:x:9:' >>exim/group
}

# exim/exim4 : Exim as it would run on a machine of its own
exim_program() {
    cat >exim/exim4 <<END
#!/bin/sh
exec env LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=$work/exim/passwd \\
    NSS_WRAPPER_GROUP=$work/exim/group $cache/usr/sbin/exim4 -C $work/exim/exim.conf "\$@"
END
    chmod 755 exim/exim4
}

exim() { timeout 60 "$work/exim/exim4" "$@"; }

# exim_configure OPTIONS <LINES : a fresh configuration, spool and log. LINES are ACLs, and routers
# that come before the last.
exim_configure() {
    rm -rf exim
    mkdir -p exim/spool exim/log
    chown 9:9 exim/spool exim/log
    exim_accounts
    exim_program
    {
        cat <<END
exim_path = $cache/usr/sbin/exim4
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
spool_directory = $work/exim/spool
log_file_path = $work/exim/log/%slog
primary_hostname = mx.example.net
local_interfaces = <; 127.0.0.1 ; ::1
tls_advertise_hosts =
hosts_treat_as_local =
host_lookup =
rfc1413_query_timeout = 0s
$1
END
        cat
        cat <<'END'
discard:
  driver = redirect
  data = :blackhole:
begin authenticators
plain_server:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if eq{$auth3}{secret}}
  server_set_id = $auth2
END
    } >exim/exim.conf
}

exim_start() { # PORT
    start exim.out "$work/exim/exim4" -bdf -oX "$1"
    wait_for "Exim" listens 127.0.0.1 "$1"
}
