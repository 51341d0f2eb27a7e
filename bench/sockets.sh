#!/bin/sh
# SPDX-License-Identifier: ISC
# sockets.sh - CPU-seconds (user and system, the best of five) to list 10,000 connections with their processes: `tulle
# sockets` beside ss and lsof, in one run. In a network namespace of its own, so that nothing else is listed.
#
#     bench/sockets.sh [TULLE [CONNECTIONS]]
set -eu
tulle=$(realpath "${1:-build/tulle}") count=${2:-10000}
here=$(dirname "$(realpath "$0")")
. "$here/../test/namespace.sh"
if [ -z "${IN_NAMESPACE:-}" ] && [ -n "$own_network" ]; then
	IN_NAMESPACE=1 exec unshare $own_network sh "$here/sockets.sh" "$tulle" "$count"
fi
[ -z "${IN_NAMESPACE:-}" ] || ip link set lo up

exec python3 - "$tulle" "$count" <<'END'
import os, resource, shutil, socket, subprocess, sys

tulle, count = sys.argv[1], int(sys.argv[2])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
if hard != resource.RLIM_INFINITY and hard < count + 50:
    sys.exit(f"ulimit -n: {hard} is too few for {count} connections")
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(1000)
port = listener.getsockname()[1]
up, done = os.pipe(), os.pipe()
child = os.fork()
if child == 0:  # the clients, each of 20,000 from an address
    os.close(done[1])
    listener.close()
    kept = []
    for i in range(count):
        s = socket.socket()
        s.bind((f"127.0.1.{1 + i // 20000}", 0))
        s.connect(("127.0.0.1", port))
        kept.append(s)
    os.write(up[1], b"x")
    os.read(done[0], 1)
    os._exit(0)
kept = [listener.accept() for _ in range(count)]
os.read(up[0], 1)

def seconds(command):
    best = 1e9
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best

ours = None
for command in ([tulle, "sockets", "-n"], [tulle, "sockets"], [tulle, "sockets", "-n", "-e"], [tulle, "sockets", "--json"],
                ["ss", "-tanp"], ["ss", "-tanpi"], ["lsof", "-nP", "-i"]):
    if shutil.which(command[0]) is None:
        continue
    t = seconds(command)
    ours = ours or t
    name = " ".join(["tulle" if command[0] == tulle else command[0]] + command[1:])
    print(f"{count} connections, both ends here: {name}: {t:.3f} CPU-seconds, {t / ours:.2f} of tulle sockets -n", flush=True)
os.close(done[1])
os.waitpid(child, 0)
END
