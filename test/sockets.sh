#!/bin/sh
# SPDX-License-Identifier: ISC
# `tulle sockets` beside ss and lsof, over the same sockets in a network namespace of its own: the same ones, in the same
# states, held by the same descriptors of the same processes.
for tool in ss lsof python3 setpriv; do
	command -v $tool >/dev/null || [ -x /usr/sbin/$tool ] || [ -x /usr/bin/$tool ] || { echo "1..0 # SKIP no $tool here"; exit 0; }
done
# As root without a user namespace, so that it can become somebody else.
if [ -z "${IN_NAMESPACE:-}" ] && [ "$(id -u)" = 0 ] && unshare -n true 2>/dev/null; then
	IN_NAMESPACE=1 exec unshare -n sh "$0"
fi
. "$(dirname "$0")/ground.sh"
[ -n "${IN_NAMESPACE:-}" ] || { echo "1..0 # SKIP no network namespace here"; exit 0; }

cat >many.py <<'END'
import socket, time
kept = []
def listen(family, address, port):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(7)
    kept.append(s)
    return s
four, six = listen(socket.AF_INET, "127.0.0.1", 4000), listen(socket.AF_INET6, "::", 4006)
def connect(listener, address):
    c = socket.create_connection(address)
    a = listener.accept()[0]
    kept.extend((c, a))
    return c, a
for i in range(20): connect(four, ("127.0.0.1", 4000))
for i in range(3): connect(six, ("::1", 4006))
connect(six, ("127.0.0.1", 4006))       # IPv4 to an IPv6 socket
connect(four, ("127.0.0.1", 4000))[0].close()   # stays in CLOSE_WAIT here, FIN_WAIT2 there
for i in range(2):                      # TIME_WAIT at the server's port
    c, a = connect(four, ("127.0.0.1", 4000))
    a.close()
    c.close()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("127.0.0.1", 7777))
v = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
v.connect(("127.0.0.1", 7777))
print("ready", flush=True)
time.sleep(100)
END
python3 many.py >ready 2>&1 &
servers=$!
holder=$!
await ready ready
for _ in $(seq 200); do # until each end is acknowledged, which the kernel may put off
	ss -Htn state fin-wait-1 state last-ack state closing | grep -q . || break
	sleep 0.05
done

# protocol state local remote, a line a socket, as ss has them
ss -Hantu | awk '{ print $1, $2, $5, $6 }' | sed 's/ESTAB /ESTABLISHED /; s/UNCONN/UNCONNECTED/; s/-/_/g; s/_WAIT_\([12]\)/_WAIT\1/
	s/\[::ffff:\([0-9.]*\)\]/\1/g; s/\*:/[::]:/g; s/udp ESTABLISHED/udp CONNECTED/' | sort >theirs
"$TULLE" sockets -n 2>why | awk 'NR > 1 { print tolower($6), $7, $10, $11 }' | sort >ours
diff theirs ours >log 2>&1 && [ "$(wc -l <ours)" -gt 50 ]
result $? "the sockets and states of ss"

# pid fd protocol, as lsof has them
lsof -nP -i 2>/dev/null | awk 'NR > 1 { sub(/[a-zA-Z]+$/, "", $4); print $2, $4, $5, $8 }' | sort >theirs
"$TULLE" sockets -n 2>why | awk 'NR > 1 && $2 != "-" { print $2, $4, $5, $6 }' | sort >ours
diff theirs ours >log 2>&1 && [ -s ours ]
result $? "the processes and descriptors of lsof"

for of in "state established" "state time-wait" "state close-wait" "state listening" "sport = :4000" "dport != :4000" \
	"dst 127.0.0.1:4000" "( sport = :4006 or dport = :4006 )"; do
	# shellcheck disable=SC2086 # words
	[ "$("$TULLE" sockets -n -iTCP $of 2>/dev/null | sed 1d | wc -l)" = "$(ss -Hant $([ "${of#state}" != "$of" ] || echo state all) $of | wc -l)" ]
	result $? "as many as ss: $of"
done
for of in "-iTCP:4000" "-i6" "-i4UDP" "-iTCP@127.0.0.1:4006" "-iTCP -sTCP:LISTEN" "-iTCP -sTCP:^LISTEN"; do
	# shellcheck disable=SC2086 # words
	[ "$("$TULLE" sockets -n $of 2>/dev/null | awk 'NR > 1 && $2 != "-"' | wc -l)" = "$(lsof -nP $of 2>/dev/null | sed 1d | wc -l)" ]
	result $? "as many as lsof: $of"
done

wants "who holds a port" 0 "python3 (pid $holder, user [^,]*, fd 3) listens only at 127.0.0.1" "$TULLE" sockets -i :4000 --explain
wants "why they share it" 0 "22 more sockets are at the same port\|21 more sockets are at the same port" "$TULLE" sockets -i :4000 --explain
wants "what is in the way" 0 "2 in TIME_WAIT, held by no process" "$TULLE" sockets sport = :4000 --explain
wants "a dual-stack listener" 0 "at every address, IPv4 and IPv6" "$TULLE" sockets sport = :4006 --explain
wants "a free port" 1 "Port 4999: nothing" "$TULLE" sockets -i:4999 --explain
wants "a port for root" 1 "CAP_NET_BIND_SERVICE" "$TULLE" sockets -i:81 --explain
wants "details" 0 "rtt .*cwnd" "$TULLE" sockets -e state established
"$TULLE" sockets -e -iUDP >log
grep -q '^    *memory: receive' log && ! grep -q '^ *;' log
result $? "details of UDP begin with its memory"
wants "ss's letters: what to say here" 64 "sTCP:LISTEN" "$TULLE" sockets -ltn
wants "lsof's" 64 "iTCP" "$TULLE" sockets -ti:4000
wants "limits of descriptors" 0 "python3 .*%" "$TULLE" sockets --limits -p $holder
wants "words that are wrong" 64 "no such state" "$TULLE" sockets -sTCP:LISTENING_HARD
if [ "$(id -u)" = 0 ] && unshare -n true 2>/dev/null; then
	unshare -n "$TULLE" sockets -n -N $holder state listening >log 2>&1
	[ $? = 0 ] && grep -q "127.0.0.1:4000" log && ! unshare -n "$TULLE" sockets -n state listening >>log 2>&1
	result $? "another namespace, by a process in it"
fi
wants "a namespace that is not there" 2 "no-such" "$TULLE" sockets -N no-such

"$TULLE" sockets --json >list 2>log && python3 - $holder <<'END' >log 2>&1
import json, os, sys
pid = int(sys.argv[1])
sockets = json.load(open("list"))["sockets"]
held = {(o["pid"], o["fd"]): s["inode"] for s in sockets for o in s["owners"]}
links = {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
assert {int(fd): int(l[8:-1]) for fd, l in links.items() if l.startswith("socket:")} == {f: i for (p, f), i in held.items() if p == pid}
assert all(s["tcp"]["cwnd"] > 0 for s in sockets if s["state"] == "ESTABLISHED")
END
result $? "JSON names each descriptor"

timeout -s INT 1 "$TULLE" sockets --watch=200ms state listening >log 2>&1
[ "$(grep -c :4006 log)" -ge 3 ]
result $? "watches until interrupted"

if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --clear-groups --bounding-set=-all true 2>/dev/null; then
	cp "$TULLE" tulle && chmod 755 . tulle
	setpriv --reuid 65534 --clear-groups --bounding-set=-all ./tulle sockets -i:4000 >log 2>why
	[ $? = 0 ] && grep -q LISTEN log && ! grep -q python3 log && grep -q "is not shown" why
	result $? "without privileges: all sockets, and how many are left out"
fi
echo "1..$n"
