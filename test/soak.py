#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""soak.py TULLE KIND CONNECTIONS SEED [DESCRIPTORS] - connections to one `tulle echo serve`, each used, half of them killed.

KIND is tcp, tls or udp. What each connection does is decided by SEED and its number. The server has DESCRIPTORS (256) to use; with so
few that clients are turned away, that is what may become of one, and it comes again. At the end: every client that was not killed has
got all of its bytes; the server holds the descriptors it held before the first, and about the memory it held after the first tenth;
it ends well when asked to, and has complained of nothing (a server built with sanitizers would)."""
import os
import random
import resource
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

CLIENTS = 40  # at a time
GROWTH_KIB_MAX = 16 * 1024
PATIENCE_S = 60

tulle, kind, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
descriptors = int(sys.argv[5]) if len(sys.argv) > 5 else 256
lock = threading.Lock()
tally = dict.fromkeys(("whole", "killed", "turned away", "bytes", "again"), 0)
wrong = []
numbers = iter(range(count))
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def note(what, n=1):
    with lock:
        tally[what] += n


class TurnedAway(Exception):
    pass


def pause(rng):
    if rng.random() < 0.2:
        time.sleep(rng.random() * 0.01)


def open_stream(s, number, port):
    s.settimeout(PATIENCE_S)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: the pair of addresses decides which ports are free
    s.bind((f"127.0.1.{number % 250 + 1}", 0))
    s.connect(("127.0.0.1", port))  # may fail late: it was let in, told to go, and reset


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def payload(rng):
    sizes = [rng.choice((0, 1, 10, 100, 1000, rng.randrange(4000))) for _ in range(rng.randrange(1, 6))]
    if rng.random() < 0.01:
        sizes.append(60000)
    return [rng.randbytes(n).replace(b"\n", b"x") + b"\n" for n in sizes]


def converse(port, number, rng):
    s = socket.socket()
    try:
        open_stream(s, number, port)
        if kind == "tls":
            s = context.wrap_socket(s)
        lines = payload(rng)
        half = rng.random() < 0.2 and kind == "tcp"
        if half:
            lines[-1] = lines[-1][:-1]  # comes back when the client ends
        said, got = b"".join(lines), bytearray()
        for line in lines:
            s.sendall(line)
            pause(rng)
        if kind == "tcp":
            s.shutdown(socket.SHUT_WR)
        while (len(got) < len(said) or kind == "tcp") and (more := s.recv(65536)):
            got += more
        if got.startswith(b"echo: too many clients"):
            raise TurnedAway
        if got != said:
            wrong.append(f"connection {number}: {len(got)} bytes came back of {len(said)}")
        if kind == "tls":
            s.unwrap().close()
        note("whole")
        note("bytes", len(said))
    except OSError as e:  # also those of ssl
        if descriptors < 128 and not isinstance(e, socket.timeout):
            raise TurnedAway from e
        wrong.append(f"connection {number}: {e!r}")
    finally:
        s.close()


def be_killed(port, number, rng):
    """In one of the states a connection can be in."""
    note("killed")
    s = socket.socket()
    way = rng.randrange(7)
    try:
        open_stream(s, number, port)
        if way == 0:
            return reset(s)
        if kind == "tls":
            if way == 1:  # in the middle of a handshake
                s.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[: rng.randrange(1, 12)])
                pause(rng)
                return reset(s)
            s = context.wrap_socket(s)
        if way == 1:
            return s.close()
        s.sendall(b"".join(payload(rng)))
        if way == 2:  # its answer unread
            pause(rng)
            return reset(s)
        s.sendall(b"in the middle of a li")
        pause(rng)
        if way == 3:
            return reset(s)
        if way == 4 and kind == "tcp":
            s.shutdown(socket.SHUT_WR)
            pause(rng)
            return reset(s)
        if way == 5:  # more than all the buffers between us hold
            s.settimeout(0.05)
            s.sendall((b"y" * 99 + b"\n") * 100000)
            return reset(s)
        s.close()
    except OSError:
        pass  # the server may turn it away at any moment
    finally:
        s.close()


def datagrams(port, number, rng):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(0.5)
    s.connect(("127.0.0.1", port))
    killed = rng.random() < 0.5
    note("killed" if killed else "whole")
    for k in range(rng.randrange(1, 6)):
        said = struct.pack(">IH", number, k) + rng.randbytes(rng.choice((0, 1, 100, 1400, 8000, 60000)))
        for attempt in range(40):
            s.send(said)
            if killed:
                break
            note("again" if attempt else "bytes", 1 if attempt else len(said))
            try:
                while s.recv(65536) != said:  # an earlier one's, that came late
                    pass
                break
            except socket.timeout:
                pass
        else:
            wrong.append(f"datagram {number}.{k} never came back")
        pause(rng)
    s.close()


def client(port):
    while True:
        with lock:
            number = next(numbers, None)
        if number is None:
            return
        rng = random.Random(seed << 32 | number)
        kills = rng.random() < 0.5
        try:
            while True:
                try:
                    if kind == "udp":
                        datagrams(port, number, rng)
                    elif kills:
                        be_killed(port, number, rng)
                    else:
                        converse(port, number, rng)
                    break
                except TurnedAway:
                    note("turned away")
                    time.sleep(0.05 + rng.random() * 0.2)
        except Exception as e:  # of any kind: a thread that ends would hide it
            wrong.append(f"connection {number}: {e!r}")


def held(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def main():
    port = 6666
    says, complains = open("soak.out", "w+b"), open("soak.err", "w+b")
    environment = dict(os.environ)
    environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "detect_leaks=1") + ":quarantine_size_mb=4"
    server = subprocess.Popen([tulle, "echo", "serve", f"{kind}://127.0.0.1:{port}"], stdout=says, stderr=complains, env=environment,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors)))
    while b"Listening" not in open("soak.out", "rb").read(4000):
        if server.poll() is not None:
            sys.exit("the server did not start: " + open("soak.err").read())
        time.sleep(0.05)
    before, began = held(server.pid), time.monotonic()
    early = 0
    threads = [threading.Thread(target=client, args=(port,), daemon=True) for _ in range(CLIENTS)]
    for t in threads:
        t.start()
    while any(t.is_alive() for t in threads) and server.poll() is None and len(wrong) < 20:
        time.sleep(0.1)
        if early == 0 and tally["whole"] + tally["killed"] > count / 10:
            early = resident_kib(server.pid)
    if server.poll() is None:
        for _ in range(300):
            if held(server.pid) == before:
                break
            time.sleep(0.1)
        after, late = held(server.pid), resident_kib(server.pid)
        server.send_signal(signal.SIGTERM)
    else:
        after, late = -1, -1
        wrong.append("the server ended by itself")
    status = server.wait(PATIENCE_S)
    complaints = [line for line in open("soak.err", errors="replace").read().splitlines() if not line.startswith("echo serve: ")]
    summary = [line for line in open("soak.out", errors="replace") if line.startswith(tuple("0123456789")) and "bytes echoed" in line][-1:]
    print(f"{kind}: {count} connections in {time.monotonic() - began:.0f} s, seed {seed}, {descriptors} descriptors:",
          ", ".join(f"{n} {what}" for what, n in tally.items() if n), flush=True)
    print(f"{kind}: descriptors {before} -> {after}, resident {early} -> {late} KiB, status {status};", *summary or ["no summary"])
    if after != before:
        wrong.append(f"descriptors: {before} before, {after} after")
    if early and late - early > GROWTH_KIB_MAX:
        wrong.append(f"memory: {early} KiB, then {late}")
    if status != 0 or complaints or not summary:
        wrong.append(f"status {status}")
    for words in wrong[:20] + complaints[:60]:
        print("!", words)
    sys.exit(1 if wrong else 0)


main()
