. "$DIR/../../disable.sh"
printf "#!/bin/sh\ncat >/dev/null\nexit 75\n" >sendmail; sed -i "/^spool/d" react.conf; echo "spool =" >>react.conf
