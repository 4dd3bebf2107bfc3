# For setup.sh of log checkers that disable accounts: a log in which bob and carl send from networks
# without a name and dora from one network, and a config whose method changes files of this folder
# only. `calls` gets the arguments of what disables, `mails` a line for each mail.
send() { # MINUTE ID ADDRESS NAME
    echo "2026-11-21T17:$1:00+00:00 mx postfix/submission/smtpd[4711]: $2: client=unknown[$3]," \
        "sasl_method=PLAIN, sasl_username=$4"
}
{
    for i in 0 1 2 3; do send 1$i 4F0000$i 192.0.$i.1 bob; done
    for i in 4 5 6; do send 1$i 4F0000$i 192.0.$((i - 4)).1 carl; done
    for i in 1 2 3 4 5; do send 3$i 5F0000$i 192.0.2.$i dora; done
} >mail.log
for name in disable enable status sendmail; do
    printf '#!/bin/sh\n' >$name
    chmod 755 $name
done
echo ": >$PWD/disabled-\$1; echo \"\$*\" >>$PWD/calls" >>disable
echo "rm -f $PWD/disabled-\$1" >>enable
echo "test -e $PWD/disabled-\$1" >>status
echo "cat >/dev/null; echo one >>$PWD/mails" >>sendmail
cat >react.conf <<END
[react]
state = $PWD/state
passwd-root = $PWD
methods = command
command-disable = $PWD/disable {name} {case} "{reason}"
command-enable = $PWD/enable {name}
command-status = $PWD/status {name}
[mail]
sendmail = $PWD/sendmail
spool = $PWD/spool
from = spamgear@mx.example
to = admin@example.org
END
