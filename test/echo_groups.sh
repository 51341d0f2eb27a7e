#!/bin/sh
# SPDX-License-Identifier: ISC
# echo to groups and to everybody, on two hosts with a cable between them: who hears whom, with --loop and without.
#
#     here: v0 10.7.0.1 fd07::1 --- v1 10.7.0.2 fd07::2: there
set -u
. "$(dirname "$0")/ground.sh"
skip() { echo "1..0 # SKIP $1"; exit 0; }
[ -n "${IN_NAMESPACE:-}" ] || skip 'no network namespace can be made'
unshare -n sleep 600 &
host=$! servers=$!
i=0
until [ "$(readlink /proc/$host/ns/net)" != "$(readlink /proc/self/ns/net)" ] || [ $i -gt 200 ]; do i=$((i + 1)); sleep 0.05; done
there() { nsenter -t $host -n "$@"; }
ip link add v0 type veth peer name v1 netns $host 2>/dev/null || skip 'no cable between two namespaces (veth)'
ip address add 10.7.0.1/24 broadcast + dev v0 && ip link set v0 up
there ip address add 10.7.0.2/24 broadcast + dev v1 && there ip link set v1 up && there ip link set lo up
six=
if ip address add fd07::1/64 dev v0 nodad 2>/dev/null && there ip address add fd07::2/64 dev v1 nodad; then six='multicast://[ff15::1234]:5557'; fi

urls="multicast://239.1.2.3:5555 $six broadcast://:5556"
"$TULLE" echo serve $urls --interface v0 >server 2>&1 &
servers="$servers $!"
nsenter -t $host -n "$TULLE" echo serve $urls --interface v1 >other 2>&1 &
servers="$servers $!"
await server broadcast && await other broadcast
result $? 'both hosts are members'

# Each group first hears nothing of its own host, and then, of a second message, with --loop: had the first one come, it would stand before.
say() { "$TULLE" echo call "$1" --interface v0 --count 1 --timeout 0s --message "$2" $3 >log 2>&1; }
for url in multicast://239.1.2.3:5555 $six; do
	say $url "quiet $url" '' && await other "quiet .*${url##*:}"
	result $? "$url: the other host hears"
	say $url "aloud $url" --loop && await other "aloud .*${url##*:}"
	result $? 'with --loop, too'
	await server "aloud .*${url##*:} #1"
	result $? 'and then so does this one'
	! grep -q "quiet .*${url##*:}" server
	result $? 'but not without'
done
say broadcast://:5556 everybody '' && await other 'to 255.255.255.255:5556: everybody #1'
result $? 'what is said to everybody, the other host hears'
say broadcast://10.7.0.255:5556 'all of 10.7.0' '' && await other 'to 10.7.0.255:5556: all of 10.7.0 #1'
result $? 'and to all of a network'

# A sender that stands at the very port it speaks to.
if echo '40000 40000' 2>/dev/null >/proc/sys/net/ipv4/ip_local_port_range; then
	wants 'a sender to everybody does not hear itself' 0 '2 sent, 0 answered' \
		"$TULLE" echo call broadcast://10.7.0.255:40000 --interface v0 --count 2 --every 50ms --timeout 300ms
	wants 'but with --loop it does' 0 '2 sent, 2 answered' \
		"$TULLE" echo call broadcast://10.7.0.255:40000 --interface v0 --count 2 --every 50ms --timeout 300ms --loop
	grep -q "^10.7.0.1:40000 ACK with: 'Hello World! #2'" log
	result $? 'and says that it was itself'
fi
wants '--loop is of groups' 64 'loop wants a multicast or broadcast URL' "$TULLE" echo call udp://10.7.0.2:7 --loop

# The cable is pulled and put in again: membership stays.
ip link set v0 down
ip link set v0 up
[ -z "$six" ] || ip address add fd07::1/64 dev v0 nodad 2>/dev/null
i=0
until grep -q 'again #1' server || [ $i -gt 100 ]; do
	nsenter -t $host -n "$TULLE" echo call multicast://239.1.2.3:5555 --interface v1 --count 1 --timeout 0s --message again >log 2>&1
	i=$((i + 1))
	sleep 0.05
done
[ $i -le 100 ]
result $? 'after the interface was down and up again, the group is heard'
kill $servers
wait
servers=''
echo "1..$n"
