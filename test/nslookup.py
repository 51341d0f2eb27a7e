#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`tulle nslookup` with a person at a terminal; run by nslookup_named.sh, whose named it asks."""
import os
import pty
import re
import select
import subprocess
import sys
import time
import fcntl
import termios

TULLE = os.environ["TULLE"]
count = failures = 0


def result(good, what, why=""):
    global count, failures
    count += 1
    if not good:
        failures += 1
        for line in repr(why).splitlines():
            print("# " + line)
    print(f"{'ok' if good else 'not ok'} {count} - {what}", flush=True)


class Terminal:
    def __init__(self, *words, **variables):
        self.master, slave = pty.openpty()
        self.text = ""
        environment = {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "LC_CTYPE", "IDN_DISABLE")}
        self.child = subprocess.Popen([TULLE, "nslookup", *words], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                      env=dict(environment, **variables), preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def until(self, words, seconds=30):
        """Whether they come; what came before them, and they, are in `seen`."""
        end = time.monotonic() + seconds
        while not (found := re.search(words, self.text)) and time.monotonic() < end:
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    break
        self.seen = self.text[:found.end()] if found else self.text
        self.text = self.text[found.end():] if found else self.text
        return bool(found)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def status(self):
        try:
            return self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return None

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        os.close(self.master)


t = Terminal(LANG="C.UTF-8")
result(t.until("^> $"), "a prompt for who types", t.seen)
t.type("www.example.com\n")
result(t.until("Address: 10.1.0.1\r\n(.*\r\n)*> $"), "an answer, and the next prompt", t.seen)
t.type("bücher.example.com\n")
result(t.until("Name:\tbücher.example.com\r\n(.*\r\n)*> $"), "names in their own letters", t.seen)
t.type("set noidn\nxn--bcher-kva.example.com\n")
result(t.until("Name:\txn--bcher-kva.example.com\r\n(.*\r\n)*> $"), "or not", t.seen)
t.type("exti.example.com\n")
result(t.until(r"\*\* server can't find exti.example.com: NXDOMAIN\r\n> $"), "a sentence is not said twice at a prompt", t.seen)
t.type("exit\n")
result(t.status() == 2, "exit ends it; the last that failed is the status", t.child.returncode)
t.close()

t = Terminal(LANG="C")
t.until("> $")
t.type("xn--bcher-kva.example.com\n")
result(t.until("Name:\txn--bcher-kva.example.com\r\n(.*\r\n)*> $"), "no other letters in a locale without", t.seen)
t.type("\x04")
result(t.status() == 0, "^D ends it", t.child.returncode)
t.close()

t = Terminal("-", "127.0.9.9", LANG="C.UTF-8")
t.until("> $")
t.type("set timeout=60\nwww.example.com\n")
t.until("www.example.com\r\n")
t.type("\x03")
result(t.status() is not None, "^C ends it, in the middle of a question, too", t.child.returncode)
t.close()

t = Terminal("xn--bcher-kva.example.com", LANG="C.UTF-8", IDN_DISABLE="1")
result(t.until("Name:\txn--bcher-kva.example.com\r\n"), "IDN_DISABLE is heeded", t.seen)
t.status()
t.close()
sys.exit(1 if failures else 0)
