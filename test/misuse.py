# SPDX-License-Identifier: ISC
"""Clients that do what clients should not, and what those who behave see meanwhile. Each is a function, named on the command
line, with its arguments as words; it ends with an assertion that is not so, or well. reliability.sh runs it."""
import os
import signal
import socket
import ssl
import struct
import sys
import time

LOOPBACK = "127.0.0.1"


def tls():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def call(port, kind="tcp"):
    s = socket.create_connection((LOOPBACK, int(port)), 20)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s if kind == "tcp" else tls().wrap_socket(s)


def line(s):
    """Up to a newline, or what there is at the end."""
    got = b""
    while not got.endswith(b"\n"):
        more = s.recv(65536)
        if not more:
            break
        got += more
    return got


def rest(s):
    """Everything to its end in order: a reset raises."""
    got = []
    while more := s.recv(65536):
        got.append(more)
    return b"".join(got)


def refused(port):
    try:
        call(port).close()
    except OSError:
        return True
    return False


def until(what):
    for _ in range(400):
        if what():
            return True
        time.sleep(0.025)
    return False


def stop(pid):
    os.kill(int(pid), signal.SIGTERM)


# --- asked to end ---

def drain_echo(kind, port, pid):
    idle, begun, busy = call(port, kind), call(port, kind), call(port, kind)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(20)
    for s in (idle, begun, busy):
        s.sendall(b"hello\n")
        assert line(s) == b"hello\n"
    lines = b"x" * 99 + b"\n"
    begun.sendall(b"begun")
    busy.sendall(lines * 1000)
    udp.sendto(b"datagram", (LOOPBACK, 7777))
    stop(pid)
    got = rest(begun)
    assert got == b"begun", got
    got = rest(busy)
    assert got == lines * 1000, len(got)
    assert rest(idle) == b""
    assert udp.recv(100) == b"datagram"
    assert refused(port)
    for s in (idle, begun, busy):
        s.close()


def drain_deaf(port, pid):
    deaf = call(port)
    deaf.setblocking(False)
    for _ in range(3):
        try:
            while True:
                deaf.send(b"I hear nothing\n" * 1000)
        except BlockingIOError:
            time.sleep(0.2)
    began = time.monotonic()
    stop(pid)
    assert until(lambda: gone(pid)), "it waits for ever"
    assert time.monotonic() - began > 4, "it did not wait"
    deaf.close()


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def second_signal(port, pid):
    s = call(port)
    s.sendall(b"hello\n")
    assert line(s) == b"hello\n"
    stop(pid)
    assert rest(s) == b""
    assert not gone(pid)
    stop(pid)
    assert until(lambda: gone(pid))


def drain_http(port, pid):
    idle, slow = call(port), call(port)
    idle.sendall(b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"hello" in idle.recv(65536)
    slow.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    head = slow.recv(100)
    stop(pid)
    assert rest(idle) == b""
    idle.close()
    got = head + rest(slow)
    assert len(got.partition(b"\r\n\r\n")[2]) == 20000000, len(got)
    assert refused(port)
    slow.close()


QUESTION = struct.pack(">HHHHHH", 7, 0, 1, 0, 0, 0) + b"\x02ns\x07example\x03com\0" + struct.pack(">HH", 1, 1)


def drain_dns(port, pid):
    whole, half = call(port), call(port)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(20)
    framed = struct.pack(">H", len(QUESTION)) + QUESTION
    half.sendall(framed[:9])
    whole.sendall(framed)
    time.sleep(0.1)
    udp.sendto(QUESTION, (LOOPBACK, int(port)))
    stop(pid)
    assert udp.recv(512)[:2] == QUESTION[:2]
    got = rest(whole)
    assert got[2:4] == QUESTION[:2], got
    whole.close()
    half.sendall(framed[9:])
    got = rest(half)
    assert got[2:4] == QUESTION[:2], got
    half.close()


def drain_tls(port, pid):
    s = call(port, "tls")
    s.sendall(b"hello\n")
    assert line(s) == b"hello\n"
    s.sendall(b"and more\n")
    stop(pid)
    assert rest(s) == b"and more\n"  # its end was said with close_notify, or this raises
    assert not gone(pid)
    s.unwrap()
    s.close()


def drain_nc(port, pid):
    s = call(port)
    s.sendall(b"first\n")
    time.sleep(0.1)
    stop(pid)
    assert rest(s) == b""
    s.sendall(b"last words\n")
    s.close()


# --- other certificates ---

def ticket(port):
    """Keeps a session, and comes back with it when there is a file of the name `go`."""
    context = tls()

    def talk(session):
        with context.wrap_socket(socket.create_connection((LOOPBACK, int(port)), 20), session=session) as s:
            s.sendall(b"hello\n")
            assert line(s) == b"hello\n"
            return s.session, s.session_reused

    kept, reused = talk(None)
    assert not reused and kept.has_ticket
    print("kept", flush=True)
    assert until(lambda: os.path.exists("go"))
    assert talk(kept)[1], "a full handshake"


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
