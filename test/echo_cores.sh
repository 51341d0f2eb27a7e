#!/bin/sh
# SPDX-License-Identifier: ISC
# echo serve --cores: one net a core, all at one port.
set -u
. "$(dirname "$0")/ground.sh"
start() { # WORDS...: $first is the process that the others are children of
	: >server
	"$TULLE" echo serve "$@" >server 2>&1 &
	first=$! servers=$!
	await server "Listening on $1"
}
number_of() { # CORE: how many connections it says that it had
	sed -n "s/^core $1: \([0-9]*\) connections, .*/\1/p" server
}

ip route add 224.0.0.0/4 dev lo 2>/dev/null
start tcp://127.0.0.1:6666 udp://127.0.0.1:7777 tls://127.0.0.1:6443 multicast://239.1.2.3:5555 --cores 2 --explain
result $? 'two cores listen'
[ "$(grep -c '^Listening on tcp' server)" = 1 ] && grep -q 'that once in each of 2 processes' server
result $? 'which is said once, and explained'
"$TULLE" sockets -iTCP:6666 -sTCP:LISTEN >log 2>&1
[ "$(grep -c '127.0.0.1:6666' log)" = 2 ] && [ "$(ss -Hlun 'sport = :7777' | grep -c .)" = 2 ] && [ "$(ss -Hlun 'sport = :5555' | grep -c .)" = 1 ]
result $? 'two sockets at each port, but one in the group'
[ "$(ps -o user= -p "$first,$(pgrep -d, -P $first)" | sort -u | grep -c .)" = 1 ] &&
	[ "$(cat /proc/$first/status /proc/$(pgrep -o -P $first)/status | grep -c '^Seccomp:.2')" = 2 ]
result $? 'all of them are locked in'
wants 'many clients' 0 ' 0 lost, 0 wrong, 0 connections failed' \
	"$TULLE" echo load tcp://127.0.0.1:6666 --connections 100 --seconds 300ms
wants 'over TLS, too' 0 ' 0 lost, 0 wrong, 0 connections failed' \
	"$TULLE" echo load tls://127.0.0.1:6443 --connections 40 --seconds 300ms --insecure
wants 'and datagrams' 0 ' 0 wrong, 0 connections failed' \
	"$TULLE" echo load udp://127.0.0.1:7777 --connections 50 --seconds 300ms
for port in tcp://127.0.0.1:6666 udp://127.0.0.1:7777; do
	wants "$port is taken: for one core" 1 'address already in use' "$TULLE" echo serve $port
	wants 'and for two, which is said once' 1 'address already in use' "$TULLE" echo serve $port --cores 2
	[ "$(grep -c . log)" = 1 ]
	result $? 'once'
done
clients=''
for i in $(seq 12); do
	"$TULLE" echo call tcp://127.0.0.1:6666 --every 60s >call.$i 2>&1 &
	clients="$clients $!"
done
for i in $(seq 12); do await call.$i 'time='; done
kill -TERM $first $(pgrep -P $first) # as a service manager does: to all of them
wait $first
result $? 'asked to end, they do'
good=0
for c in $clients; do wait "$c" || good=1; done
[ $good = 0 ] && [ "$(cat call.* | grep -c ' 0 lost')" = 12 ]
result $? 'and let everybody go in order'
zero=$(number_of 0) one=$(number_of 1)
[ "$zero" -gt 0 ] && [ "$one" -gt 0 ] && [ $((zero + one)) = 152 ] && grep -q "^All cores together: 152 connections, [1-9]" server
result $? 'each of them has served, and the sum is right'

# --- one of them dies ---
start tcp://127.0.0.1:6666 --cores 2
kill -KILL "$(pgrep -o -P $first)"
await server 'core 0 was killed by signal 9 .*; the others go on'
result $? 'a core that was killed is told of'
wants 'the other one serves on' 0 ' 0 lost, 0 wrong, 0 connections failed' \
	"$TULLE" echo load tcp://127.0.0.1:6666 --connections 20 --seconds 200ms
kill -INT $first
wait $first
[ $? = 1 ] && grep -q '^All cores together: 20 connections' server
result $? 'and the exit status says that not all was well'
start tcp://127.0.0.1:6666 --cores 0
children=$(pgrep -P $first)
kill -KILL $first
wait $first 2>/dev/null
i=0
while kill -0 $children 2>/dev/null && [ $i -lt 200 ]; do i=$((i + 1)); sleep 0.05; done
[ $i -lt 200 ]
result $? 'when the first one is killed, all end'

# --- SIGHUP: each reads its certificate again ---
certificate() { # SERIAL
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -set_serial "$1" -days 30 \
		-keyout new.pem -out new.crt >/dev/null 2>&1 && cat new.crt >>new.pem && mv new.pem live.pem
}
all_show() { # SERIAL: sixteen connections in a row
	for _ in $(seq 16); do
		timeout 10 openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509 -noout -serial >log 2>&1
		grep -qx "serial=$1" log || return 1
	done
}
chmod 755 .
certificate 17
start tls://127.0.0.1:6443 --cores 2 --cert live.pem
all_show 11
result $? 'both cores show the certificate'
certificate 18
kill -HUP $first $(pgrep -P $first)
i=0
until [ "$(grep -c 'was read again' server)" -ge 2 ] || [ $i -gt 200 ]; do i=$((i + 1)); sleep 0.05; done
all_show 12
result $? 'after SIGHUP both show the new one'
kill -TERM $first
wait $first
result $? 'and they end'

# --- words ---
wants 'a port of its own for each makes no sense' 64 'can only share a port that is named' "$TULLE" echo serve tcp://127.0.0.1:0 --cores 2
wants 'nor do cores for a group alone' 64 'cores wants a tcp, tls or udp URL' "$TULLE" echo serve multicast://239.1.2.3:5555 --cores 2
wants 'so many' 64 'cores is at most 64' "$TULLE" echo serve tcp://127.0.0.1:6666 --cores 65
echo "1..$n"
