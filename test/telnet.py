#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`tulle telnet` at a pseudo-terminal, against Debian's telnetd, and Debian's telnet against our machine; run by telnet.sh.

          pty                         TCP                       pty
  this ---------- tulle telnet ---------------- telnetd ------------------ sh
  this ---------- telnet (Debian's) ----------- telnet_peer (our machine as a server)
"""
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

TULLE, PEER = os.environ["TULLE"], os.environ["TELNET_PEER"]
count = failures = 0
peers = []


def result(good, what, why=""):
    global count, failures
    count += 1
    if not good:
        failures += 1
        for line in str(why).splitlines()[-40:]:
            print("# " + line)
    print(f"{'ok' if good else 'not ok'} {count} - {what}", flush=True)


class Terminal:
    """A program at a pseudo-terminal of its own."""

    def __init__(self, *command, columns=100, rows=40):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.resize(columns, rows)
        self.found = termios.tcgetattr(slave)
        self.text = ""
        self.child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                      env=dict(os.environ, TERM="vt220"), preexec_fn=self.control)

    def control(self):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            self.text += os.read(self.master, 65536).decode(errors="replace")
        except OSError:
            return False
        return True

    def until(self, words, seconds=10):
        """Whether they come; what came before them, and they, are forgotten."""
        end = time.monotonic() + seconds
        while not (found := re.search(words, self.text)):
            if time.monotonic() > end:
                return False
            self.read(0.2)
        self.seen = self.text[:found.end()]
        self.text = self.text[found.end():]
        return True

    def until_all(self, *words, seconds=10):
        end = time.monotonic() + seconds
        while not all(re.search(w, self.text) for w in words) and time.monotonic() < end:
            self.read(0.2)
        good = all(re.search(w, self.text) for w in words)
        if good:
            self.text = ""
        return good

    def type(self, keys):
        os.write(self.master, keys.encode())

    def until_raw(self):
        """Until the program has the terminal: before that ^C is a signal."""
        for _ in range(200):
            if not termios.tcgetattr(self.master)[3] & termios.ICANON:
                return
            time.sleep(0.05)

    def says(self, keys, words, what):
        self.type(keys)
        result(self.until(words), what, self.text)

    def status(self, seconds=10):
        end = time.monotonic() + seconds
        while self.child.poll() is None and time.monotonic() < end:
            self.read(0.05)
        while self.read(0.05):
            pass
        if self.child.poll() is None:
            self.child.kill()
            return None
        return self.child.returncode

    def is_as_found(self):
        return termios.tcgetattr(self.slave) == self.found

    def end(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        os.close(self.master)
        os.close(self.slave)


class Server(threading.Thread):
    """Calls a function with each connection, as inetd would start a program."""

    def __init__(self, port, serve):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", port))
        self.serve = serve
        self.start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()


def telnetd(*words):
    def serve(connection):
        subprocess.run(["telnetd", "-h", *words, "-E", os.path.abspath("shell")], stdin=connection, stdout=connection,
                       stderr=subprocess.DEVNULL, check=False)
        connection.close()
    return serve


def answers_to(port, text, *words):
    done = subprocess.run([TULLE, "telnet", *words, "127.0.0.1", str(port)], input=text, capture_output=True, timeout=20, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


def by_characters():
    t = Terminal(TULLE, "telnet", "--trace", "-l", "somebody", "127.0.0.1")
    result(t.until(r"READY"), "a shell behind Debian's telnetd", t.text)
    said = t.seen
    for words in ("Trying 127.0.0.1", "Connected to 127.0.0.1", r"Escape character is '\^\]'",
                  "< IAC WILL ECHO: the server will echo what you type\r\n",
                  "> IAC DO ECHO: the server is to echo what it is sent",
                  "> IAC WILL NAWS: the client will say how large its window is",
                  "the window has 100 columns and 40 rows", "the terminal is a vt220|the terminal is a VT220"):
        result(re.search(words, said), "it says: " + words.replace("\\", "").strip(), said)
    t.says("stty size\r", r"40 100\r", "the server has the window's size")
    t.resize(132, 50)
    result(t.until("the window has 132 columns and 50 rows"), "and is told when it changes", t.text)
    t.says("stty size\r", r"50 132\r", "and has it")
    t.says("echo kind=$TERM user=$USER\r", r"kind=vt220 user=somebody\r", "the terminal's kind and the user went over")
    t.says("echo a; sleep 100; echo later=$?\r", r"(\n|> )a\r", "a command runs")
    time.sleep(0.1)
    t.says("\x03", r"> ", "^C ends it")
    t.says("echo still $((40 + 2))\r", r"still 42\r", "and the shell is there")
    t.says("seq 20000 | cksum; seq 20000\r", r"\n20000\r\n", "much output comes")
    result("\r\n".join(map(str, range(1, 20001))) in t.seen.replace("\r\r", "\r"), "and all of it", t.seen[-500:])
    t.says("yes\r", r"y\r\ny\r\n", "a command that does not end by itself")
    t.says("\x03", "IAC DM", "^C: the server throws its words away, and says so (Synch)")
    t.says("\recho after $((40 + 3))\r", r"after 43\r", "and what comes behind the data mark is heard")
    t.says("\x1d", "telnet> ", "the escape character leads to commands")
    t.says("sta\r", "character at a time mode(.|\n)*the server does ECHO", "status, cut short")
    t.says("\x1dnix\r", r"there is no command nix(.|\n)*telnet> ", "a command that is none")
    t.says("s\r", r"s may be send or set(.|\n)*telnet> ", "one that could be two")
    t.says("?\r", r"close +close the connection(.|\n)*telnet> ", "? names them all")
    t.says("send ayt\r", "> IAC AYT: are you there", "send ayt")
    result(t.until(r"\[.*[Yy]es.*\]"), "and the server is", t.text)
    t.says("\x1dtoggle binary\r", "> IAC WONT BINARY(.|\n)*< IAC DONT BINARY", "it lets go of binary, which the server wanted")
    t.says("\x1dset escape ^a\r", r"Escape character is '\^A'", "another escape character")
    t.says("\x01environ list\r", "USER=somebody", "leads to commands too")
    t.says("\r", r"> ", "an empty line goes back")
    t.says("exit\r", "Connection closed by foreign host.\r\n", "the shell ends")
    result(t.status() == 0, "status 0", t.text)
    result(t.is_as_found(), "the terminal has its modes back")
    t.end()


def by_lines():
    t = Terminal(TULLE, "telnet", "--trace", "127.0.0.1", "2324", "--negotiate")
    result(t.until(r"READY"), "telnetd with LINEMODE", t.text)
    result("> IAC WILL LINEMODE: the client will edit lines by itself" in t.seen, "which we do", t.seen)
    agreed = "agreed: lines are edited"
    result(agreed in t.seen or t.until(agreed), "and it is agreed", t.text)
    t.says("\x1dstatus\r", "lines are edited here(.|\n)*we do LINEMODE", "lines are edited here")
    t.says("echo abd\x7fc wrong\x17right\r", r"abc right\r", "a line is mended here")
    t.says("echo a; sleep 100\r", r"(\n|> )a\r", "a command runs")
    time.sleep(0.1)
    t.says("\x03", "> IAC IP: interrupt the process", "^C becomes a command")
    t.says("echo still $((40 + 2))\r", r"still 42\r", "that ended it")
    t.says("\x1dq\r", "Connection closed.", "quit, cut short")
    result(t.status() == 0 and t.is_as_found(), "the terminal has its modes back", t.text)
    t.end()


def restored():
    for number, status in ((signal.SIGTERM, 0), (signal.SIGHUP, 128 + signal.SIGHUP), (signal.SIGQUIT, 128 + signal.SIGQUIT),
                           (signal.SIGSEGV, None)):
        t = Terminal(TULLE, "telnet", "127.0.0.1")
        t.until("READY")
        raw = not t.is_as_found()
        t.child.send_signal(number)
        for _ in range(200):  # a fault would come again by itself; two at once would be one
            if number != signal.SIGSEGV or t.is_as_found():
                break
            t.read(0.05)
        if number == signal.SIGSEGV:
            t.child.send_signal(number)
        got = t.status()
        result(raw and t.is_as_found() and (status is None or got == status), f"{number.name}: the terminal has its modes back", f"{got} {t.text}")
        t.end()


def through_a_pipe():
    with subprocess.Popen([TULLE, "telnet", "--quiet", "127.0.0.1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        out = b""
        while b"READY" not in out and (more := os.read(child.stdout.fileno(), 1000)):  # what comes before that, telnetd may throw away
            out += more
        child.stdin.write(b"echo piped $((40 + 2))\n")
        child.stdin.close()
        out += child.stdout.read()
        return child.wait(), out


def by_hand():
    heard = []

    def listen(connection):
        data = b""
        try:
            while not data.endswith(b"\r\n\r\n") and (more := connection.recv(1000)):
                data += more
        except ConnectionResetError:
            return
        heard.append(data)
        if data.endswith(b"\r\n\r\n"):
            connection.sendall(b"HTTP/1.0 200 OK\n\nhello\n")
        connection.close()
    Server(8080, listen)
    t = Terminal(TULLE, "telnet", "localhost", "8080")
    t.until("Escape character")
    t.says("GET / HTTP/1.1\x7f0\r\r", r"HTTP/1.0 200 OK\r\n\r\nhello\r\nConnection closed by foreign host", "a web server by hand")
    result(t.status() == 0 and heard == [b"GET / HTTP/1.0\r\n\r\n"], "which hears only what was typed", heard)
    t.end()
    for text in (b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.0\n\n"):
        heard.clear()
        status, out, _ = answers_to(8080, text, "--quiet")
        result(status == 0 and out == b"HTTP/1.0 200 OK\n\nhello\n" and heard == [b"GET / HTTP/1.0\r\n\r\n"],
               "from a pipe, however its lines end", (out, heard))
    t = Terminal(TULLE, "telnet", "localhost", "8080")
    t.until("Escape character")
    t.until_raw()
    t.says("GET /\x03", "Connection closed", "^C ends what speaks no Telnet")
    result(t.status() == 0 and t.is_as_found(), "status 0", t.text)
    t.end()

    def echo(connection):
        while data := connection.recv(65536):
            connection.sendall(data)
        connection.close()
    Server(7007, echo)
    big = b"".join(b"%d \xff line\r\n" % i for i in range(200000))
    status, out, err = answers_to(7007, big, "--quiet")
    result(status == 0 and out == big, "three megabytes both ways, 255 among them", f"{status} {len(out)} {len(big)} {err}")
    for _ in range(3):  # when the shell's terminal is flushed at its end, telnetd throws away what it has not sent yet
        status, out = through_a_pipe()
        if status == 0 and b"piped 42" in out:
            break
    result(status == 0 and b"piped 42" in out, "a pipe into a shell: its end is told, the answer comes", out)


def synch():
    """The Synch, both ways: a data mark as TCP's urgent byte (RFC 854, page 8)."""
    heard = []

    def serve(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 0)
        connection.sendall(b"\xff\xfb\x03begin\r\n")
        data = b""
        while b"go\r" not in data:
            data += connection.recv(1000)
        select.select([], [], [connection], 10)
        heard.append((data, connection.recv(1, socket.MSG_OOB)))
        connection.send(b"not to be seen\xff\xf1\xff\xf2", socket.MSG_OOB)
        connection.sendall(b"end\r\n\xff\xf2 a mark alone is nothing\r\n")
        while connection.recv(1000):
            pass
        connection.close()
    Server(2330, serve)
    t = Terminal(TULLE, "telnet", "--trace", "127.0.0.1", "2330")
    t.until("begin")
    t.until_raw()
    t.type("go\r\x1d")
    t.until("telnet> ")
    t.says("send synch\r", "> IAC DM", "send synch")
    t.says("", "end\r\n(.|\n)*a mark alone is nothing", "the server's own Synch")
    result("not to be seen" not in t.seen and "< IAC NOP" in t.seen, "throws away what stands before it, but no command", t.seen)
    result([mark for _, mark in heard] == [b"\xf2"], "ours came as an urgent byte", heard)
    t.says("\x1dtoggle autosynch\r", "a Synch is sent", "a Synch behind each interrupt")
    t.says("\x1dsend ip\r", "> IAC IP(.|\n)*> IAC DM", "goes with it")
    t.end()


def options():
    t = Terminal(TULLE, "telnet", "-4", "-a", "-L", "-n", "traced", "-b", "127.0.0.9", "127.0.0.1", "2331")
    result(t.until("READY"), "-4 -a -L -n -b: a shell", t.text)
    t.says("echo user=$USER\r", "user=me\r", "-a: as whom we are here")
    t.says("\x1dstatus\r", "we do BINARY", "-L: eight bits of what is sent")
    result("the server does BINARY" not in t.seen, "and not of what comes", t.seen)
    with open("traced", encoding="utf-8") as file:
        result("> IAC WILL BINARY" in file.read() and "IAC" not in t.seen, "-n: the trace is in a file", t.seen)
    result(peers[-1] == "127.0.0.9", "-b: from that address", peers)
    t.says("\x1dz\r", "nothing|telnet> |> ", "z, where nobody would have it go on")
    t.says("\x1d!\r", "no shell from here(.|\n)*telnet> ", "! is refused")
    t.says("open somewhere\r", "one session is one connection(.|\n)*telnet> ", "and open")
    t.says("unset escape\r", "Escape character is 'off'", "unset escape")
    t.says("exit\r", "closed by foreign host", "the end")
    t.end()
    t = Terminal("bash", "--norc", "-i")
    t.type(f"PS1='me$ '; {TULLE} telnet -4 127.0.0.1 2331\r")
    result(t.until("READY"), "from a shell with jobs", t.text)
    t.until_raw()
    t.says("\x1dz\r", r"Stopped(.|\n)*me\$ ", "z suspends it")
    t.says("echo here $((40 + 2))\r", "here 42", "and takes commands")
    t.says("fg\r", "telnet -4", "fg")
    t.until_raw()
    t.says("echo there $((40 + 3))\r", "there 43", "goes on with the session")
    t.says("exit\r", "closed by foreign host", "to its end")
    t.end()


def other_way():
    with subprocess.Popen([PEER, "2525"], stdout=subprocess.PIPE, text=True) as peer:
        peer.stdout.readline()
        t = Terminal("telnet", "-l", "somebody", "127.0.0.1", "2525", columns=90, rows=33)
        result(t.until_all("(?i)terminal vt220", "window 90x33", "variable USER=somebody"),
               "Debian's telnet tells our machine its terminal, its window, its user", t.text)
        t.says("hello\r", r"you said hello\r", "and is echoed by characters")
        t.resize(91, 34)
        result(t.until("window 91x34"), "its new window", t.text)
        t.says("\x1d", "telnet> ", "its own commands")
        t.says("status\r", "(?i)single character|character at a time", "it thinks so, too")
        t.until_raw()
        t.says("line\r", "linewise", "the server goes to lines")
        t.says("mode?\r", "you said mode\\?", "and hears one")
        t.says("bye\r", "closed by foreign host", "the end")
        t.end()
        t = Terminal(TULLE, "telnet", "--trace", "--negotiate", "-l", "somebody", "127.0.0.1", "2525")
        result(t.until("variable USER=somebody"), "ours tells the same", t.text)
        t.says("hello\r", r"you said hello\r", "and is echoed")
        t.says("line\r", "WONT ECHO: the server does not echo what you type(.|\n)*linewise", "goes to lines")
        t.says("mode?\r", "you said mode\\?", "and sends one")
        t.says("bye\r", "closed by foreign host", "the end")
        result(t.status() == 0, "status 0", t.text)
        t.end()
        peer.terminate()


with open("shell", "w", encoding="ascii") as shell:
    shell.write("#!/bin/sh\necho READY\nPS1='> ' exec sh -i\n")
os.chmod("shell", 0o755)
Server(23, telnetd("--accept-env=USER"))
Server(2324, telnetd("-l"))
Server(2331, lambda connection: (peers.append(connection.getpeername()[0]), telnetd("--accept-env=USER")(connection)))
os.environ["USER"] = "me"
for test in sys.argv[1:] or ("by_characters", "by_lines", "restored", "by_hand", "synch", "options", "other_way"):
    globals()[test]()
print(f"1..{count}")
sys.exit(1 if failures else 0)
