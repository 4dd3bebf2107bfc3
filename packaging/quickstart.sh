#!/bin/sh
# From a fresh checkout to a first answer: sh packaging/quickstart.sh
#
# On Debian 12 or later, as root: installs what the build needs, builds into ./build, and
# lets spamgear find a stolen account in a sample mail log of the last hour, made here, and say
# what it would do about it (a dry run: nothing is done).
# Without root it does the same when the packages are there, and names them when not.
# Nothing outside the checkout is changed but installed packages.
set -eu

top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$top/build
packages="gcc libc6-dev cmake make pkg-config libpcre2-dev zlib1g-dev liblzma-dev libzstd-dev
    libc-ares-dev libpsl-dev libmaxminddb-dev libsystemd-dev libxxhash-dev libssl-dev
    libseccomp-dev libsqlite3-dev libclamav-dev libcurl4-openssl-dev libesmtp-dev
    libmariadb-dev libpq-dev"

say() { printf '%s\n' "$*"; }

# step WHAT COMMAND...: runs it with its output in the log file, which is named when it fails.
step() {
    what=$1
    shift
    printf '%s ... ' "$what"
    if "$@" >>"$log" 2>&1; then
        say "done"
    else
        say failed
        tail -n 15 "$log" >&2
        say "quickstart: $what failed; everything it said is in $log" >&2
        exit 1
    fi
}

missing_packages() {
    for package in $packages; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            printf ' %s' "$package"
    done
}

install_packages() {
    command -v dpkg-query >/dev/null || {
        say "This is no Debian: the build needs a C compiler, cmake, pkg-config and PCRE2;"
        say "zlib, liblzma, zstd, c-ares, libpsl, libmaxminddb, libsystemd, libcrypto, libseccomp,"
        say "SQLite, libclamav and libcurl as far as wanted."
        return
    }
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        say "Some packages are missing. As root: apt-get install$missing" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    step "Reading package lists" apt-get -q update
    # shellcheck disable=SC2086  # a list of words
    step "Installing the compiler and libraries" apt-get -q install -y --no-install-recommends $missing
}

build_program() {
    step "Configuring" cmake -S "$top" -B "$build" -DSPAMGEAR_TESTS=OFF -DSPAMGEAR_WERROR=OFF
    step "Building" cmake --build "$build" -j "$(nproc)"
}

# About 2000 lines of Postfix log of the last hour: 25 people with their few addresses, incoming
# mail, failed log-ins, and the password of anna in the hands of a botnet; with the verdicts of rspamd.
sample_log() {
    awk -v now="$(date +%s)" '
    function draw(n) { return int(rand() * n) }
    function line(tag, text) { printf "%d %s[%d]: %s\n", t, tag, pid, text }
    function message(client, user,    id) {
        id = sprintf("%05X%05X", 700000 + draw(300000), ++messages * 151)
        line("postfix/submission/smtpd", "connect from " client)
        line("postfix/submission/smtpd", id ": client=" client ", sasl_method=PLAIN, sasl_username=" user)
        line("postfix/cleanup", "" id ": message-id=<" messages "@example.net>")
        verdict(id, user, substr(client, index(client, "[") + 1), user == "anna")
        line("postfix/qmgr", id ": from=<" user ">, size=" 500 + draw(9000) ", nrcpt=1 (queue active)")
        line("postfix/smtp", id ": to=<someone@mail.example>, relay=mx.mail.example[198.51.100.7]:25," \
            " delay=0.9, delays=0.1/0/0.4/0.4, dsn=2.0.0, status=sent (250 2.0.0 Ok)")
        line("postfix/qmgr", id ": removed")
    }
    function verdict(id, user, ip, bad) {
        line("rspamd", "<" tolower(id) ">; proxy; rspamd_task_write_log: id: <" messages "@example.net>, qid: <" id \
            ">, ip: " substr(ip, 1, length(ip) - 1) ", user: " user ", from: <" user ">, (default: F (" \
            (bad ? "add header): [11.20" : "no action): [-0.40") "/15.00] []), len: 700, time: 88.1ms," \
            " dns req: 20, digest: <0>, rcpts: <someone@mail.example>, mime_rcpts: <someone@mail.example>")
    }
    function bot(    n) {
        n = draw(59)
        return (n % 3 ? "host" n ".dialup.isp" n % 23 ".example" : "unknown") \
            "[" 11 + n * 3 "." 20 + n * 4 "." n "." 7 + n "]"
    }
    BEGIN {
        srand(7)
        for (i = 0; i < 360; i++) {
            t = now - 3590 + i * 10 - draw(5); pid = 1000 + draw(9000)
            kind = draw(100)
            if (i > 180 && i % 180 > 4 && kind < 75) message(bot(), "anna")
            else if (kind < 55) {
                n = draw(25)
                message("pc" n ".dsl.city.example[192.0.2." 10 + n "]", "user" n "@example.net")
            } else if (kind < 80) {
                c = "unknown[203.0.113." draw(250) "]"
                line("postfix/submission/smtpd", "connect from " c)
                line("postfix/submission/smtpd", "warning: " c ": SASL LOGIN authentication failed:" \
                    " UGFzc3dvcmQ6, sasl_username=user" draw(25) "@example.net")
                line("postfix/submission/smtpd", "lost connection after AUTH from " c)
            } else {
                c = "mx.far.example[198.51.100." draw(250) "]"
                line("postfix/smtpd", "connect from " c)
                line("postfix/smtpd", "NOQUEUE: reject: RCPT from " c ": 550 5.1.1 <gone@example.net>:" \
                    " User unknown; from=<a@far.example> to=<gone@example.net> proto=ESMTP helo=<mx>")
                line("postfix/smtpd", "disconnect from " c)
                line("dovecot", "imap-login: Login: user=<user" draw(25) "@example.net>, method=PLAIN")
            }
        }
    }' | sort -s -n -k1,1 | stamp_lines
}

# "1795284000 tag..." becomes "Nov 21 18:00:00 mx tag...", with one call of date a second.
stamp_lines() {
    last='' stamp=''
    while read -r seconds rest; do
        [ "$seconds" = "$last" ] || stamp=$(LC_ALL=C date -d "@$seconds" '+%b %e %H:%M:%S')
        last=$seconds
        printf '%s mx %s\n' "$stamp" "$rest"
    done
}

# The site of a customer whose CMS was broken into: ordinary files, and a picture that holds code. The
# code is spamgear's test text, which does nothing.
sample_site() { # FOLDER
    rm -rf "$1"
    mkdir -p "$1/www/uploads"
    printf '<?php\nrequire __DIR__ . "/lib.php";\necho page($_GET["id"] ?? "home");\n' >"$1/www/index.php"
    printf '<?php\nfunction page($name)\n{\n    return "<h1>" . htmlspecialchars($name) . "</h1>";\n}\n' \
        >"$1/www/lib.php"
    printf 'GIF89a<?php /* SPAMGEAR-ANTIWEBSHELL-%s */ ?>' TEST-FILE >"$1/www/uploads/logo.gif"
}

# An account of that name in files of its own, and a configuration that looks there; it trusts the
# log, as it would trust one that only Postfix can write.
sample_world() { # FOLDER LOG
    mkdir -p "$1/etc"
    printf 'anna:x:1042:1042::/home/anna:/bin/sh\n' >"$1/etc/passwd"
    printf 'anna:$6$sample$sample:20000:0:99999:7:::\n' >"$1/etc/shadow"
    chmod 600 "$1/etc/passwd" "$1/etc/shadow"
    cat >"$1/spamgear.conf" <<CONF
[postfix-spam-check]
trusted-logs = $2

[react]
methods = local
passwd-root = $1
state = $1/state
CONF
    chmod 600 "$1/spamgear.conf"
}

# show COMMAND-AS-SHOWN COMMAND...: runs it; its answer must not be empty.
show() {
    say ""
    say "  \$ $1"
    say ""
    shift
    "$@" >"$build/answer" 2>>"$log" || [ $? -eq 1 ] || : >"$build/answer"
    if [ ! -s "$build/answer" ]; then
        say "quickstart: that should have found something; please report it, with $log" >&2
        exit 1
    fi
    sed 's/^/  /' "$build/answer"
    say ""
}

last_of_postlog() {
    "$build/spamgear" postlog --config "$build/sample-world/spamgear.conf" --replay "$sample" -v 6 2>&1 |
        tail -n 3
}

mkdir -p "$build"
log=$build/quickstart.log
: >"$log"
install_packages
build_program
sample=$build/sample-mail.log
sample_log >"$sample"
sample_site "$build/sample-home/anna"
sample_world "$build/sample-world" "$sample"

say ""
say "A mail server's log of the last hour ($(wc -l <"$sample") lines). Who sends too much?"
show "spamgear postfix-spam-check -l $sample" "$build/spamgear" postfix-spam-check -l "$sample"
say "One account sends from dozens of networks at once: its password is stolen. What would be done"
say "about who is over the limit and comes from more than 5 networks and 5 addresses without a name?"
show "spamgear postfix-spam-check -l $sample -d 5,5 --dry-run" "$build/spamgear" postfix-spam-check \
    --config "$build/sample-world/spamgear.conf" -l "$sample" -d 5,5 --dry-run
say "Without --dry-run it is done, verified, mailed, and kept as a case; \`spamgear case undo\` lifts it."
say ""
say "The daemon does that all the time, and knows what the spam filter said:"
show "spamgear postlog --replay $sample -v 6 2>&1 | tail -n 3" last_of_postlog
say "And a customer's web site. What stands in it that should not?"
show "full-scan --details $build/sample-home" "$build/spamgear" full-scan --details --no-cache \
    --clamav off --signatures "$top/packaging/rules" "$build/sample-home"
cat <<TEXT
A picture with code behind it (here a test text that does nothing); -q takes such files away, and
\`quarantine restore\` puts them back.

Next, as root:
  cmake --install $build                # spamgear and its rules, into /usr/local
  spamgear --install /usr/local/bin     # postfix-spam-check, full-scan and the others, as links
  postfix-spam-check                    # your own mail log, the last hour
  full-scan /home                       # your own users' sites; changes nothing
  spamgear postlog --replay /var/log/mail.log -v 6    # whose mail the spam filter called spam
  queue-depth                           # how many mails wait, and since when
  cp $top/packaging/cron/spamgear /etc/cron.d/    # ask by cron, answers by mail
  spamgear --list                       # everything it can do
TEXT
