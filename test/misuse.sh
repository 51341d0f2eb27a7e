#!/bin/sh
# SPDX-License-Identifier: ISC
# misuse: crowds who begin and do not go on, who never read, who reset in every state; the smallest and the largest datagrams; what ICMP
# says; outputs that cannot be written; a server that was stopped for a while; an interface that goes and comes back.
# How our own stack does with the same is tested by test/tcp/*.pkt, stack_tcp.c and tcp_pair.c.
set -u
. "$(dirname "$0")/ground.sh"
command -v python3 >/dev/null || { echo '1..0 # SKIP no python3'; exit 0; }
misuse() { # WHAT WORDS...
	what=$1
	shift
	timeout 60 python3 "$SOURCE/test/misuse.py" "$@" >log 2>&1
	result $? "$what"
}
mkdir www
head -c 3000000 /dev/zero >www/large
echo hello >www/small
printf '%s\n' '$TTL 9' '@ SOA ns h 1 2 3 4 5' '@ NS ns' 'ns A 10.0.0.1' >zone
ulimit -n "$(ulimit -Hn)"
"$TULLE" echo serve tcp://127.0.0.1:6666 tls://127.0.0.1:6443 udp://127.0.0.1:7777 'udp://[::1]:7776' >server 2>&1 &
echo=$!
"$TULLE" http serve www http://127.0.0.1:8080 --quiet >http 2>&1 &
http=$!
"$TULLE" dns serve --zone example.com=zone --listen 127.0.0.1 --port 5300 >dns 2>&1 &
dns=$!
servers="$echo $http $dns"
await server 7776 && await http Serving && await dns records

misuse 'a thousand clients in the middle of a line: others are served' slow-lines 6666
misuse 'five hundred in the middle of a handshake' slow-handshakes 6443
misuse 'five hundred in the middle of a question' slow-questions 5300
misuse 'five hundred in the middle of a request' slow-requests 8080
misuse 'one who never reads' deaf 6666
misuse 'resets in each state: echo' resets 6666 $echo 'a line\n'
misuse 'http' resets 8080 $http 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n'
misuse 'dns' resets 5300 $dns '\x00\x1c\x00\x07\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02ns\x07example\x00\x00\x01\x00\x01'
misuse 'and in each flight of a handshake' handshake-resets 6443 $echo
misuse 'datagrams of 0 and of 65,507 bytes come back' datagram-sizes 127.0.0.1 7777 65507
grep -qs '^0*1 ' /proc/net/if_inet6 && misuse 'and of 65,527 over IPv6' datagram-sizes ::1 7776 65527
wants 'echo call sends the largest, too' 0 '65507 bytes in one datagram came back' "$TULLE" echo call udp://127.0.0.1:7777 --bytes 65507
wants 'one more byte is too many' 1 'too large\|too big\|too long' "$TULLE" echo call udp://127.0.0.1:7777 --bytes 65508
misuse 'a server that was stopped for a while has lost nothing' stopped 6666 7777 $echo

# --- ICMP ---
wants 'a port nobody has: echo call' 1 'refused' "$TULLE" echo call udp://127.0.0.1:7 --count 1
printf x | timeout 20 "$TULLE" nc -u -w 5 127.0.0.1 7 >log 2>&1
[ $? = 1 ] && grep -q refused log
result $? 'nc -u'
timeout 20 "$TULLE" nslookup -port=7 -timeout=1 -retry=1 ns.example.com 127.0.0.1 >log 2>&1
[ $? != 0 ] && grep -q 'refused' log
result $? 'nslookup'
timeout 20 "$TULLE" dig @127.0.0.1 -p 7 ns.example.com +tries=1 +time=2 >log 2>&1
[ $? = 9 ] && grep -q 'refused' log
result $? 'dig'

# --- outputs ---
wants 'a full disk is told' 1 'No space left' sh -c "\"$TULLE\" echo call tcp://127.0.0.1:6666 --count 1 >/dev/full"
printf 'hello\n' >in
wants 'by nc, too' 1 'No space left' sh -c "\"$TULLE\" nc -N 127.0.0.1 6666 <in >/dev/full"
timeout 20 "$TULLE" echo call tcp://127.0.0.1:6666 --count 1 >&- 2>log
[ $? = 1 ] && grep -q 'cannot write the output' log
result $? 'a closed standard output is an error'
kill $servers
good=0
for s in $servers; do wait "$s" || good=1; done
[ $good = 0 ]
result $? 'after all of it each ends well'
servers=''

# --- an interface that goes and comes back ---
if ip link add tulle0 type veth peer name tulle1 2>/dev/null; then
	ip addr add 10.9.0.1/24 dev tulle0
	ip link set tulle0 up
	ip link set tulle1 up
	: >server # what stood there is not of this one
	"$TULLE" echo serve multicast://239.1.2.3:5555 --interface tulle0 >server 2>&1 &
	servers=$!
	await server Listening
	call_group() { timeout 20 "$TULLE" echo call multicast://239.1.2.3:5555 --interface tulle0 --count 1 --timeout 0s --message "$1" --loop >log 2>&1; }
	call_group before
	await server 'before #1'
	result $? 'a group is heard on an interface'
	ip link set tulle0 down
	ip link set tulle0 up
	i=0
	until call_group after && grep -q 'after #1' server; do
		i=$((i + 1))
		[ $i -gt 100 ] && break
		sleep 0.1
	done
	await server 'after #1'
	result $? 'and again when it has been down'
	kill $servers
	wait $servers
	result $? 'its server ends well'
	servers=''
fi
echo "1..$n"
