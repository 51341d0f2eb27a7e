#!/bin/sh
# SPDX-License-Identifier: ISC
# Ports below 1024 without the privilege: every server says what to do, and what it says helps.
set -u
. "$(dirname "$0")/ground.sh"
if [ -z "${IN_NAMESPACE:-}" ] || ! setpriv --bounding-set=-net_bind_service true 2>/dev/null; then
	echo '1..0 # SKIP no network namespace, or no privilege to give up'
	exit 0
fi
without() { setpriv --bounding-set=-net_bind_service --inh-caps=-net_bind_service "$@"; }
mkdir www
printf '$TTL 3600\n@ SOA a b 1 2 3 4 5\n@ NS a\na A 127.0.0.1\n' >zone

refused() { # COMMAND...
	: >log
	without timeout 20 "$TULLE" "$@" >log 2>&1 </dev/null
	status=$?
	[ $status != 0 ] && [ $status != 124 ] && grep -q 'setcap cap_net_bind_service=+ep' log &&
		grep -q 'sysctl net.ipv4.ip_unprivileged_port_start=80' log
	result $? "refused, with the cure: $*"
}
refused echo serve tcp://127.0.0.1:7
refused echo serve udp://:7
refused echo serve tls://127.0.0.1:7
refused echo serve tcp://127.0.0.1:7 --cores 2
refused http serve www http://127.0.0.1:80
refused http serve www https://:443
refused tls server 127.0.0.1:443
refused dns serve --zone example=zone --listen 127.0.0.1
refused dns resolve --listen 127.0.0.1
refused nc -l 127.0.0.1 23
refused nc -lu 127.0.0.1 23
refused nc -l --tls 127.0.0.1 443
wants 'what is not the port, is told without' 1 'cannot assign the requested address' "$TULLE" echo serve tcp://192.0.2.1:80
! grep -q setcap log
result $? 'a cure that would not help'

serves() { # PORT: somebody answers there
	await server "Listening on tcp://127.0.0.1:$1" && "$TULLE" echo call tcp://127.0.0.1:"$1" --count 1 >log 2>&1
	good=$?
	kill $servers
	wait $servers
	servers=''
	return $good
}
: >server
# Without root's other powers it could not become somebody else either.
setpriv --bounding-set=-all,+net_bind_service "$TULLE" --no-sandbox echo serve tcp://127.0.0.1:7 >server 2>&1 &
servers=$!
serves 7
result $? 'the capability alone is enough'
if echo 80 2>/dev/null >/proc/sys/net/ipv4/ip_unprivileged_port_start; then
	setpriv --bounding-set=-net_bind_service --inh-caps=-net_bind_service "$TULLE" echo serve tcp://127.0.0.1:80 >server 2>&1 &
	servers=$!
	serves 80
	result $? 'or the sysctl'
	refused echo serve tcp://127.0.0.1:79
else
	result 0 'or the sysctl # SKIP it cannot be set here'
fi
echo "1..$n"
