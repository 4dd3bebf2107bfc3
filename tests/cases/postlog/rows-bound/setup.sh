awk 'BEGIN {
    for (i = 1; i <= 1100; i++) {
        t = sprintf("Nov 22 03:%02d:%02d mx ", i / 60, i % 60)
        id = sprintf("5247C456%04d", i)
        print t "postfix/smtpd[14247]: " id ": client=unknown[192.0.2.1]"
        print t "postfix/qmgr[22753]: " id ": from=<a@example.org>, size=18194, nrcpt=1 (queue active)"
        print t "amavis[13901]: (13901-15) Passed SPAMMY {RelayedTaggedInbound}, [192.0.2.1] <a@example.org> -> <b@example.net>, Queue-ID: " id ", Hits: 18.7, size: 18198, 659 ms"
        print t "postfix/qmgr[22753]: " id ": removed"
    }
}' >mail.log
printf '[store]\nrows-max = 1000\nstate = %s/state\n' "$PWD" >c.conf
