#!/bin/sh
# SPDX-License-Identifier: ISC
# reliability: servers that are asked to end, that get other certificates, and whose clients do what clients should not; everything
# over this host's net as TULLE_NET has it.
set -u
# As root without a namespace of users, where it can be: so that there is somebody else whom root can become.
[ -z "${IN_NAMESPACE:-}" ] && unshare -n true 2>/dev/null && IN_NAMESPACE=1 exec unshare -n sh "$0"
. "$(dirname "$0")/ground.sh"
command -v openssl >/dev/null && command -v python3 >/dev/null || { echo '1..0 # SKIP no openssl or no python3'; exit 0; }
misuse() { timeout 60 python3 "$SOURCE/test/misuse.py" "$@" >log 2>&1; } # its exit status; its words are in log
ends() { # PID WHAT WORDS FILE: it ends with status 0 and has said so
	wait "$1"
	[ $? = 0 ] && grep -aq -- "$3" "$4"
	result $? "$2"
}

# --- asked to end ---
certificate() { # NUMBER: new.crt, new.key
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout new.key -out new.crt -subj "/CN=number $1" \
		-set_serial "$1" -days 30 -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
}
certificate 17
mv new.crt a.crt
mv new.key a.key
mkdir www
head -c 20000000 /dev/zero >www/large
echo hello >www/small
printf '%s\n' '$TTL 9' '@ SOA ns h 1 2 3 4 5' '@ NS ns' 'ns A 10.0.0.1' >zone

serve() { # NAME WORDS...: its output is in NAME, its number in $pid
	name=$1
	shift
	"$TULLE" "$@" >"$name" 2>&1 &
	pid=$!
	servers="$servers $pid"
}
for way in tcp:6666 tls:6443; do
	serve server echo serve ${way%:*}://127.0.0.1:${way#*:} udp://127.0.0.1:7777 --cert a.crt --key a.key
	await server Listening.*udp
	misuse drain-echo ${way%:*} ${way#*:} $pid
	result $? "echo serve ${way%:*}: asked to end it answers what has come, closes in order, and nobody new comes in"
	ends $pid 'and it ends with its summary' '3 connections' server
done
serve server echo serve tcp://127.0.0.1:6666
await server Listening
misuse drain-deaf 6666 $pid
result $? 'who never reads is waited for, but not for ever'
ends $pid 'and it is told' '1 clients did not read or leave' server
serve server echo serve tcp://127.0.0.1:6666
await server Listening
misuse second-signal 6666 $pid
result $? 'a second signal ends it at once'
wait $pid
[ $? = 143 ]
result $? 'with the status of one that a signal ended'
serve server http serve www http://127.0.0.1:8080
await server Serving
misuse drain-http 8080 $pid
result $? 'http serve: the response under way comes whole; who is idle is let go'
ends $pid 'and it ends with its summary' 'requests on 2 connections' server
serve server dns serve --zone example.com=zone --listen 127.0.0.1 --port 5300
await server records
misuse drain-dns 5300 $pid
result $? 'dns serve: questions that have come are answered'
ends $pid 'and it ends with its summary' '1 questions over UDP, 2 over TCP from 2 clients' server
serve server tls server 6443 --cert a.crt --key a.key --echo
await server Listening
misuse drain-tls 6443 $pid
result $? 'tls server says close_notify and waits for the other'
ends $pid 'and it ends with its summary' '1 TLS handshakes' server
serve server nc -l -k 127.0.0.1 7070
await_port 7070
misuse drain-nc 7070 $pid
result $? 'nc -lk gives its end, and hears its client out'
ends $pid 'which is put out' 'last words' server
servers=''

# --- other certificates ---
serial() { # PORT: of the certificate that is shown there
	timeout 20 openssl s_client -connect 127.0.0.1:"$1" </dev/null 2>/dev/null | openssl x509 -noout -serial | sed 's/serial=//'
}
renew() { # NUMBER: as certbot does: new files are renamed over the old ones
	certificate "$1"
	chmod 600 new.key
	mv new.key live.key
	mv new.crt live.crt
}
renew 17
serve server echo serve tls://127.0.0.1:6443 --cert live.crt --key live.key
await server Listening
[ "$(serial 6443)" = 11 ]
result $? 'a server shows its certificate'
mkfifo in
openssl s_client -quiet -connect 127.0.0.1:6443 <in >old 2>&1 &
client=$!
exec 3>in
echo before >&3
await old before
timeout 60 python3 "$SOURCE/test/misuse.py" ticket 6443 >ticket 2>&1 &
ticket=$!
await ticket kept
renew 35
kill -HUP $pid
await server 'was read again'
[ "$(serial 6443)" = 23 ]
result $? 'after SIGHUP it shows the one that has that name now, though root alone may read the key'
echo after >&3
await old after
result $? 'a connection from before lives on'
exec 3>&-
kill $client
touch go
wait $ticket
result $? 'and a ticket from before is still good'
echo rubbish >live.crt
kill -HUP $pid
await server 'stays in use'
grep -q '^echo serve: live.crt: ' server && [ "$(serial 6443)" = 23 ]
result $? 'a broken file is told, and the one from before stays'
renew 35
certificate 36
mv new.crt live.crt
: >server
kill -HUP $pid
await server 'stays in use'
grep -q 'this key is not that of the first certificate' server && [ "$(serial 6443)" = 23 ]
result $? 'so is a key that does not fit'
rm live.key
: >server
kill -HUP $pid
await server 'stays in use'
grep -q 'live.key: there is no such file' server
result $? 'and one that is not there'
for number in 37 38 39; do
	renew $number
	: >server
	kill -HUP $pid
	await server 'was read again'
done
[ "$(serial 6443)" = 27 ]
result $? 'it can be done again and again'
if [ "$(id -u)" = 0 ]; then
	keeper=$(pgrep -P $pid)
	grep -q '^CapEff:.*0000000000000004' /proc/$keeper/status && grep -q '^Seccomp:.*2' /proc/$keeper/status &&
		[ "$(ls /proc/$keeper/fd)" = 0 ]
	result $? 'who reads them may do nothing but read, and holds nothing else open'
	kill -9 "$keeper"
	renew 40
	: >server
	kill -HUP $pid
	await server 'read again\|stays in use' && [ -n "$(serial 6443)" ]
	result $? 'without it the server goes on'
fi
kill $pid
ends $pid 'and it ends well' 'TLS handshakes' server
renew 17
again() { # WHAT PORT READY WORDS...
	what=$1 port=$2 ready=$3
	shift 3
	renew 17
	serve server "$@" --cert live.crt --key live.key
	if [ -n "$ready" ]; then await server "$ready"; else await_port $port; fi
	before=$(serial $port)
	renew 18
	kill -HUP $pid
	await server 'was read again'
	[ "$before-$(serial $port)" = 11-12 ]
	result $? "$what, too"
	kill $pid
	wait $pid
}
renew 17
serve server echo serve tls://127.0.0.1:6443 --cert live.crt --key live.key --cores 2
await server Listening && [ "$(serial 6443)" = 11 ]
renew 18
kill -HUP $pid
read_again() { [ "$(grep -c 'was read again' server)" = 2 ]; }
i=0
until read_again || [ $i -gt 200 ]; do i=$((i + 1)); sleep 0.05; done
read_again && for k in 1 2 3 4 5 6 7 8; do serial 6443; done | grep -c 12 | grep -qx 8
result $? 'every core does it'
kill $pid
ends $pid 'and they end together' 'All cores together' server
again 'http serve' 8443 Serving http serve www https://127.0.0.1:8443
again 'tls server' 6444 Listening tls server 6444
again 'nc -l --tls' 6445 '' nc -l -k --tls 127.0.0.1 6445
serve server echo serve tcp://127.0.0.1:6666
await server Listening
kill -HUP $pid
wait $pid 2>/dev/null
[ $? = 129 ]
result $? 'a server without certificates is ended by SIGHUP, as any program'
echo "1..$n"
