"""policy_peer PLACE - the least that a policy daemon in Python can do, for tests/bench/policy.sh.

Reads requests, counts recipients for each SASL username in minutes of the last hour, and answers
DUNNO, or DEFER_IF_PERMIT above a limit that nobody reaches. One process, asyncio: what Debian's
policyd-rate-limit does besides (a database, networks, reports) is left out, which is to its favour.
"""
import asyncio
import collections
import sys
import time

LIMIT = 10**12
minutes = collections.defaultdict(collections.Counter)
total = collections.Counter()


def forget(now):
    for minute in [m for m in minutes if m < now - 60]:
        total.subtract(minutes.pop(minute))


def decide(request):
    user = request.get(b"sasl_username", b"")
    if not user or request.get(b"protocol_state") != b"RCPT":
        return b"DUNNO"
    now = int(time.time()) // 60
    if now not in minutes:
        forget(now)
    minutes[now][user] += 1
    total[user] += 1
    return b"DEFER_IF_PERMIT 4.7.1 slow down" if total[user] > LIMIT else b"DUNNO"


async def serve(reader, writer):
    try:
        while True:
            text = await reader.readuntil(b"\n\n")
            request = dict(line.split(b"=", 1) for line in text.split(b"\n") if line)
            writer.write(b"action=" + decide(request) + b"\n\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    server = await asyncio.start_unix_server(serve, sys.argv[1])
    async with server:
        await server.serve_forever()


asyncio.run(main())
