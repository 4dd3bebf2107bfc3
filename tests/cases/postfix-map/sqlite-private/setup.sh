chmod 755 .
mkdir -m 700 state
printf '[store]\nstate = %s/state\n' "$PWD" >c.conf
