# smtp_server.py CERTIFICATES BEHAVIOURS PORTS LOG - SMTP servers that misbehave as they are told.
#
# BEHAVIOURS has a server a line: NAME KEY=VALUE... ; PORTS gets "NAME PORT" of each when all listen;
# LOG gets a JSON object for each message that was taken and for each word that should not have
# been said. Keys:
#   tls=starttls|implicit    cert=NAME (NAME.pem in CERTIFICATES)    version=1.2|1.3   tickets=N
#   auth=1 (PLAIN and LOGIN), MECHANISMS or echo; the password is "secret"   plainauth=1 (offered without TLS too)
#   family=6    inject=1 (an answer in plain text behind that to STARTTLS)    helo=1 (no EHLO)
#   early=TEXT (said after 1,000 lines of a mail, then closed)
#   greeting=deaf|full: nobody answers, nobody can connect
#   STEP=hang|close|endless|huge|half|garbage|TEXT: what is answered, _ for blanks, % for line ends. Steps:
#     greeting ehlo starttls handshake auth mail rcpt data dot quit
# A recipient r550@... is answered with 550, r450@... with 450.
import base64
import json
import os
import socket
import ssl
import sys
import threading
import time

certificates, behaviours, ports, log_path = sys.argv[1:]
lock = threading.Lock()


def log(**what):
    with lock, open(log_path, "a") as f:
        f.write(json.dumps(what, sort_keys=True) + "\n")


class End(Exception):
    pass


class Session:
    def __init__(self, name, keys, sock):
        self.name, self.keys, self.sock = name, keys, sock
        self.buffer, self.tls, self.user = b"", False, None

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        while b"\n" not in self.buffer:
            got = self.sock.recv(65536)
            if not got:
                raise End
            self.buffer += got
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r")

    def reply(self, step, text):
        how = self.keys.get(step)
        if how == "hang":
            time.sleep(3600)
        if how == "close":
            raise End
        while how == "endless":
            self.send(b"250-x\r\n" * 1000)
        while how == "huge":
            self.send(b"250 " + b"x" * 65536)
        if how == "half":
            self.send(text.encode()[:-1])
            raise End
        if how == "garbage":
            self.send(bytes(range(256)) * 4 + b"\r\n")
            return
        if how is not None:
            text = how.replace("_", " ").replace("%", "\r\n")
        self.send(text.encode("latin-1") + b"\r\n")

    def start_tls(self):
        if self.keys.get("handshake") == "hang":
            time.sleep(3600)
        if self.keys.get("handshake") == "close":
            raise End
        if self.keys.get("handshake") == "garbage":
            self.send(b"250 not TLS\r\n" * 100)
            raise End
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{certificates}/{self.keys.get('cert', 'good')}.pem")
        version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
        if "version" in self.keys:
            context.minimum_version = context.maximum_version = version[self.keys["version"]]
        context.num_tickets = int(self.keys.get("tickets", "2"))
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.tls = True

    def ehlo(self, verb):
        if verb == "EHLO" and "helo" in self.keys:
            return self.reply("ehlo", "502 what?")
        offers = [f"{self.name}.example", "PIPELINING", "SIZE 10000000", "ENHANCEDSTATUSCODES"]
        if self.keys.get("tls") == "starttls" and not self.tls:
            offers.append("STARTTLS")
        if "auth" in self.keys and (self.tls or "plainauth" in self.keys):
            known = {"1": "PLAIN LOGIN", "echo": "PLAIN"}
            offers.append("AUTH " + known.get(self.keys["auth"], self.keys["auth"].replace("_", " ")))
        if verb == "HELO":
            offers = offers[:1]
        lines = [f"250-{o}" for o in offers[:-1]] + [f"250 {offers[-1]}"]
        self.reply("ehlo", "\r\n".join(lines))

    def auth(self, words):
        if not self.tls:
            log(server=self.name, wrong="AUTH without TLS", words=words)
        if words[1].upper() == "PLAIN":
            if len(words) < 3:
                self.send(b"334 \r\n")
                words.append(self.line().decode())
            _, user, password = base64.b64decode(words[2]).decode().split("\0")
        else:
            if len(words) < 3:
                self.send(b"334 VXNlcm5hbWU6\r\n")
                words.append(self.line().decode())
            user = base64.b64decode(words[2]).decode()
            self.send(b"334 UGFzc3dvcmQ6\r\n")
            password = base64.b64decode(self.line()).decode()
        if self.keys.get("auth") == "echo":
            return self.reply("", f"535 5.7.8 no {words[-1]}")
        if password != "secret":
            return self.reply("", "535 5.7.8 wrong password")
        if "auth_reply" not in self.keys:
            self.user = user
        self.reply("auth_reply", "235 2.7.0 welcome")

    def data(self):
        self.reply("data", "354 go on")
        if self.keys.get("data", "354")[0] != "3":
            return
        lines = []
        while True:
            line = self.line()
            if line == b".":
                break
            if "early" in self.keys and len(lines) == 1000:
                self.reply("early", "")
                raise End
            lines.append(line[1:] if line.startswith(b".") else line)
        if self.to:
            log(server=self.name, tls=self.tls, user=self.user, sender=self.sender, to=self.to,
                data=[line.decode("latin-1") for line in lines])
            if "auth" in self.keys and self.user is None:
                log(server=self.name, wrong="mail without log-in")
            self.reply("dot", "250 2.0.0 taken")
        else:
            self.reply("dot", "554 5.5.1 nobody")

    def command(self, text):
        words = text.split()
        verb = words[0].upper() if words else ""
        if verb in ("EHLO", "HELO"):
            self.ehlo(verb)
        elif verb == "STARTTLS":
            more = "\r\n250-evil\r\n250 AUTH PLAIN" if "inject" in self.keys else ""
            self.reply("starttls", "220 go" + more)
            if self.keys.get("starttls", "2")[0] == "2":
                self.start_tls()
        elif verb == "AUTH":
            self.auth(words)
        elif verb == "MAIL":
            self.sender, self.to = text[11:].split(">")[0], []
            self.reply("mail", "250 2.1.0 ok")
        elif verb == "RCPT":
            to = text[9:].split(">")[0]
            code = to[1:4] if to[:1] == "r" and to[1:4].isdigit() else "250"
            if code == "250":
                self.to.append(to)
            self.reply("rcpt", f"{code} {code[0]}.1.1 that is {to}")
        elif verb == "DATA":
            self.data()
        elif verb == "QUIT":
            self.reply("quit", "221 2.0.0 bye")
            raise End
        else:
            self.reply("", "500 5.5.1 what?")

    def run(self):
        if self.keys.get("tls") == "implicit":
            self.start_tls()
        self.reply("greeting", f"220-{self.name}.example waits\r\n220 ready")
        while True:
            self.command(self.line().decode("latin-1"))


def serve(name, keys, listener):
    def one(sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            Session(name, keys, sock).run()
        except (End, OSError):
            pass
        sock.close()

    while True:
        threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()


found, listeners = [], []
for row in open(behaviours):
    name, *pairs = row.split()
    keys = dict(pair.split("=", 1) for pair in pairs)
    six = keys.get("family") == "6"
    listener = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
    listener.bind(("::1" if six else "127.0.0.1", 0))
    listener.listen(50)
    listeners.append(listener)
    found.append(f"{name} {listener.getsockname()[1]}\n")
    if keys.get("greeting") == "deaf":  # accepts nobody
        continue
    if keys.get("greeting") == "full":  # and cannot even be connected to
        listener.listen(0)
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
            listeners.append(waiting)
        continue
    threading.Thread(target=serve, args=(name, keys, listener), daemon=True).start()
with open(ports + ".new", "w") as f:
    f.write("".join(found))

os.rename(ports + ".new", ports)
threading.Event().wait()
