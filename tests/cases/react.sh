# For setup.sh of cases that react: a config whose methods change files of this folder only.
#
# exim-list adds a name to the file `list`; `command` runs the script `method`, by which a name is
# disabled when the file `off.NAME` is there. The file `broken` makes it fail.
tmp=$(pwd)
export SPAMGEAR_CONFIG="$tmp/react.conf"

configure() { # METHODS
    cat >react.conf <<END
[react]
state = $tmp/state
methods = $1
exim-list = $tmp/list
command-disable = $tmp/method disable {name}
command-enable = $tmp/method enable {name}
command-status = $tmp/method status {name}
[mail]
spool = $tmp/spool
sendmail = /nonexistent/sendmail
END
    cat >method <<END
#!/bin/sh
cd $tmp
[ ! -f broken ] || { echo 'cannot reach the panel'; exit 2; }
case \$1 in
disable) : >"off.\$2" ;;
enable) rm -f "off.\$2" ;;
status) [ -f "off.\$2" ] ;;
esac
END
    chmod 755 method
}

# disable NAME [OPTION...]: at noon of 21 November 2026.
disable() { "$BINARY" account --now @1795262400 disable "$@" >/dev/null || exit 1; }
configure exim-list
