# rsyslog.sh - an rsyslogd that writes what it hears in three shapes; sourced after lib.sh.
#
# shellcheck shell=sh disable=SC2154

# rsyslog_start [DIRECTIVE] : a rsyslogd that listens on log.sock
rsyslog_start() {
    cat >rsyslog.conf <<END
global(workDirectory="$work" maxMessageSize="8k")
${1:-}
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$work/log.sock" RateLimit.Interval="0" UseSysTimeStamp="off")
*.* action(type="omfile" file="$work/traditional.log" template="RSYSLOG_TraditionalFileFormat")
*.* action(type="omfile" file="$work/rfc3339.log" template="RSYSLOG_FileFormat")
*.* action(type="omfile" file="$work/rfc5424.log" template="RSYSLOG_SyslogProtocol23Format")
END
    start rsyslog.out "$cache/usr/sbin/rsyslogd" -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" \
        -M "$(echo "$cache"/usr/lib/*/rsyslog)"
    wait_for "rsyslogd" test -S log.sock
}

all_written() { [ "$(grep -l marker-of-the-end ./*.log | wc -l)" = 3 ]; }

# Ends it when all that was sent is in its files.
rsyslog_stop() {
    logger -u log.sock -t marker marker-of-the-end
    wait_for "rsyslogd to write" all_written
    stop_all
}
