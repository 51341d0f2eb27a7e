#!/bin/sh
# SPDX-License-Identifier: ISC
# echo: many clients over TLS, and clients that are slow, silent or greedy, beside others who must not notice.
set -u
. "$(dirname "$0")/ground.sh"
stop() { # PID: as SIGTERM does
	kill -TERM "$1"
	wait "$1"
}
peak() { awk '/^VmHWM/ { print $2 }' "/proc/$1/status"; } # PID: kilobytes

# --- many over TLS ---
many=1500
[ "$(ulimit -Hn)" != unlimited ] && [ "$(ulimit -Hn)" -lt 2000 ] && many=$(($(ulimit -Hn) / 2))
(ulimit -n $((many + 500)) 2>/dev/null; exec "$TULLE" echo serve tls://127.0.0.1:6443 tcp://127.0.0.1:6666 >server 2>&1) &
server=$! servers=$!
await server 'Listening on tcp'
result $? 'a server listens'
wants "$many clients at a time over TLS" 0 "$many connections, window 1" \
	"$TULLE" echo load tls://127.0.0.1:6443 --connections $many --seconds 300ms --timeout 20s --insecure
grep -q ' 0 lost, 0 wrong, 0 connections failed' log
result $? 'all of them are served'

# --- thousands ---
if [ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -gt 9200 ]; then
	(ulimit -Sn 256; exec "$TULLE" echo serve tcp://127.0.0.1:6667 >thousands 2>&1) &
	thousands=$!
	servers="$servers $thousands"
	await thousands 6667
	(
		ulimit -Sn 256
		wants '9,000 clients, though the soft limit of descriptors is 256' 0 ' 0 lost, 0 wrong, 0 connections failed' \
			"$TULLE" echo load tcp://127.0.0.1:6667 --connections 9000 --seconds 300ms --timeout 20s
	)
	n=$((n + 1))
	stop $thousands
	result $? 'and their server ends'
fi

# --- the slow beside the others ---
export MANY=$((many * 2 / 3)) # of the soft limit of python, too
ulimit -Sn $((many + 500)) 2>/dev/null
before=$(peak $server)
python3 - >slow 2>&1 <<'END' &
import os, socket, time
server = ("127.0.0.1", 6666)
def step(name):
	open(name, "w").close()
	while not os.path.exists(name + ".go"): time.sleep(0.01)
def all_of(s, n):
	got = b""
	while len(got) < n:
		b = s.recv(1 << 16)
		if not b: break
		got += b
	return got
# One that sends lines and never reads, until nothing more is taken.
never = socket.create_connection(server)
never.settimeout(1)
sent, line = 0, b"y" * 999 + b"\n"
try:
	while True: sent += never.send(line[sent % 1000:])
except TimeoutError: pass
step("never")
never.settimeout(20)
got = all_of(never, sent)
assert len(got) == sent - sent % 1000 or len(got) == sent, (len(got), sent)
assert all(got[i:i + 1000] == line for i in range(0, len(got) - 999, 1000))
never.close()
print("it gets all of it, late")
# A thousand in the middle of a line.
half = [socket.create_connection(server) for _ in range(int(os.environ["MANY"]))]
for i, s in enumerate(half): s.sendall(b"half %d" % i)
step("half")
for i, s in enumerate(half): s.sendall(b" and half\n")
for i, s in enumerate(half):
	want = b"half %d and half\n" % i
	assert all_of(s, len(want)) == want
for s in half: s.close()
print("each gets its line")
# Lines that never end: more than there is memory for.
long = [socket.create_connection(server) for _ in range(200)]
for s in long:
	s.settimeout(20)
	try: s.sendall(b"z" * 60000)
	except OSError: pass # it was told already
typist = socket.create_connection(server)
typist.sendall(b"ty")
time.sleep(0.2)
step("long")
typist.sendall(b"pist\n")
assert all_of(typist, 7) == b"typist\n"
print("who types slowly is not sent away")
told = 0
for s in long:
	s.settimeout(0.01)
	try: told += b"too many clients are in the middle of long lines" in s.recv(1000)
	except OSError: pass
assert 30 < told < 200, told
print("who held most is told")
END
python=$!
servers="$server $python"
while_so() { # STEP WHAT: the others are served
	i=0
	until [ -e "$1" ] || ! kill -0 $python 2>/dev/null || [ $i -gt 400 ]; do i=$((i + 1)); sleep 0.05; done
	[ -e "$1" ] && timeout 20 "$TULLE" echo load tcp://127.0.0.1:6666 --connections 20 --seconds 200ms >log 2>&1 &&
		grep -q ' 0 lost, 0 wrong, 0 connections failed' log
	result $? "$2: the others are served"
	: >"$1.go"
}
while_so never 'somebody sends and never reads'
while_so half 'a thousand stop in the middle of a line'
while_so long 'two hundred send lines without end'
wait $python
result $? 'slow clients lose nothing'
for words in 'it gets all of it, late' 'each gets its line' 'who types slowly is not sent away' 'who held most is told'; do
	grep -q "$words" slow
	result $? "$words"
done
[ $(($(peak $server) - before)) -lt 60000 ]
result $? 'and none of it took much memory'
stop $server
result $? 'the server ends well'

# --- few descriptors ---
(ulimit -n 64; exec "$TULLE" echo serve tls://127.0.0.1:6443 >shed 2>few) &
servers=$!
await shed tls
result $? 'over TLS with 64 descriptors'
timeout 20 "$TULLE" echo load tls://127.0.0.1:6443 --connections 60 --seconds 300ms --insecure >log 2>&1
[ $? = 1 ] && await few 'as many as file descriptors allow' && [ "$(grep -c 'as many as' few)" = 1 ]
result $? 'sixty are too many, which is said once'
await few 'there is room for clients again'
result $? 'it recovers'
wants 'and serves again' 0 ' 0 lost, 0 wrong, 0 connections failed' \
	"$TULLE" echo load tls://127.0.0.1:6443 --connections 30 --seconds 200ms --insecure
stop $servers
result $? 'and ends'
servers=''
echo "1..$n"
