#!/bin/sh
# SPDX-License-Identifier: ISC
# `tulle stack`: tools on our own TCP/IP stack, against the kernel's on the other side of a TAP device.
#
#     kernel 10.9.0.1 fd09::1 --- tap9 --- 10.9.0.2 fd09::2 tulle stack
#
# In a namespace of its own: nothing of this host is touched.
set -u
skip() { echo "1..0 # SKIP $1"; exit 0; }
if [ -z "${IN_NAMESPACE:-}" ]; then
	[ -w /dev/net/tun ] || skip '/dev/net/tun cannot be opened'
	. "$(dirname "$0")/namespace.sh"
	[ -n "$own_network" ] || skip 'user namespaces are forbidden here'
	IN_NAMESPACE=1 exec unshare $own_network sh "$0"
fi
. "$(dirname "$0")/ground.sh"
check() { # WHAT COMMAND...
	what=$1
	shift
	timeout 30 "$@" >log 2>&1
	result $? "$what"
}
ours() { timeout 30 "$TULLE" stack --link tap:tap9 --address 10.9.0.2/24 --address fd09::2/64 --dns 10.9.0.1 -- "$@"; }
gone() { # PID: asked to stop, it does within its time
	kill -TERM "$1"
	wait "$1"
}

ip link set lo up
ip tuntap add dev tap9 mode tap || skip 'no TAP device can be made'
ip address add 10.9.0.1/24 dev tap9
ip address add fd09::1/64 dev tap9 nodad
ip link set tap9 up
head -c 1000000 /dev/urandom >million
"$TULLE" tls ca new >log 2>&1 && "$TULLE" tls cert issue www.example.com 10.9.0.1 10.9.0.2 --out both >>log 2>&1
result $? 'an authority and a certificate'

# --- our stack's nc has standard input and output ---
"$TULLE" echo serve --raw tcp://10.9.0.1:6660 >raw 2>&1 &
servers=$!
await raw tcp
on_stack() { timeout 20 "$TULLE" stack --link tap:tap9 --address 10.9.0.2/24 -- "$@"; }
on_stack nc -N 10.9.0.1 6660 <million >back 2>log
cmp million back >>log 2>&1
result $? 'nc on our stack: a megabyte from standard input, there, back and to standard output'
on_stack nslookup -timeout=1 -retry=1 10.9.0.9 10.9.0.1 >log 2>&1
[ $? = 5 ]
result $? 'nslookup on our stack, whom nobody answers'
{ echo 'set all'; echo exit; } | on_stack nslookup >log 2>&1 && grep -q '^Set options:' log
result $? 'its sessions, too'
{ echo 'Hello World!'; sleep 1; } | on_stack telnet 10.9.0.1 6660 >log 2>&1
grep -q '^Hello World!' log
result $? 'and telnet hears what was typed come back'
gone $servers

# --- our stack serves, the kernel asks ---
"$TULLE" stack --link tap:tap9 --address 10.9.0.2/24 --address fd09::2/64 -- \
	echo serve tcp://:6666 udp://:7777 tls://:6443 --cert both.pem --key both.key >serve 2>&1 &
servers=$!
await serve tls
result $? 'an echo server listens on our stack'
grep -q '^Seccomp:.*2' /proc/$servers/status && grep -q '^CapEff:.*0000000000000000' /proc/$servers/status
result $? 'locked in: a list of system calls, no capabilities'
check 'the kernel pings it' ping -c 3 -i 0.05 -W 2 10.9.0.2
check 'and with 9,000 bytes, in fragments' ping -c 2 -i 0.05 -W 2 -s 9000 10.9.0.2
check 'and over IPv6' ping -6 -c 3 -i 0.05 -W 3 fd09::2
echo 'Hello World!' | timeout 10 nc -N 10.9.0.2 6666 >back
grep -qx 'Hello World!' back
result $? 'a line comes back to nc'
timeout 20 nc -N 10.9.0.2 6666 <million >back
cmp million back >log 2>&1
result $? 'a megabyte goes there and back unharmed'
timeout 20 nc -N fd09::2 6666 <million >back
cmp million back >log 2>&1
result $? 'and over IPv6'
timeout 20 nc -N 10.9.0.2 6666 <million >back1 &
one=$!
timeout 20 nc -N 10.9.0.2 6666 <million >back2
wait $one
cmp million back1 >log 2>&1 && cmp million back2 >log 2>&1
result $? 'to two at once on one port'
check 'TLS over our TCP: a megabyte for a client on the kernel'\''s' "$TULLE" echo call tls://10.9.0.2:6443 --ca ca.pem --bytes 1M
{ echo 'Hello World!'; sleep 1; } | timeout 10 openssl s_client -connect 10.9.0.2:6443 -CAfile ca.pem -verify_return_error -quiet >log 2>&1
grep -qx 'Hello World!' log
result $? 'and openssl hears its line'
check 'the kernel'\''s UDP is answered' "$TULLE" echo call udp://10.9.0.2:7777 --count 5 --every 10ms
"$TULLE" echo call tcp://10.9.0.2:6667 >log 2>&1
grep -q 'connection refused' log
result $? 'a closed port is refused'
"$TULLE" echo call udp://10.9.0.2:7778 --count 1 --timeout 1s >log 2>&1
grep -q 'connection refused' log
result $? 'and over UDP, by ICMP'
gone $servers
result $? 'it ends when asked to'
grep -q '7 connections, 5 datagrams' serve
result $? 'and says what it has done'
servers=''

# --- the kernel serves, our stack asks ---
printf '$TTL 60\n@ SOA ns hostmaster 1 1h 10m 1w 1m\n  NS ns\nns A 10.9.0.1\nwww A 10.9.0.1\n' >example.com.zone
mkdir www
echo '<h1>over our own TCP</h1>' >www/index.html
cp million www
"$TULLE" echo serve tcp://:6666 udp://:7777 >echo.out 2>&1 &
servers=$!
"$TULLE" http serve www http://:8080 --quiet >http.out 2>&1 &
servers="$servers $!"
"$TULLE" dns serve --zone example.com=example.com.zone --listen 10.9.0.1 >dns.out 2>&1 &
servers="$servers $!"
openssl s_server -accept 8444 -cert both.pem -key both.key -WWW >openssl.out 2>&1 </dev/null &
servers="$servers $!"
await echo.out udp && await http.out Serving && await dns.out records
ours echo call tcp://10.9.0.1:6666 --count 3 --every 10ms >log 2>&1
result $? 'our stack calls an echo server on the kernel'\''s'
[ "$(grep -c "^Server ACK with: 'Hello World!'" log)" = 3 ]
result $? 'and hears every answer'
ours echo call tcp://10.9.0.1:6666 --bytes 10M >log 2>&1
result $? 'ten megabytes go there and back'
ours echo call udp://10.9.0.1:7777 --count 3 --every 10ms >log 2>&1
result $? 'datagrams too'
ours echo call 'tcp://[fd09::1]:6666' --bytes 1M >log 2>&1
result $? 'and over IPv6'
ours http get http://10.9.0.1:8080/million --output - >back 2>log
cmp million back >>log 2>&1
result $? 'a file comes over HTTP'
ours http get https://www.example.com:8444/million --ca ca.pem --output - >back 2>log
cmp million back >>log 2>&1
result $? 'and one from openssl over TLS, by name'
ours http get https://10.9.0.1:8444/million >log 2>&1
[ $? = 1 ] && grep -q 'no path to a trusted root' log
result $? 'unless its certificate is nobody'\''s'
ours echo call tcp://10.9.0.1:6667 --count 1 >log 2>&1
grep -q 'connection refused' log
result $? 'a closed port is refused'
ours echo call tcp://10.9.0.77:6666 --count 1 --timeout 5s >log 2>&1
[ $? = 1 ] && grep -qE 'unreachable|timed out' log
result $? 'nobody there is said to be so'
ours nslookup www.example.com >log 2>&1
grep -q 10.9.0.1 log
result $? 'a name is looked up through our own UDP'
ours echo call tcp://www.example.com:6666 --count 1 >log 2>&1
result $? 'and used'
ours echo call tcp://none.example.com:6666 --count 1 >log 2>&1
[ $? = 1 ] && grep -q 'no such name' log
result $? 'a name that is not there is said so'
"$TULLE" stack --link tap:tap9 --address 10.9.0.2/24 -- eco serve tcp://:1 >log 2>&1
[ $? = 64 ] && grep -q 'echo' log
result $? 'a misspelt tool: the nearest right word'
"$TULLE" stack --link tap:tap9 --adress 10.9.0.2/24 -- echo serve tcp://:1 >log 2>&1
[ $? = 64 ] && grep -q -- '--address' log
result $? 'a misspelt option too'
"$TULLE" stack --link tun:tap9 --address 10.9.0.2/24 -- echo serve tcp://:1 >log 2>&1
[ $? = 64 ] && grep -q 'tap:NAME' log
result $? 'a kind of device that there is not'
"$TULLE" stack --link packet:none9 --address 10.9.0.2/24 -- echo serve tcp://:1 >log 2>&1
[ $? = 1 ] && grep -q none9 log
result $? 'a device that is not there'

# --- beside the kernel, on an interface of its own ---
for s in $servers; do kill "$s"; done
wait
servers=''
ip link add left9 type veth peer name right9
ip address add 10.8.0.1/24 dev left9
ip link set left9 up
ip link set right9 up
timeout 30 "$TULLE" stack --link packet:right9 --address 10.8.0.2/24 -- echo serve tcp://:6666 >serve2 2>&1 &
servers=$!
await serve2 tcp
timeout 20 nc -N 10.8.0.2 6666 <million >back
cmp million back >log 2>&1
result $? 'over a packet socket: a megabyte there and back'
gone $servers
servers=''

# --- a member of a group while the device goes down and up ---
heard() { # DEVICE WORD: says it to the group until it is heard
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		"$TULLE" echo call multicast://239.1.2.3:5555 --interface "$1" --count 1 --message "$2" --timeout 100ms >log 2>&1
		grep -q "$2" group && return 0
	done
	return 1
}
for device in tap:tap9 packet:right9; do
	near=tap9 net=10.9.0
	[ $device = tap:tap9 ] || near=left9 net=10.8.0
	"$TULLE" stack --link $device --address $net.2/24 -- echo serve multicast://239.1.2.3:5555 >group 2>&1 &
	servers=$!
	await group multicast
	heard $near before
	result $? "a member of a group on our stack, $device"
	ip link set $near down
	sleep 0.2
	ip link set $near up
	heard $near afterwards
	result $? 'hears it still when the device was down'
	gone $servers
	servers=''
done
echo "1..$n"
