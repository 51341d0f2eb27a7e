#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# echo.py - `tulle echo serve` beside a Go server and plain C ones, in one run: answers a CPU-second of the server's, and memory.
#
#     bench/echo.py BUILD [SECONDS] [ROW...]      BUILD: the build directory; ROW: a word of a row's name, to measure those alone
#
# Servers take turns, and the best of three rounds counts: what else the machine does only slows.
import os, shutil, subprocess, sys, tempfile

ROUNDS = 3
build = os.path.abspath(sys.argv[1])
long_ = sys.argv[2] if len(sys.argv) > 2 else "2"
wanted = sys.argv[3:]
here = os.path.dirname(os.path.abspath(__file__))
tulle, bench, peer = build + "/tulle", build + "/bench/bench_echo", build + "/bench/bench_echo_peer"
go = build + "/bench/echo_go"
port = 9100  # each run has another; the tests take those from 10000 on

if shutil.which("go"):
    source = here + "/peers/echo.go"
    if not os.path.exists(go) or os.path.getmtime(go) < os.path.getmtime(source):
        subprocess.run(["go", "build", "-o", go, source], check=True,
                       env={**os.environ, "GOFLAGS": "", "GO111MODULE": "off", "GOCACHE": build + "/bench/go-cache"})
else:
    print("(Go is not installed: its columns stay empty; bench/run --peers installs it)")

folder = tempfile.TemporaryDirectory()
cert, key = folder.name + "/cert", folder.name + "/key"
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                "-out", cert, "-subj", "/CN=localhost"], check=True, stderr=subprocess.DEVNULL)


def server(who, kind, port):
    scheme = {"memory": "tcp", "runs": "udp"}.get(kind, kind)
    if who == "C":
        return [peer, scheme, str(port)] + ([cert, key] if scheme == "tls" else [])
    if who == "Go":
        return [go, scheme, "127.0.0.1:%d" % port] if os.path.exists(go) and scheme != "tls" else None
    words = [tulle, "echo", "serve", "%s://127.0.0.1:%d" % (scheme, port)]
    if scheme == "tls":
        words += ["--cert", cert, "--key", key]
    if who == "tulle --raw":
        return words + ["--raw"] if scheme == "tcp" else None
    if who == "tulle uring":
        return ["env", "TULLE_NET=uring"] + words if kind != "memory" else None
    return words


def run(who, kind, connections, window):
    global port
    port += 1
    words = server(who, kind, port)
    if words is None:
        return None
    done = subprocess.run([bench, kind, str(connections), str(window), long_, str(port)] + words, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode == 0 and done.stdout:
        return [float(word) for word in done.stdout.split()]
    print("%s, %s: %s" % (who, kind, done.stderr.strip()[-200:]), file=sys.stderr)
    return None


def best(who, old, new, kind):
    if old is None or new is None:
        return old or new
    return min(old, new) if kind == "memory" else max(old, new)


rows = [
    ("TCP, 100 connections, window 1", "tcp", 100, 1),
    ("TCP, 100 connections, window 16", "tcp", 100, 16),
    ("TCP, 10,000 connections, window 1", "tcp", 10000, 1),
    ("UDP, 4 speakers, window 32", "udp", 4, 32),
    ("UDP, 4 speakers, window 32, in runs", "runs", 4, 32),
    ("TLS, 100 connections, window 1", "tls", 100, 1),
    ("TLS, 100 connections, window 16", "tls", 100, 16),
    ("memory, 10,000 idle connections", "memory", 10000, 1),
]
servers = ["C", "Go", "tulle", "tulle --raw", "tulle uring"]
print("echo: thousand answers a CPU-second of the server's (ratio to plain C, share in user mode); memory: bytes a connection")
print("%-38s" % "" + "".join("%18s" % who for who in servers))
for name, kind, connections, window in rows:
    if wanted and not any(word in name for word in wanted):
        continue
    result = {who: None for who in servers}
    for _ in range(1 if kind == "memory" else ROUNDS):
        for who in servers:
            result[who] = best(who, result[who], run(who, kind, connections, window), kind)
    text = "%-38s" % name
    for who in servers:
        r = result[who]
        if r is None:
            text += "%18s" % "-"
        elif kind == "memory":
            text += "%18.0f" % r[0]
        else:
            ratio = " (%.2f," % (r[0] / result["C"][0]) if result["C"] else " ("
            text += "%18s" % ("%.0f%s %.0f%%)" % (r[0] / 1000, ratio, r[1] * 100))
    print(text, flush=True)
