#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A proxy for nc.sh: SOCKS 4, 4A and 5 and CONNECT on one port, one connection after another; user "me", password "secret"
where one is asked for (SOCKS 5 with -P, /auth). It says on standard output what it was asked."""
import socket, struct, sys, threading


def exactly(s, n):
    got = b""
    while len(got) < n:
        more = s.recv(n - len(got))
        if not more:
            raise EOFError
        got += more
    return got


def until(s, end):
    got = b""
    while not got.endswith(end):
        got += exactly(s, 1)
    return got


def reach(host, port):
    print("to", host, port, flush=True)
    try:
        return socket.create_connection((host, port), 5)
    except OSError:
        return None


def socks5(s):
    methods = exactly(s, exactly(s, 1)[0])
    s.sendall(b"\5\2" if 2 in methods else b"\5\0")
    if 2 in methods:
        exactly(s, 1)
        user = exactly(s, exactly(s, 1)[0])
        good = (user, exactly(s, exactly(s, 1)[0])) == (b"me", b"secret")
        s.sendall(b"\1\0" if good else b"\1\1")
        if not good:
            return None
    kind = exactly(s, 4)[3]
    host = socket.inet_ntop(socket.AF_INET, exactly(s, 4)) if kind == 1 else \
        socket.inet_ntop(socket.AF_INET6, exactly(s, 16)) if kind == 4 else exactly(s, exactly(s, 1)[0]).decode()
    out = reach(host, struct.unpack("!H", exactly(s, 2))[0])
    s.sendall(bytes([5, 0 if out else 5, 0, 1]) + bytes(6))
    return out


def socks4(s):
    port, address = struct.unpack("!H4s", exactly(s, 7)[1:])
    until(s, b"\0")
    host = until(s, b"\0")[:-1].decode() if address[:3] == b"\0\0\0" else socket.inet_ntoa(address)
    out = reach(host, port)
    s.sendall(bytes([0, 90 if out else 91]) + bytes(6))
    return out


def http(s):
    head = until(s, b"\r\n\r\n").decode()
    host, port = head.split()[0].rsplit(":", 1)
    print(*[line for line in head.split("\r\n") if line.startswith("Proxy-Auth")], flush=True)
    out = reach(host, int(port))
    s.sendall(b"HTTP/1.1 200 Go\r\nX: y\r\n\r\n" if out else b"HTTP/1.1 502 Nobody there\r\n\r\n")
    return out


def carry(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    s, _ = listener.accept()
    try:
        first = exactly(s, 1)
        out = {b"\5": socks5, b"\4": socks4}.get(first, lambda s: (exactly(s, 7), http(s))[1])(s)
        if out:
            out.settimeout(None)
            back = threading.Thread(target=carry, args=(out, s))
            back.start()
            carry(s, out)
            back.join()
            out.close()
    except (EOFError, OSError):
        pass
    s.close()
