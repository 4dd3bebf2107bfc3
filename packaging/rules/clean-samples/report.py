#!/usr/bin/env python3
import os
import socket
import subprocess

def report(form):
    name = form.getvalue('name')
    log = open('report.log', 'a')
    os.dup2(log.fileno(), 1)
    subprocess.call(['/usr/bin/uptime'])
    with socket.create_connection(('status.example.com', 443)) as s:
        s.sendall(name.encode())
