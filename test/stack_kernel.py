#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Our stack against the kernel's TCP/IP, packet by packet; stack_kernel.sh makes the namespace for it.

    kernel 10.9.0.1 fd09::1 --- tap9 --- 10.9.0.2 fd09::2 tulle stack

stack_tap.sh shows that the tools work there. This asks for the corners: sizes, errors, half-closing, resets, closed
windows, a kernel without this or that option, small MTUs, ports used again, groups, neighbours; and a wire that loses,
repeats, reorders and spoils frames.
"""
import errno
import fcntl
import hashlib
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

TULLE = os.environ["TULLE"]
OURS4, OURS6, KERNEL4, KERNEL6 = "10.9.0.2", "fd09::2", "10.9.0.1", "fd09::1"
MAC = "02:00:00:09:00:02"
count = failures = 0


def result(good, what, why=""):
    global count, failures
    count += 1
    failures += not good
    for line in str(why).splitlines()[-20:] if not good else []:
        print("# " + line)
    print(f"{'ok' if good else 'not ok'} {count} - {what}", flush=True)


def case(what):
    """Runs the function below it as a test: whatever it raises fails it."""
    def run(function):
        began = time.monotonic()
        try:
            function()
            result(True, what)
        except Exception as error:  # a test may fail in any way
            result(False, what, f"{type(error).__name__} at line {error.__traceback__.tb_next.tb_lineno}: {error}")
        if os.environ.get("TIMES"):
            print(f"# {time.monotonic() - began:.2f} s")
    return run


def sh(words):
    return subprocess.run(words.split(), check=True, capture_output=True, text=True).stdout


def sysctl(name, value):
    with open("/proc/sys/net/" + name, "w") as f:
        f.write(str(value))


class Ours:
    """A tool on our stack; with-statement."""

    def __init__(self, *tool, link="tap:tap9", addresses=(OURS4 + "/24", OURS6 + "/64")):
        words = [TULLE, "stack", "--link", link, "--mac", MAC]
        for a in addresses:
            words += ["--address", a]
        self.out = tempfile.TemporaryFile("a+")  # it writes at the end, wherever we read
        self.process = subprocess.Popen([*words, "--", *tool], stdout=self.out, stderr=subprocess.STDOUT)

    def said(self):
        self.out.seek(0)
        return self.out.read()

    def await_words(self, words, within=5):
        until = time.monotonic() + within
        while words not in self.said():
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(f"no {words!r} in: {self.said()}")
            time.sleep(0.005)

    def finish(self, within=20):
        status = self.process.wait(within)
        assert status == 0, f"status {status}: {self.said()}"

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)  # it waits for its clients for a while
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        if error[0] is None:
            assert self.process.returncode == 0, f"status {self.process.returncode}: {self.said()}"


def echo_server(*more, **how):
    server = Ours("echo", "serve", "--raw", *more, "tcp://:7", "udp://:7", **how)
    try:
        server.await_words("Listening on udp://:7")
    except AssertionError:
        server.process.kill()
        raise
    return server


def connect(host=OURS4, port=7, timeout=10, source=None):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(timeout)
    if source is not None:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", source))
    for patience in reversed(range(100)):
        try:
            s.connect((host, port))
            return s
        except OSError as error:  # EADDRNOTAVAIL: our last acknowledgement is still on its way to the kernel
            if error.errno != errno.EADDRNOTAVAIL or patience == 0:
                s.close()
                raise
            time.sleep(0.005)


def read_all(s, digest=None, limit=None):
    n = 0
    while limit is None or n < limit:
        piece = s.recv(1 << 16)
        if not piece:
            break
        n += len(piece)
        if digest:
            digest.update(piece)
    return n


def there_and_back(s, total, wait_before_reading=0.0):
    """Sends and reads at once; then finishes, and expects the end."""
    block = random.Random(total).randbytes(min(total, 1 << 20))
    sent, got, failed = hashlib.sha256(), hashlib.sha256(), []

    def send():
        try:
            for at in range(0, total, len(block)):
                piece = block[:total - at]
                sent.update(piece)
                s.sendall(piece)
            s.shutdown(socket.SHUT_WR)
        except OSError as error:
            failed.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(wait_before_reading)
    try:
        n = read_all(s, got)
    finally:
        if sys.exc_info()[0]:
            s.close()
        sender.join()
    assert not failed, failed
    assert n == total, f"{n} of {total} bytes came back"
    assert sent.digest() == got.digest(), "other bytes came back"


class Listener:
    """A server on the kernel's side: `serve(socket)` for the first client, in a thread."""

    def __init__(self, serve, host=KERNEL4, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.bind((host, 0))
        self.socket.listen()
        self.socket.settimeout(10)
        self.port = self.socket.getsockname()[1]
        self.url = f"tcp://[{host}]:{self.port}" if ":" in host else f"tcp://{host}:{self.port}"
        self.error = None
        self.thread = threading.Thread(target=self.run, args=(serve,))
        self.thread.start()

    def run(self, serve):
        try:
            s, _ = self.socket.accept()
            with s:
                s.settimeout(10)
                serve(s)
        except Exception as error:  # told by join()
            self.error = error

    def join(self):
        self.thread.join()
        self.socket.close()
        if self.error:
            raise self.error


class Watcher:
    """Every frame on a device, both ways."""

    def __init__(self, device="tap9"):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((device, 3))

    def frames(self, seconds=0.0):
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            if not select.select([self.socket], [], [], max(left, 0))[0]:
                return
            yield self.socket.recv(1 << 16)

    def find(self, wanted, within=3):
        for frame in self.frames(within):
            if wanted(frame):
                return frame
        raise AssertionError("no such frame was seen")

    def send(self, frame):
        self.socket.send(frame)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def mac_bytes(text):
    return bytes(int(part, 16) for part in text.split(":"))


def ping(host, size, times=2):
    out = subprocess.run(["ping", "-c", str(times), "-i", "0.01", "-W", "3", "-s", str(size), host],
                         capture_output=True, text=True)
    assert out.returncode == 0 and f" {times} received" in out.stdout, out.stdout + out.stderr


def udp_echo(host, sizes):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(3)
        s.connect((host, 7))
        for size in sizes:
            text = random.Random(size).randbytes(size)
            s.send(text)
            back = s.recv(1 << 16)
            assert back == text, f"{size} bytes went, {len(back)} came back"


def refused(kind, host, port):
    """How long the kernel's program waits until it is told that nobody is there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as s:
        s.settimeout(3)
        began = time.monotonic()
        try:
            s.connect((host, port))
            s.send(b"anybody?")
            s.recv(100)
        except ConnectionRefusedError:
            return time.monotonic() - began
    raise AssertionError("it was not refused")


def on_the_wire():
    @case("ping and ping6, from nothing to the largest, in fragments both ways")
    def _():
        for size in (0, 56, 1472, 1473, 8000, 65507):
            ping(OURS4, size)
        for size in (0, 56, 1452, 1453, 8000, 65000):
            ping(OURS6, size)

    @case("UDP of 0 to 65507 bytes comes back")
    def _():
        udp_echo(OURS4, (0, 1, 1472, 1473, 8000, 65507))

    @case("UDP of 0 to 65527 bytes comes back over IPv6")
    def _():
        udp_echo(OURS6, (0, 1, 1452, 1453, 8000, 65527))

    @case("UDP without a checksum is taken, as IPv4 allows")
    def _():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, 11, 1)  # SO_NO_CHECK
            s.settimeout(3)
            s.sendto(b"unchecked", (OURS4, 7))
            assert s.recv(100) == b"unchecked"

    @case("ping with IP options")
    def _():
        for option in ("-R",), ("-T", "tsonly"):
            out = subprocess.run(["ping", "-c", "1", "-W", "3", *option, OURS4], capture_output=True, text=True)
            assert out.returncode == 0, out.stdout + out.stderr

    @case("a closed UDP port: the kernel's program gets ECONNREFUSED")
    def _():
        for host in (OURS4, OURS6):
            refused(socket.SOCK_DGRAM, host, 9)

    @case("a closed TCP port: at once")
    def _():
        for host in (OURS4, OURS6):
            took = refused(socket.SOCK_STREAM, host, 9)
            assert took < 0.5, took

    @case("an unknown protocol: the kernel's program gets ENOPROTOOPT, or EPROTO over IPv6")
    def _():
        for family, host, why in (socket.AF_INET, OURS4, errno.ENOPROTOOPT), (socket.AF_INET6, OURS6, errno.EPROTO):
            with socket.socket(family, socket.SOCK_RAW, 253) as s:
                s.connect((host, 0))
                s.send(b"what is this?")
                for _ in range(100):
                    time.sleep(0.01)
                    error = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if error:
                        break
                assert error == why, error

    @case("the kernel's tables have our address, as it is")
    def _():
        for host in (OURS4, OURS6):
            line = sh(f"ip neigh show {host} dev tap9")
            assert MAC in line and ("REACHABLE" in line or "DELAY" in line or "STALE" in line), line

    @case("the kernel finds us again when its entry is gone, by ARP and by neighbour solicitation")
    def _():
        sh("ip neigh flush dev tap9")
        ping(OURS4, 56, 1)
        ping(OURS6, 56, 1)

    @case("the kernel's probes of an entry it doubts are answered")
    def _():
        for host in (OURS4, OURS6):
            sh(f"ip neigh change {host} dev tap9 lladdr {MAC} nud probe")
            for _ in range(600):
                if "REACHABLE" in sh(f"ip neigh show {host} dev tap9"):
                    break
                time.sleep(0.01)
            else:
                raise AssertionError(sh(f"ip neigh show {host} dev tap9"))

    @case("a gratuitous ARP moves the neighbour we have, and back")
    def _():
        kernel = mac_bytes(sh("ip link show tap9").split("link/ether ")[1].split()[0])
        moved = mac_bytes("02:00:00:09:00:99")
        with Watcher() as watcher:
            for mac in (moved, kernel):
                ip = socket.inet_aton(KERNEL4)
                watcher.send(b"\xff" * 6 + kernel + struct.pack("!HHHBBH", 0x806, 1, 0x800, 6, 4, 1) +
                             mac + ip + b"\0" * 6 + ip)
                subprocess.run(["ping", "-c", "1", "-W", "0.1", OURS4], capture_output=True)
                reply = watcher.find(lambda f: f[6:12] == mac_bytes(MAC) and f[12:14] == b"\x08\0" and f[34] == 0)
                assert reply[:6] == mac, reply[:6].hex()
        ping(OURS4, 56, 1)


def streams():
    @case("10 MB there and back over IPv4")
    def _():
        with connect(OURS4) as s:
            there_and_back(s, 10_000_000)

    @case("10 MB there and back over IPv6")
    def _():
        with connect(OURS6) as s:
            there_and_back(s, 10_000_000)

    @case("the kernel finishes first, and everything still comes back")
    def _():
        with connect() as s:
            s.sendall(b"x" * 200_000)
            s.shutdown(socket.SHUT_WR)
            assert read_all(s) == 200_000

    @case("the kernel resets in the middle: the server lives on")
    def _():
        for _ in range(3):
            with connect() as s:
                s.sendall(b"x" * 300_000)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with connect() as s:
            there_and_back(s, 1000)

    @case("a reader that sleeps closes all windows between; then everything comes")
    def _():
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        s.settimeout(10)
        s.connect((OURS4, 7))
        with s:
            there_and_back(s, 3_000_000, wait_before_reading=1.2)

    @case("a hundred connections at once")
    def _():
        all_of_them = [connect(OURS6 if i % 2 else OURS4) for i in range(100)]
        for i, s in enumerate(all_of_them):
            s.sendall(b"%d" % i * 1000)
            s.shutdown(socket.SHUT_WR)
        for i, s in enumerate(all_of_them):
            assert read_all(s) == len(b"%d" % i * 1000)
            s.close()

    @case("urgent data are read in line")
    def _():
        with connect() as s:
            s.send(b"before")
            s.send(b"!", socket.MSG_OOB)
            s.send(b"after")
            s.shutdown(socket.SHUT_WR)
            text = b""
            while piece := s.recv(100):
                text += piece
            assert text == b"before!after", text

    @case("the kernel's keepalive is answered")
    def _():
        with connect() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 1)
            time.sleep(2.3)  # the probe after one second, the end after two
            there_and_back(s, 1000)

    @case("the kernel asks for ECN: not here, but the connection stands")
    def _():
        sysctl("ipv4/tcp_ecn", 1)
        try:
            with connect() as s:
                there_and_back(s, 1_000_000)
        finally:
            sysctl("ipv4/tcp_ecn", 2)

    for option in "timestamps", "sack", "window_scaling":
        @case(f"the kernel without tcp_{option}")
        def _():
            sysctl(f"ipv4/tcp_{option}", 0)
            try:
                for host in OURS4, OURS6:
                    with connect(host) as s:
                        there_and_back(s, 1_000_000)
            finally:
                sysctl(f"ipv4/tcp_{option}", 1)


def our_side_closes():
    with echo_server("--close-after", "1"):
        @case("our side finishes first: the kernel may still send, and both end well")
        def _():
            with connect() as s:
                s.sendall(b"one line\n")
                assert s.recv(100) == b"one line\n"
                assert s.recv(100) == b""
                s.sendall(b"x" * 100_000)  # nobody echoes it; it must be taken all the same
                time.sleep(0.1)
                assert s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0

        @case("the same port again while ours is in TIME-WAIT: a new connection, many times")
        def _():
            for host in OURS4, OURS6:
                for i in range(20):
                    with connect(host, timeout=2, source=40001) as s:
                        s.sendall(b"hello\n")
                        assert s.recv(100) == b"hello\n", i
                        assert s.recv(100) == b"", i


    @case("our side's process ends: the kernel's program is told, not left waiting")
    def _():
        with echo_server():
            s = connect()
            s.sendall(b"hello")
            assert s.recv(100) == b"hello"
        with s:
            assert s.recv(100) == b""  # in order, for as long as it is waited for; then broken off
            try:
                s.sendall(b"is anybody there?")
                s.recv(100)
                time.sleep(0.2)
                s.sendall(b"nobody")
            except (ConnectionResetError, BrokenPipeError):
                return
        raise AssertionError("no reset")


def ours_calls():
    @case("our side calls: 10 MB there and back, the kernel echoes")
    def _():
        def echo(s):
            while piece := s.recv(1 << 16):
                s.sendall(piece)
        for host in KERNEL4, KERNEL6:
            listener = Listener(echo, host)
            with Ours("echo", "call", listener.url, "--bytes", "10M" if host == KERNEL4 else "2M") as ours:
                ours.finish()
            listener.join()

    @case("the kernel answers only after our side has finished")
    def _():
        def late(s):
            text = b""
            while piece := s.recv(1 << 16):
                text += piece
            time.sleep(0.2)
            s.sendall(text)
        listener = Listener(late)
        with Ours("echo", "call", listener.url, "--bytes", "150000") as ours:
            ours.finish()
        listener.join()

    @case("a kernel's reader that sleeps: our probes go on, then everything comes")
    def _():
        def sleepy(s):
            time.sleep(1.2)
            while piece := s.recv(1 << 16):
                s.sendall(piece)
        listener = Listener(sleepy, receive_buffer=4096)
        with Ours("echo", "call", listener.url, "--bytes", "1M") as ours:
            ours.finish()
        listener.join()

    @case("the kernel resets our caller, which says so")
    def _():
        def reset(s):
            s.recv(100)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        listener = Listener(reset)
        with Ours("echo", "call", listener.url, "--bytes", "1M") as ours:
            status = ours.process.wait(10)
            said = ours.said()
            ours.process.returncode = 0
        listener.join()
        assert status == 1 and "reset" in said, f"{status} {said}"


def small_mtus():
    for mtu, hosts in (1280, (OURS4, OURS6)), (576, (OURS4,)):
        @case(f"an MTU of {mtu}")
        def _():
            sh(f"ip link set tap9 mtu {mtu}")
            try:
                with echo_server(addresses=[h + ("/64" if ":" in h else "/24") for h in hosts]):
                    for host in hosts:
                        ping(host, 8000, 1)
                        udp_echo(host, (mtu - 28, 8000, 65507))
                        with connect(host) as s:
                            there_and_back(s, 500_000)
            finally:
                sh("ip link set tap9 mtu 1500")
                sh(f"ip address replace {KERNEL6}/64 dev tap9 nodad")


def groups():
    def report(kind):
        """An IGMPv3 report about 239.1.2.3 to 224.0.0.22, of this kind (RFC 3376, 4.2)."""
        def is_it(f):
            if f[12:14] != b"\x08\0" or f[23] != 2:
                return False
            header, text = f[14:14 + (f[14] & 15) * 4], f[14 + (f[14] & 15) * 4:]
            return (f[:6] == b"\x01\0\x5e\0\0\x16" and header[8] == 1 and header[16:20] == b"\xe0\0\0\x16" and
                    header[20:24] == b"\x94\4\0\0" and checksum(header) == 0 and checksum(text[:16]) == 0 and
                    text[0] == 0x22 and text[8] == kind and text[12:16] == b"\xef\1\2\3")
        return is_it

    @case("a join is reported (IGMPv3), the group is heard, and the leave is reported")
    def _():
        with Watcher() as watcher:
            with Ours("echo", "serve", "multicast://239.1.2.3:5000") as member:
                watcher.find(report(4))
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(KERNEL4))
                    s.sendto(b"to all of you", ("239.1.2.3", 5000))
                    s.sendto(b"to others", ("239.1.2.4", 5000))
                member.await_words("to all of you")
                assert "to others" not in member.said()
            watcher.find(report(3))

    @case("the same over IPv6 (MLDv2)")
    def _():
        group = socket.inet_pton(socket.AF_INET6, "ff05::1:239")

        def report(kind):
            def is_it(f):
                ip, text = f[14:54], f[62:]
                return (f[12:14] == b"\x86\xdd" and ip[6:8] == b"\0\1" and f[54:62] == b"\x3a\0\5\2\0\0\1\0" and
                        ip[24:] == socket.inet_pton(socket.AF_INET6, "ff02::16") and ip[8:10] == b"\xfe\x80" and
                        text[0] == 143 and text[8] == kind and text[12:28] == group and
                        checksum(ip[8:] + struct.pack("!II", len(text), 58) + text) == 0)
            return is_it
        with Watcher() as watcher:
            with Ours("echo", "serve", "multicast://[ff05::1:239]:5000") as member:
                watcher.find(report(4))
                with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("tap9"))
                    s.sendto(b"to all of you", ("ff05::1:239", 5000))
                member.await_words("to all of you")
            watcher.find(report(3))

    @case("broadcasts are heard, to the subnet and to everybody")
    def _():
        with Ours("echo", "serve", "broadcast://:5001") as ours:
            ours.await_words("Listening")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                s.bind((KERNEL4, 0))
                s.sendto(b"hello subnet", ("10.9.0.255", 5001))
                s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"tap9")
                s.sendto(b"hello everybody", ("255.255.255.255", 5001))
            ours.await_words("hello subnet")
            ours.await_words("hello everybody")


# --- a bad wire ---

class BadWire:
    """Two TAP devices and what goes wrong between them; a device's other end is whoever holds it in the kernel.

        kernel 10.9.1.1 --- near9 === this === far9 --- (packet socket) tulle stack 10.9.1.2
    """
    LOSS = REPEAT = REORDER = 0.01
    SPOIL = 0.003

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.bad = False
        self.spoilt = self.lost = self.carried = 0
        self.ends = [self.open(name) for name in ("near9", "far9")]
        self.quit, self.wake = os.pipe()
        self.thread = threading.Thread(target=self.run)

    @staticmethod
    def open(name):
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", name.encode(), 0x1002))  # TUNSETIFF: IFF_TAP | IFF_NO_PI
        sysctl(f"ipv6/conf/{name}/disable_ipv6", int(name == "far9"))
        sh(f"ip link set {name} up")
        return fd

    def fates(self, frame):
        """The copies that arrive: (delay, bytes)."""
        if not self.bad:
            yield 0.0, frame
            return
        if self.random.random() < self.LOSS:
            self.lost += 1
            return
        for _ in range(2 if self.random.random() < self.REPEAT else 1):
            delay = self.random.uniform(0.002, 0.01) if self.random.random() < self.REORDER else 0.0
            if self.random.random() < self.SPOIL and len(frame) > 14:
                self.spoilt += 1
                at = self.random.randrange(14, len(frame))
                frame = frame[:at] + bytes([frame[at] ^ 1 << self.random.randrange(8)]) + frame[at + 1:]
            yield delay, frame

    def run(self):
        late, order = [], 0
        while True:
            timeout = max(late[0][0] - time.monotonic(), 0) if late else None
            ready = select.select([*self.ends, self.quit], [], [], timeout)[0]
            if self.quit in ready:
                return
            now = time.monotonic()
            while late and late[0][0] <= now:
                _, _, to, frame = heapq.heappop(late)
                os.write(to, frame)
            for fd in ready:
                to = self.ends[1 - self.ends.index(fd)]
                for _ in range(64):
                    try:
                        frame = os.read(fd, 2048)
                    except BlockingIOError:
                        break
                    self.carried += 1
                    for delay, copy in self.fates(frame):
                        if delay == 0:
                            os.write(to, copy)
                        else:
                            order += 1
                            heapq.heappush(late, (now + delay, order, to, copy))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        os.write(self.wake, b"x")
        self.thread.join()
        for fd in (*self.ends, self.quit, self.wake):
            os.close(fd)


def bad_wire():
    with BadWire(9) as wire:
        sh("ip address add 10.9.1.1/24 dev near9")
        sh("ip address add fd09:1::1/64 dev near9 nodad")
        for host in "10.9.1.2", "fd09:1::2":  # where they were before, with another MAC
            sh(f"ip neigh replace {host} dev near9 lladdr 02:00:00:09:00:55 nud reachable")
        with echo_server(link="packet:far9", addresses=("10.9.1.2/24", "fd09:1::2/64")):
            @case("our addresses come back with another MAC: the kernel is told")
            def _():
                for host in "10.9.1.2", "fd09:1::2":
                    for _ in range(100):
                        if MAC in sh(f"ip neigh show {host} dev near9"):
                            break
                        time.sleep(0.01)
                    else:
                        raise AssertionError(sh(f"ip neigh show {host} dev near9"))

            wire.bad = True

            @case("1 % lost, 1 % twice, 1 % late, 0.3 % spoilt: 2 MB there and back over IPv4, unharmed")
            def _():
                with connect("10.9.1.2", timeout=20) as s:
                    there_and_back(s, 2_000_000)

            @case("and over IPv6")
            def _():
                with connect("fd09:1::2", timeout=20) as s:
                    there_and_back(s, 1_000_000)

            @case("datagrams in fragments: some are lost, none comes back changed")
            def _():
                for host in "10.9.1.2", "fd09:1::2":
                    sent = {random.Random(i).randbytes(5000) for i in range(100)}
                    came = 0
                    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
                        for text in [*sent, None]:
                            if text:
                                s.sendto(text, (host, 7))
                            while select.select([s], [], [], 0.001 if text else 0.2)[0]:
                                assert s.recv(1 << 16) in sent
                                came += 1
                    assert 60 < came < 110, came

            @case("ten at once")
            def _():
                def one():
                    try:
                        with connect("10.9.1.2", timeout=20) as s:
                            there_and_back(s, 100_000)
                    except Exception as error:
                        failed.append(error)
                failed = []
                threads = [threading.Thread(target=one) for _ in range(10)]
                for t in threads:
                    t.start()
                for t in threads:
                    t.join()
                assert not failed, failed

            @case("the wire was bad indeed")
            def _():
                assert wire.lost > wire.carried / 200 and wire.spoilt > wire.carried / 600, vars(wire)


def main():
    sh("ip link set lo up")
    sh("ip tuntap add dev tap9 mode tap")
    sh(f"ip address add {KERNEL4}/24 dev tap9")
    sh(f"ip address add {KERNEL6}/64 dev tap9 nodad")
    sh("ip link set tap9 up")
    with echo_server():
        on_the_wire()
        streams()
    our_side_closes()
    ours_calls()
    small_mtus()
    groups()
    bad_wire()
    print(f"1..{count}")
    return failures > 0


sys.exit(main())
