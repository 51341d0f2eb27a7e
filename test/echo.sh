#!/bin/sh
# SPDX-License-Identifier: ISC
# echo: lines and bytes, when descriptors run out, under load, by the environment's names; against Debian's nc.
set -u
. "$(dirname "$0")/ground.sh"
stop() { # PID: as SIGTERM does
	kill -TERM "$1"
	wait "$1"
}

# --- lines, and --raw ---
MALLOC_PERTURB_=128 "$TULLE" echo serve tcp://127.0.0.1:6666 udp://127.0.0.1:7777 tls://127.0.0.1:6443 --explain >server 2>&1 &
lines=$!
"$TULLE" echo serve tcp://127.0.0.1:6667 --raw >raw 2>&1 &
raw=$!
servers="$lines $raw"
await server tls && await raw tcp
result $? 'servers of lines and of bytes listen'
[ "$(awk '/^VmHWM/ { print $2 }' /proc/$lines/status)" -lt 400000 ]
result $? 'room for thousands of connections costs nothing before they come'
mkfifo in
timeout 20 nc -N 127.0.0.1 6666 <in >log &
client=$!
exec 3>in
printf 'one\ntw' >&3
await log one
sleep 0.3
[ "$(cat log)" = one ]
result $? 'a line comes back when it has its end'
printf 'o\nthree' >&3
exec 3>&-
wait $client
printf 'one\ntwo\nthree' | cmp -s - log
result $? 'and what had none when the client ends'
rm log
timeout 20 nc -N 127.0.0.1 6667 <in >log &
client=$!
exec 3>in
printf 'tw' >&3
await log tw
result $? '--raw: bytes at once'
exec 3>&-
wait $client
head -c 65535 /dev/zero | tr '\0' x >long
echo >>long
timeout 20 nc -N 127.0.0.1 6666 <long | cmp -s - long
result $? 'a line of 65,536 bytes comes back'
timeout 20 nc -N 127.0.0.1 6666 <in >log &
client=$!
exec 3>in
printf 'I am\n' >&3
await log 'I am'
{ printf 'x'; cat long; } | timeout 20 nc -N 127.0.0.1 6666 >told
grep -q '^echo: this line has more than 65536 bytes' told && await server 'a line of more than 65536 bytes'
result $? 'a longer one is an error, and says so'
printf 'still here\n' >&3
await log 'still here'
result $? 'to that client alone'
exec 3>&-
wait $client
{ printf 'x'; cat long; } >longer
timeout 20 nc -N 127.0.0.1 6667 <longer | cmp -s - longer
result $? '--raw has no lines'
head -c 3000000 /dev/urandom >blob
timeout 20 nc -N 127.0.0.1 6666 <blob | cmp -s - blob
result $? 'three megabytes of anything come back by lines'

# --- what it opens ---
grep -q 'one socket that listens; each client that connects brings one more' server && grep -q 'one socket for all clients' server &&
	grep -q 'now 4 sockets: 3 of the ports, 1 of the clients connected' server
result $? '--explain says what a server opens'
"$TULLE" echo serve tcp://127.0.0.1:6670 --explain >one 2>&1 &
tcp=$!
"$TULLE" echo serve udp://127.0.0.1:7770 --explain --verbose >one.udp 2>&1 &
udp=$!
servers="$servers $tcp $udp"
await one 6670 && await one.udp 7770
seen() { "$TULLE" sockets -n -p "$1" >log 2>&1; sed 1d log | grep -c .; } # PID: how many sockets `tulle sockets` finds
said() { sed -n 's/.*now \([0-9]*\) sockets.*/\1/p' one | tail -n 1; }
[ "$(seen $tcp)" = 1 ] && [ "$(seen $udp)" = 1 ]
result $? 'without a client a server has one socket, over TCP and over UDP'
"$TULLE" echo call tcp://127.0.0.1:6670 >call.tcp 2>&1 &
clients=$!
"$TULLE" echo call udp://127.0.0.1:7770 --message first >call.udp 2>&1 &
clients="$clients $!"
await call.tcp time= && await call.udp time=
[ "$(seen $tcp)" = 2 ] && [ "$(said)" = 2 ] && grep -q LISTEN log && grep -q ESTAB log
result $? 'with one client two over TCP, as --explain says and `tulle sockets` sees'
[ "$(seen $udp)" = 1 ] && grep -q 'it$' one.udp && grep -q 'stays one socket' one.udp
result $? 'and one over UDP'
"$TULLE" echo call tcp://127.0.0.1:6670 >call.tcp2 2>&1 &
clients="$clients $!"
await call.tcp2 time= && wants 'another client of both' 0 'ACK' "$TULLE" echo call udp://127.0.0.1:7770 --count 1
[ "$(seen $tcp)" = 3 ] && [ "$(said)" = 3 ] && [ "$(seen $udp)" = 1 ]
result $? 'three, and still one'
kill -INT $clients
wait $clients
clients=''
stop $tcp && stop $udp
result $? 'both end'
servers="$lines $raw"
wants 'and a client' 0 'One socket, connected from 127.0.0.1:.* to 127.0.0.1:6666' \
	"$TULLE" echo call tcp://127.0.0.1:6666 --count 1 --explain
wants 'an answer has its time' 0 "ACK with: 'Hello World!' time=[0-9.]* ms" "$TULLE" echo call tcp://127.0.0.1:6666 --count 1
wants 'and --json is an object' 0 '^{"url":"udp://127.0.0.1:7777","sent":3,"answered":3,"lost":0' \
	"$TULLE" echo call udp://127.0.0.1:7777 --count 3 --every 1ms --json
python3 -c 'import json, sys; json.load(open("log"))'
result $? 'as others read it'

# --- load ---
for url in tcp://127.0.0.1:6666 tcp://127.0.0.1:6667 tls://127.0.0.1:6443; do
	wants "load: $url" 0 '20 connections, window 4, 100 bytes' \
		"$TULLE" echo load $url --connections 20 --window 4 --seconds 300ms --bytes 100 --insecure
	grep -q ' 0 lost, 0 wrong, 0 connections failed' log && grep -q '99.99%  [0-9.]* ms' log
	result $? 'nothing lost, and percentiles'
done
wants 'load over UDP' 0 '^{"url":"udp://127.0.0.1:7777","connections":10,' \
	"$TULLE" echo load udp://127.0.0.1:7777 --window 2 --seconds 300ms --json
python3 -c 'import json; m = json.load(open("log")); assert m["wrong"] == 0 and m["per_second"] > 0
assert m["rtt_min_ns"] <= m["rtt_50_ns"] <= m["rtt_99_ns"] <= m["rtt_max_ns"], m'
result $? 'its numbers fit together'
wants 'load: a thousand connections' 0 ' 0 lost, 0 wrong, 0 connections failed' \
	"$TULLE" echo load tcp://localhost:6666 --connections 1000 --seconds 500ms
wants 'load of nobody' 1 'connection refused' "$TULLE" echo load tcp://localhost:6669
wants 'nor over UDP' 1 'connection refused' "$TULLE" echo load udp://localhost:6669
wants 'too many' 64 'connections is 1 to 16000' "$TULLE" echo load tcp://localhost:6666 --connections 100000
stop $lines
result $? 'the server ends well'
stop $raw
servers=''

# --- few descriptors ---
(ulimit -n 64; exec "$TULLE" echo serve tcp://127.0.0.1:6668 >few 2>few.says) &
servers=$!
await few tcp
for i in $(seq 40); do
	"$TULLE" echo call tcp://127.0.0.1:6668 --every 100ms >few.$i 2>&1 &
	clients="${clients:-} $!"
done
servers="$servers $clients"
i=0
until [ "$(grep -l "ACK with: 'Hello World!'" few.[1-9]* | grep -c .)" = 40 ] || [ $i -gt 400 ]; do i=$((i + 1)); sleep 0.05; done
[ $i -le 400 ]
result $? 'with 64 descriptors forty are served'
timeout 20 "$TULLE" echo load tcp://127.0.0.1:6668 --connections 40 --seconds 500ms >load 2>&1
[ $? = 1 ] && grep -q 'as many as file descriptors allow' few.says && [ "$(grep -c . few.says)" = 1 ]
result $? 'forty more are too many, which is said once'
kill -INT $clients
good=0
for c in $clients; do wait "$c" || good=1; done
[ $good = 0 ] && [ "$(grep -l ' 0 lost' few.[1-9]* | grep -c .)" = 40 ] && ! grep -q 'too many' few.[1-9]*
result $? 'those it had were served all the time'
await few.says 'there is room for clients again'
result $? 'it recovers'
wants 'and serves again' 0 ' 0 lost, 0 wrong, 0 connections failed' \
	"$TULLE" echo load tcp://127.0.0.1:6668 --connections 40 --seconds 300ms
kill $servers 2>/dev/null
wait
servers=''

# --- the environment ---
: >server # the first one's words
env TYPE=server PROTOCOL=tcp HOST=127.0.0.1 "$TULLE" echo >server 2>&1 &
servers=$!
env TYPE=server PROTOCOL=udpu HOST=127.0.0.1:7000 "$TULLE" echo >udpu 2>&1 &
servers="$servers $!"
env TYPE=server PROTOCOL=udpm 'HOST=239.1.2.3%1' "$TULLE" echo >udpm 2>&1 &
servers="$servers $!"
await server 'Listening on tcp://127.0.0.1:6666' && await udpu 'udp://127.0.0.1:7000' && await udpm 'multicast://239.1.2.3%1:5555'
result $? 'servers by TYPE, PROTOCOL and HOST'
by_name() { # WHAT WORDS NAMES...: a client, until it has said them
	what=$1 words=$2
	shift 2
	rm -f log # or what is awaited stands there already
	env TYPE=client "$@" "$TULLE" echo >log 2>&1 &
	client=$!
	await log "$words"
	good=$?
	kill -INT $client
	wait $client
	result $good "$what"
}
by_name 'a client of TCP' "ACK with: 'Hello World!'" PROTOCOL=tcp HOST=127.0.0.1
by_name 'and of UDP' "ACK with: 'Hello World! #1'" PROTOCOL=udpu HOST=127.0.0.1:7000
by_name 'and to a group' 'Send: Hello World! #1' PROTOCOL=udpm 'HOST=239.1.2.3%1'
wants 'another TYPE' 64 'server or client' env TYPE=waiter "$TULLE" echo
wants 'another PROTOCOL' 64 'tcp, udpu' env TYPE=server PROTOCOL=sctp "$TULLE" echo
wants 'words go before names' 64 'on which ports' env TYPE=client "$TULLE" echo serve

# --- groups ---
[ -z "${IN_NAMESPACE:-}" ] || wants 'nothing could be sent to a group' 1 'not sent' "$TULLE" echo call multicast://239.1.2.3:5557 --count 2 --every 10ms --timeout 0s
wants 'no such interface' 64 'there is no such interface' "$TULLE" echo serve multicast://239.1.2.3:5557 --interface nix0
wants '--interface without a group' 64 'wants a multicast URL' "$TULLE" echo serve tcp://:1 --interface lo
"$TULLE" echo serve multicast://239.1.2.3:5557 --interface lo >heard 2>&1 &
servers="$servers $!"
await heard 5557
"$TULLE" echo call multicast://239.1.2.3:5557 --interface lo --count 1 --timeout 0s --message aloud --loop >log 2>&1
await heard 'aloud #1'
result $? 'with --loop this host hears what it says to a group, by the name of an interface'
if grep -qs '^0*1 ' /proc/net/if_inet6; then
	"$TULLE" echo serve 'multicast://[ff15::1234]:5558' --interface 1 >heard6 2>&1 &
	servers="$servers $!"
	await heard6 'Listening on multicast://.ff15::1234.:5558'
	result $? 'a group of IPv6 is joined'
fi
echo "1..$n"
