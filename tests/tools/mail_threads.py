#!/usr/bin/env python3
"""mail_threads.py - mail logs with content filters, and the truth about them.

    mail_threads.py --messages 1000 --seed 7 --filter mixed --truth truth.tsv > mail.log

Postfix with an after-queue filter (amavis, spamd in a pipe) or rspamd as a milter, in the line
shapes of the programs. The same seed gives the same bytes. A line of the truth is a message with a
bad verdict, in the order of acceptance:

    queue_id TAB client TAB from TAB sasl TAB verdict TAB score TAB victims

client is empty for loopback; score is the highest, "-" for none; victims are distinct recipients.
Messages without client, sender and SASL username are left out: nobody is to be told.
The filter listens on 127.0.0.1:10024 (10026 and 10032 where a message passes twice) and hands back
over 127.0.0.1.
"""
import argparse
import datetime
import heapq
import random
import sys

HEX = "0123456789ABCDEF"
BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
BASE51 = BASE52[:-1]
NAMES = ["alice", "bob", "carol", "dave", "o'brien", "x+tag", "a=b", "sales", "info", "root"]
HOSTS = ["example.com", "example.net", "mail.example.org", "shop.example", "xn--bcher-kva.example"]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--filter", choices=["amavis", "spamd", "rspamd", "mixed"], default="mixed")
    parser.add_argument("--long-ids", action="store_true")
    parser.add_argument("--start", default="2026-11-22 00:00:00", help="of the log, no zone")
    parser.add_argument("--rate", type=float, default=20, help="messages a second")
    parser.add_argument("--spam", type=float, default=0.1, help="share of bad messages")
    parser.add_argument("--stamp", choices=["rfc3164", "rfc3339"], default="rfc3164")
    parser.add_argument("--truth", help="file for the truth")
    return parser.parse_args()


class Log:
    """Lines in order of time, though messages overlap."""

    def __init__(self, start, stamp, out):
        self.start, self.stamp, self.out = start, stamp, out
        self.waiting, self.number, self.last, self.prefix = [], 0, -1, ""

    def add(self, when, tag, pid, text):
        heapq.heappush(self.waiting, (when, self.number, tag, pid, text))
        self.number += 1

    def flush(self, until=float("inf")):
        while self.waiting and self.waiting[0][0] <= until:
            when, _, tag, pid, text = heapq.heappop(self.waiting)
            self.out.write("%s mx %s[%d]: %s\n" % (self.time(when), tag, pid, text))

    def time(self, when):
        if self.stamp == "rfc3339":
            moment = self.start + datetime.timedelta(microseconds=int(when * 1e6))
            return moment.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        if int(when) != self.last:
            self.last = int(when)
            moment = self.start + datetime.timedelta(seconds=self.last)
            self.prefix = "%s %2d %02d:%02d:%02d" % (
                MONTHS[moment.month - 1], moment.day, moment.hour, moment.minute, moment.second)
        return self.prefix


class Mail:
    """One message on its way."""

    def __init__(self, world, when):
        r = world.random
        self.world, self.when, self.random = world, when, r
        self.id = world.queue_id(when)
        self.near = r.random() < 0.05
        self.client = "127.0.0.1" if self.near else world.address()
        self.name = "localhost" if self.near else r.choice(["unknown", "unknown", "mail%d.example.net" % r.randrange(99)])
        self.sasl = world.user() if r.random() < 0.3 else ""
        self.sender = "" if r.random() < 0.03 else world.user()
        self.recipients = [world.user() for _ in range(r.choice([1, 1, 1, 1, 2, 3, 8]))]
        if r.random() < 0.2:
            self.recipients.append(self.recipients[0].upper())
        self.message_id = "%s.%d@%s" % (world.letters(12), r.randrange(10**9), r.choice(HOSTS))
        if r.random() < 0.05:
            self.message_id = "CA+%s=%s/x@mail.example" % (world.letters(6), world.letters(6))
        self.bad = r.random() < world.spam
        self.seconds = [r.uniform(0.01, 0.6) for _ in range(12)]
        self.clock = when

    def step(self):
        self.clock += self.seconds.pop() if self.seconds else 0.05
        return self.clock

    def log(self, program, text, tag="postfix"):
        self.world.log.add(self.step(), "%s/%s" % (tag, program), self.random.randrange(2000, 32000), text)

    def accept(self):
        service = "submission/smtpd" if self.sasl else self.random.choice(["smtpd", "smtpd", "smtps/smtpd"])
        sasl = ", sasl_method=PLAIN, sasl_username=" + self.sasl if self.sasl else ""
        self.log(service, "%s: client=%s[%s]%s" % (self.id, self.name, self.client, sasl))
        self.log("cleanup", "%s: message-id=<%s>" % (self.id, self.message_id))

    def active(self, queue_id):
        self.log("qmgr", "%s: from=<%s>, size=%d, nrcpt=%d (queue active)"
                 % (queue_id, self.sender, self.random.randrange(500, 90000), len(self.recipients)))

    def deliver(self, queue_id, recipient, relay, reply, program="smtp"):
        self.log(program, "%s: to=<%s>, relay=%s, delay=1.3, delays=0.67/0/0/0.66, dsn=2.0.0, status=sent (%s)"
                 % (queue_id, recipient, relay, reply))

    def leave(self, queue_id):
        for recipient in self.recipients:
            self.deliver(queue_id, recipient, "mx.example.net[192.0.2.25]:25",
                         "250 2.0.0 Ok: queued as %s" % self.world.queue_id(self.clock))
        self.log("qmgr", "%s: removed" % queue_id)

    def again(self):
        """The filter hands it back."""
        child = self.world.queue_id(self.clock)
        self.log("10025/smtpd", "%s: client=localhost[127.0.0.1]" % child)
        self.log("cleanup", "%s: message-id=<%s>" % (child, self.message_id))
        self.active(child)
        return child

    def score(self):
        return round(self.random.uniform(6.3, 30), 3) if self.bad else round(self.random.uniform(-5, 4), 3)

    def truth(self, verdict, score):
        if self.bad and not (self.near and not self.sender and not self.sasl):
            distinct = len(set(r.lower() for r in self.recipients))
            self.world.truth.append((self.number, self.id, "" if self.near else self.client, self.sender,
                                     self.sasl, verdict, score, distinct))


def amavis_line(mail, queue_id, category, score, child, client):
    r = mail.random
    flow = {"CLEAN": "Passed CLEAN {RelayedInbound}", "SPAM": "Passed SPAM {RelayedTaggedInbound}",
            "SPAMMY": "Passed SPAMMY {RelayedTaggedInbound}",
            "BANNED": "Blocked BANNED (.exe,invoice (1).exe) {DiscardedInbound,Quarantined}",
            "INFECTED": "Blocked INFECTED (Eicar-Signature) {DiscardedInbound,Quarantined}"}[category]
    recipients = ",".join("<%s>" % x for x in mail.recipients)
    hits = "-" if score is None else "%g" % score
    queued = ", queued_as: %s" % child if child else ""
    number = r.randrange(1000, 40000)
    mail.world.log.add(mail.step(), "amavis", number, "(%d-%02d) %s, [%s]:%d [%s] <%s> -> %s, Queue-ID: %s, Message-ID: <%s>, mail_id: %s, Hits: %s, size: %d%s, %d ms"
                       % (number, r.randrange(1, 20), flow, client, r.randrange(1024, 65000), client, mail.sender,
                          recipients, queue_id, mail.message_id, mail.world.letters(12), hits, r.randrange(500, 90000),
                          queued, r.randrange(50, 5000)))


def through_amavis(mail):
    r, score = mail.random, mail.score()
    category = r.choice(["SPAM", "SPAM", "SPAMMY", "BANNED", "INFECTED"]) if mail.bad else "CLEAN"
    blocked = category in ("BANNED", "INFECTED")
    twice = not blocked and r.random() < 0.2
    mail.accept()
    mail.active(mail.id)
    child = None if blocked else mail.again()
    first = "CLEAN" if twice else category
    amavis_line(mail, mail.id, first, None if blocked else score - 1 if twice else score, child, mail.client)
    reply = "250 2.7.0 Ok, discarded" if blocked else \
        "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as %s" % child
    for recipient in mail.recipients:
        mail.deliver(mail.id, recipient, "127.0.0.1[127.0.0.1]:%d" % (10026 if twice else 10024), reply)
    mail.log("qmgr", "%s: removed" % mail.id)
    if twice:
        second = mail.again()
        amavis_line(mail, child, category, score, second, "127.0.0.1")
        for recipient in mail.recipients:
            mail.deliver(child, recipient, "127.0.0.1[127.0.0.1]:10032",
                         "250 2.0.0 from MTA(smtp:[127.0.0.1]:10030): 250 2.0.0 Ok: queued as %s" % second)
        mail.log("qmgr", "%s: removed" % child)
        child = second
    if child:
        mail.leave(child)
    mail.truth(category.lower(), "-" if blocked else "%g" % score)


def through_spamd(mail):
    r, score = mail.random, mail.score()
    pid = mail.world.spamd_pid()
    mail.accept()
    mail.active(mail.id)
    log, what = mail.world.log, "identified spam" if mail.bad else "clean message"
    log.add(mail.step(), "spamd", pid, "spamd: %s (%.1f/5.0) for spamd:1003 in 0.7 seconds, 4334 bytes." % (what, score))
    folded = mail.message_id.replace(" ", "_").replace(",", "_")
    log.add(mail.clock, "spamd", pid, "spamd: result: %s %2d - HTML_MESSAGE,RCVD_IN_X scantime=0.7,size=4334,user=spamd,uid=1003,required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=%d,mid=<%s>,autolearn=disabled,shortcircuit=no"
            % ("Y" if mail.bad else ".", int(round(score, 1)), r.randrange(1024, 65000), folded))
    for recipient in mail.recipients:
        mail.deliver(mail.id, recipient, "spamassassin", "delivered via spamassassin service", "pipe")
    mail.log("qmgr", "%s: removed" % mail.id)
    mail.truth("spam", "%g" % round(score, 1))
    if mail.world.truth and mail.world.truth[-1][0] == mail.number:  # spamd does not say for whom: the count of the queue stands
        entry = mail.world.truth[-1]
        mail.world.truth[-1] = entry[:-1] + (len(mail.recipients),)


def through_rspamd(mail):
    r, score = mail.random, mail.score()
    action = r.choice(["reject", "add header", "rewrite subject"]) if mail.bad else r.choice(["no action", "greylist"])
    mail.accept()
    user = " user: %s," % mail.sasl if mail.sasl else ""
    tag = "%06x" % r.randrange(1 << 24)
    mail.world.log.add(mail.step(), "rspamd", 800, "<%s>; proxy; rspamd_task_write_log: id: <%s>, qid: <%s>, ip: %s,%s from: <%s>, (default: %s (%s): [%.2f/15.00] [FROM_X(0.00){a;},MIME_Y(%.2f){text/plain;}]), len: %d, time: 88.1ms, dns req: 20, digest: <%032x>, rcpts: <%s>, mime_rcpts: <%s>"
                       % (tag, mail.message_id, mail.id, mail.client, user, mail.sender, "T" if action == "reject" else "F",
                          action, score, score / 2, r.randrange(500, 90000), r.getrandbits(128),
                          ",".join(mail.recipients), ",".join(mail.recipients)))
    mail.truth("spam", "%g" % round(score, 2))
    if action == "reject":
        mail.log("cleanup", "%s: milter-reject: END-OF-MESSAGE from %s[%s]: 5.7.1 Spam message rejected; from=<%s> to=<%s> proto=ESMTP helo=<x>"
                 % (mail.id, mail.name, mail.client, mail.sender, mail.recipients[0]))
        return
    mail.active(mail.id)
    mail.leave(mail.id)


class World:
    filters = {"amavis": through_amavis, "spamd": through_spamd, "rspamd": through_rspamd}

    def __init__(self, options):
        self.options, self.random, self.spam = options, random.Random(options.seed), options.spam
        start = datetime.datetime.strptime(options.start, "%Y-%m-%d %H:%M:%S")
        self.log = Log(start, options.stamp, sys.stdout)
        self.truth, self.ids, self.pids = [], set(), 0

    def letters(self, n):
        return "".join(self.random.choice("abcdefghijkmnpqrstuvwxyzABCDEFG23456789") for _ in range(n))

    def user(self):
        r = self.random
        return "%s%d@%s" % (r.choice(NAMES), r.randrange(5000), r.choice(HOSTS))

    def address(self):
        r = self.random
        if r.random() < 0.1:
            return "2001:db8:%x::%x" % (r.randrange(1, 65536), r.randrange(1, 65536))
        return "%d.%d.%d.%d" % (r.choice([198, 203, 100]), r.randrange(256), r.randrange(256), r.randrange(1, 255))

    def queue_id(self, when):
        while True:
            if self.options.long_ids:
                made = "3" + "".join(self.random.choice(BASE52) for _ in range(9)) + "z" + \
                    "".join(self.random.choice(BASE51) for _ in range(4))
            else:
                made = "".join(self.random.choice(HEX) for _ in range(11))
            if made not in self.ids:
                self.ids.add(made)
                return made

    def spamd_pid(self):
        self.pids += 1
        return 1200 + self.pids % 40

    def run(self):
        when, kinds = 0.0, list(self.filters)
        for number in range(self.options.messages):
            when += self.random.expovariate(self.options.rate)
            self.log.flush(when)
            kind = self.options.filter if self.options.filter != "mixed" else self.random.choice(kinds)
            mail = Mail(self, when)
            mail.number = number
            self.filters[kind](mail)
        self.log.flush()


def main():
    options = arguments()
    world = World(options)
    world.run()
    if options.truth:
        with open(options.truth, "w") as out:
            for row in sorted(world.truth):
                out.write("\t".join(str(x) for x in row[1:]) + "\n")


main()
