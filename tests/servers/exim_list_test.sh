#!/bin/sh
# exim_list_test.sh SPAMGEAR - the list of stopped accounts, as a real Exim reads it: keys that
# must be quoted, the ACLs of docs/reactions.md, and a list that Exim may read by its group only.
# shellcheck disable=SC2154,SC2317  # set, or called, by what is sourced
. "$(dirname "$0")/lib.sh"
. "$servers_dir/exim.sh"
programs=$(dirname "$spamgear")

configure() {
    install -m 640 -o 0 -g 9 /dev/null disabled
    exim_configure 'acl_smtp_rcpt = acl_check_rcpt
acl_not_smtp = acl_check_local
trusted_users = root' <<END
begin acl
acl_check_local:
  deny  condition = \${lookup{\$sender_ident}lsearch{$work/disabled}{yes}{no}}
        message   = This account is disabled, please call your administrator.
  accept
acl_check_rcpt:
  deny  authenticated = *
        condition = \${lookup{\$authenticated_id}lsearch{$work/disabled}{yes}{no}}
        message   = This account is disabled, please call your administrator.
  accept authenticated = *
  deny
begin routers
END
}

# list OPERATION NAME : what the method says
list() {
    "$programs/react_method" exim-list "$1" "$2" /dev/null "exim-list=$work/disabled"
}

# may_send CODE USER : what Exim answers to the first recipient
may_send() {
    smtp 127.0.0.1 "$port" 127.0.0.2 <<END
hello
235 auth $2 secret
250 MAIL FROM:<x@example.net>
$1 RCPT TO:<one@example.com>
END
    passed=$((passed + 1)) # else smtp would have given up
}

# looked_up NAME : what the ACL's lookup makes of a name, which Exim's expansion must not eat
looked_up() {
    key=$(printf %s "$1" | sed 's/[\\${}]/\\&/g')
    exim -be "\${lookup{$key}lsearch{$work/disabled}{yes}{no}}"
}

# A local user's mail, as sendmail takes it
local_mail() { # USER
    printf 'Subject: x\n\nx\n' | exim -oMt "$1" -oep one@example.com 2>&1 |
        grep -o 'This account is disabled'
}

test_local() {
    same "may send" "" "$(local_mail carol)"
    same "carol is stopped" "done" "$(list apply carol)"
    same "may not send" "This account is disabled" "$(local_mail carol)"
    same "others may" "" "$(local_mail bob)"
    same "carol may go on" undone "$(list undo carol)"
    same "may send again" "" "$(local_mail carol)"
}

test_acl() {
    may_send 250 alice
    same "alice is stopped" "done" "$(list apply alice)"
    may_send 550 alice
    may_send 250 alice2
    may_send 250 bob
    same "alice may go on" undone "$(list undo alice)"
    may_send 250 alice
}

test_names() {
    for name in bob bob@example.com 'a.b*' '#bob' 'a b:c' 'a"b\c' "z'\"\$(touch\${IFS}/x)\"'" -d \
        'tab\tbed' '"' "\\" "$(head -c 150 /dev/zero | tr '\0' a)"; do
        same "before: $name" no "$(looked_up "$name")"
        same "apply: $name" "done" "$(list apply "$name")"
        same "listed: $name" yes "$(looked_up "$name")"
        same "nobody else: $name" no "$(looked_up "x$name")"
        same "look: $name" on "$(list look "$name")"
        same "undo: $name" undone "$(list undo "$name")"
        same "not listed: $name" no "$(looked_up "$name")"
    done
    same "the list is empty" "" "$(cat disabled)"
}

# What the administrator writes, we read as Exim does.
test_administrator() {
    cat >disabled <<'END'
# a comment: x
Carol: since monday
  eve: only continues
"d e":x
frank
END
    for name in carol CAROL 'd e' frank eve '#' 'since'; do
        case $(looked_up "$name") in
        yes) want=on ;;
        *) want=off ;;
        esac
        same "as Exim does: $name" "$want" "$(list look "$name")"
    done
    same "one of his" on "$(list look carol)"
    same "none of his" off "$(list look eve)"
}

port=$(free_ports 1)
configure
exim_start "$port"
test_acl
test_local
test_names
test_administrator
same "owner and mode stay" "640 root 9" "$(stat -c '%a %U %g' disabled)"
report
