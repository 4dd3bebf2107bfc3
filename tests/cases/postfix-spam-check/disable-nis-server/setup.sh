. "$DIR/../../disable.sh"
# An NIS master: where it was asked for, and what.
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
sed -i "s|^methods.*|ssh = $PWD/ssh|" react.conf
