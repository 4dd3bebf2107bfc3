# For setup.sh of log checkers that disable accounts of NIS: disable.sh, and an ssh to a master.
# `asked` gets where it was asked for, and what.
. "$DIR/../../disable.sh"
cat >ssh <<END
#!/bin/sh
read -r verb name
for word; do case \$word in nis.example.org | yp.example.org | localhost) echo "\$word \$verb \$name" >>$PWD/asked ;; esac; done
state=open
if [ "\$verb" = disable ]; then : >$PWD/locked-\$name; fi
if [ -e $PWD/locked-\$name ]; then state=locked; fi
printf 'name=%s\nstate=%s\n' "\$name" \$state
END
chmod 755 ssh
