# content_filter.py PORT PORT-OF-REENTRY PROGRAM... - a content filter behind the queue, as amavis is.
#
# It takes messages by SMTP with XFORWARD, hands each back to the mail server, and says what it
# thinks of it in amavis' words, as a line on the standard input of PROGRAM... (one run a line,
# which logs it). A message whose subject holds "pills" is spam.
import smtplib
import subprocess
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

port, reentry, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]


class Filter(SMTP):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.forward = {}

    async def smtp_XFORWARD(self, arg):
        for word in arg.split():
            name, _, value = word.partition("=")
            self.forward[name.upper()] = value
        await self.push("250 Ok")


class Handler:
    number = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return responses[:-1] + ["250-XFORWARD NAME ADDR PROTO HELO IDENT SOURCE", responses[-1]]

    async def handle_DATA(self, server, session, envelope):
        Handler.number += 1
        text = envelope.content
        spam = b"pills" in text.split(b"\r\n\r\n")[0]
        with smtplib.SMTP("127.0.0.1", reentry) as back:
            back.ehlo("filter.example.net")
            words = " ".join(k + "=" + v for k, v in server.forward.items() if k in ("ADDR", "NAME", "IDENT"))
            back.docmd("XFORWARD", words)
            back.mail(envelope.mail_from)
            for recipient in envelope.rcpt_tos:
                back.rcpt(recipient)
            code, reply = back.data(text)
        reply = reply.decode()
        ids = [line.split(b":", 1)[1].strip() for line in text.split(b"\r\n") if line.lower().startswith(b"message-id:")]
        address = server.forward.get("ADDR", "[UNAVAILABLE]")
        if address.lower().startswith("ipv6:"):
            address = address[5:]
        line = "(%05d-%02d) Passed %s {RelayedOutbound}, LOCAL [%s] <%s> -> %s, Queue-ID: %s, " % (
            4711, Handler.number, "SPAM" if spam else "CLEAN", address, envelope.mail_from,
            ",".join("<%s>" % r for r in envelope.rcpt_tos), server.forward.get("IDENT", ""))
        if ids:
            line += "Message-ID: %s, " % ids[0].decode()
        line += "mail_id: m%d, Hits: %s, size: %d, queued_as: %s, 42 ms\n" % (
            Handler.number, "12.25" if spam else "-1.9", len(text), reply.split()[-1])
        subprocess.run(program, input=line.encode(), check=True)
        server.forward = {}
        return "%d 2.0.0 from MTA(smtp:[127.0.0.1]:%d): %d %s" % (code, reentry, code, reply)


class Entry(Controller):
    def factory(self):
        return Filter(self.handler, hostname="filter.example.net", ident="ESMTP")


Entry(Handler(), hostname="127.0.0.1", port=port).start()
threading.Event().wait()
