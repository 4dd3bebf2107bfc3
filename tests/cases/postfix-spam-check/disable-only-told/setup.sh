for name in disable enable status sendmail; do
    printf '#!/bin/sh\n' >$name
    chmod 755 $name
done
echo ": >$PWD/disabled-\$1; echo \"\$*\" >>$PWD/calls" >>disable
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
