# SPDX-License-Identifier: ISC
"""Clients that do what clients should not, and what those who behave see meanwhile. Each is a function, named on the command
line, with its arguments as words; it ends with an assertion that is not so, or well. reliability.sh runs it."""
import os
import resource
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
    whole.recv(1, socket.MSG_PEEK)  # so both have been let in
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
    assert until(lambda: b"first" in open("server", "rb").read()), "it was not let in"
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


# --- many who are slow, while others are served ---

def crowd(port, count, words):
    """They connect, say that much, and stay."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    held = []
    for _ in range(count):
        s = socket.create_connection((LOOPBACK, int(port)), 20)
        s.sendall(words)
        held.append(s)
    return held


def echoes(s):
    s.sendall(b"hello\n")
    assert line(s) == b"hello\n"
    return s


def slow_lines(port):
    held = crowd(port, 1000, b"half a li")
    echoes(call(port))
    for s in held[::100]:
        s.sendall(b"ne\n")
        assert line(s) == b"half a line\n"


def slow_handshakes(port):
    old = echoes(call(port, "tls"))
    held = crowd(port, 500, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 32)
    echoes(old)
    for _ in range(10):
        echoes(call(port, "tls")).close()
    assert len(held) == 500


def slow_questions(port):
    held = crowd(port, 500, struct.pack(">H", len(QUESTION)) + QUESTION[:9])
    assert len(held) == 500
    for _ in range(10):
        s = call(port)
        s.sendall(struct.pack(">H", len(QUESTION)) + QUESTION)
        assert s.recv(512)[2:4] == QUESTION[:2]
        s.close()


def slow_requests(port):
    held = crowd(port, 500, b"GET /small HTTP/1.1\r\nHost: ")
    assert len(held) == 500
    time.sleep(3)  # more than the server's patience with those it let in last; it would wait ten for the rest of a head
    for _ in range(10):
        s = call(port)
        s.sendall(b"GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        got = rest(s)
        assert got.startswith(b"HTTP/1.1 200"), got
        s.close()


def deaf(port):
    """One never reads; the others are served."""
    s = call(port)
    s.settimeout(0.5)
    try:
        while True:
            s.sendall(b"I hear nothing\n" * 10000)
    except TimeoutError:
        pass
    for _ in range(10):
        echoes(call(port)).close()
    s.close()


# --- resets ---

def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def resets(port, pid, words):
    """In each state that a connection can be in; then one who behaves is served."""
    words = words.encode().decode("unicode_escape").encode("latin-1")
    before = len(os.listdir(f"/proc/{pid}/fd"))
    os.kill(int(pid), signal.SIGSTOP)
    early = [call(port) for _ in range(20)]
    for s in early:  # before it is accepted, with and without something said
        if early.index(s) % 2:
            s.sendall(words)
        reset(s)
    os.kill(int(pid), signal.SIGCONT)
    for cut in (0, 1, len(words) // 2, len(words)):
        for finish in (False, True):
            for wait in (0, 0.02):
                s = call(port)
                s.sendall(words[:cut])
                if finish:
                    s.shutdown(socket.SHUT_WR)
                time.sleep(wait)
                reset(s)
    s = call(port)  # while its answers wait
    s.settimeout(0.3)
    try:
        for _ in range(100):
            s.sendall(words * (1 + 100000 // len(words)))
    except OSError:
        pass
    reset(s)
    assert until(lambda: len(os.listdir(f"/proc/{pid}/fd")) == before), os.listdir(f"/proc/{pid}/fd")


def handshake_resets(port, pid):
    """After each flight of a handshake, and in the middle of it."""
    before = len(os.listdir(f"/proc/{pid}/fd"))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    machine = tls().wrap_bio(incoming, outgoing)
    try:
        machine.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()
    for cut in (1, 5, 6, 60, len(hello) - 1, len(hello)):
        for wait in (0, 0.05):
            s = call(port)
            s.sendall(hello[:cut])
            time.sleep(wait)
            reset(s)
    s = call(port)  # the server's flight read, ours half sent
    s.sendall(hello)
    while True:
        incoming.write(s.recv(65536))
        try:
            machine.do_handshake()
            break
        except ssl.SSLWantReadError:
            pass
    s.sendall(outgoing.read()[:-10])
    reset(s)
    s = call(port, "tls")  # and right after it
    reset(s)
    assert until(lambda: len(os.listdir(f"/proc/{pid}/fd")) == before), os.listdir(f"/proc/{pid}/fd")
    echoes(call(port, "tls")).close()


# --- datagrams ---

def datagram_sizes(address, port, largest):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.settimeout(20)
    s.connect((address, int(port)))
    for size in (0, 1, 1472, 65000, int(largest), 0):
        said = os.urandom(size)
        s.send(said)
        got = s.recv(70000)
        assert got == said, (size, len(got))


def stopped(port, udp, pid):
    """SIGSTOP and SIGCONT: nothing that was said meanwhile is lost."""
    s = echoes(call(port))
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.settimeout(20)
    os.kill(int(pid), signal.SIGSTOP)
    s.sendall(b"while it sleeps\n")
    u.sendto(b"a datagram, too", (LOOPBACK, int(udp)))
    late = call(port)
    late.sendall(b"a new one\n")
    time.sleep(0.5)
    os.kill(int(pid), signal.SIGCONT)
    assert line(s) == b"while it sleeps\n" and line(late) == b"a new one\n" and u.recv(100) == b"a datagram, too"


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
