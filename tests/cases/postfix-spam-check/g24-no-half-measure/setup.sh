mkdir bin
for name in passwd usermod ssh sendmail make dig nslookup sed mail; do
    printf "#!/bin/sh\n: >%s/called-$name\n" "$PWD" >bin/$name
    chmod 755 bin/$name
done
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
methods = command local
command-disable = $PWD/disable {name} {case} "{reason}"
command-enable = $PWD/enable {name}
command-status = $PWD/status {name}
[mail]
sendmail = $PWD/sendmail
spool = $PWD/spool
from = spamgear@mx.example
to = admin@example.org
END
