"$BINARY" postlog --once -l "$PWD/mail.log" --state "$PWD/state" -v 6 --now '2026-11-22 04:00' >first 2>&1
cat >>mail.log <<'END'
Nov 22 03:47:02 mx postfix/smtpd[9032]: AB12CD34E2: client=mail.example.com[192.0.2.7]
Nov 22 03:47:02 mx postfix/cleanup[9076]: AB12CD34E2: message-id=<m2@example.com>
Nov 22 03:47:02 mx postfix/qmgr[8015]: AB12CD34E2: from=<eve@example.com>, size=1755, nrcpt=1 (queue active)
Nov 22 03:47:05 mx amavis[13901]: (13901-15) Passed SPAM {RelayedTaggedInbound}, [192.0.2.7]:4578 [192.0.2.7] <eve@example.com> -> <bob@example.net>, Queue-ID: AB12CD34E2, Message-ID: <m2@example.com>, mail_id: 3JiB02xP9nql, Hits: 18.7, size: 18198, 659 ms
Nov 22 03:47:12 mx postfix/qmgr[8015]: AB12CD34E2: removed
END
