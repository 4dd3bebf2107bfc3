. "$DIR/../../disable.sh"
cat >>react.conf <<END
[postfix-spam-check]
disable-account = 1,1
END
