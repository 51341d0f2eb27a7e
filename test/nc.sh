#!/bin/sh
# SPDX-License-Identifier: ISC
# nc on this host's sockets, against Debian's nc (netcat-openbsd) in both roles, openssl, and proxies (nc_proxy.py).
set -u
SOURCE=${SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
. "$(dirname "$0")/ground.sh"
ours="$TULLE nc"
theirs=nc.openbsd
same() { # WHAT FILE FILE...: each two are alike
	what=$1 status=0
	shift
	while [ $# -gt 0 ]; do cmp "$1" "$2" >log 2>&1 || status=1; shift 2; done
	result $status "$what"
}
exits() { # WHAT STATUS INPUT COMMAND...: in a pipe
	what=$1 status=$2 input=$3
	shift 3
	printf "$input" | timeout 20 "$@" >out 2>log
	[ $? = "$status" ]
	result $? "$what: $status"
}
bound() { # PORT: a datagram socket is there
	i=0
	until ss -Hlun "sport = :$1" | grep -q .; do
		i=$((i + 1))
		[ $i -gt 200 ] && return 1
		sleep 0.05
	done
}

# --- words ---
wants 'help is a screen' 0 'half-close' "$TULLE" help nc
"$TULLE" help nc | awk 'length > 80 { exit 1 } END { exit NR > 24 }'
result $? 'of 24 lines of 80'
wants 'nothing said' 64 'where to' $ours
wants 'no port' 64 'which port' $ours 127.0.0.1
wants 'what this net cannot do is said: -U' 64 'no part of the Internet' $ours -U /tmp/x 1
wants 'and -D in a bunch' 64 'kernel.s trace' $ours -vD 127.0.0.1 1
wants 'and -T' 64 'type of service' $ours -T ef 127.0.0.1 1
wants 'an unknown one' 64 'no option -y' $ours -y 127.0.0.1 1
wants 'a time that is none' 64 'takes a time' $ours -w soon 127.0.0.1 1
wants 'a port that is none' 64 'a port is' $ours 127.0.0.1 70000
wants 'a range the wrong way' 64 'a port is' $ours -z 127.0.0.1 25-20

# --- exit statuses ---
exits 'refused' 1 '' $ours 127.0.0.1 1
grep -q 'refused' log
result $? 'and said'
exits 'a name that is none' 4 '' $ours -n nobody.example 80
exits 'nobody on the way' 2 '' $ours -w 5 192.0.2.1 80
exits 'TLS to who speaks none' 64 '' $ours --tls -u 127.0.0.1 80
$theirs -l 127.0.0.1 9500 >/dev/null </dev/null & servers=$!
await_port 9500
exits 'talked' 0 'hello\n' $ours -N 127.0.0.1 9500
exits 'nobody reads datagrams' 1 'x\n' $ours -u -w 5 127.0.0.1 9501

# --- either is the server, either the client: many bytes both ways, through pipes ---
head -c 30000000 /dev/urandom >one
head -c 30000001 /dev/urandom >two
both_ways() { # WHAT SERVER CLIENT PORT
	what=$1 port=$4
	cat one | timeout 60 $2 -l -N 127.0.0.1 $port | cat >got_two &
	job=$!
	await_port $port
	cat two | timeout 60 $3 -N 127.0.0.1 $port | cat >got_one
	wait $job
	same "$what" one got_one two got_two
}
both_ways '30 MB each way, ours and ours' "$ours" "$ours" 9510
both_ways 'ours serves theirs' "$ours" "$theirs" 9511
for way in one two; do # not both at once: when its client has finished, theirs does not wait for its own input
	input=/dev/null client='-d'
	[ $way = one ] && input=one || client='-N'
	timeout 60 $theirs -l -N 127.0.0.1 9512 <$input >got_two & job=$!
	await_port 9512
	timeout 60 $ours $client 127.0.0.1 9512 <two >got_one
	wait $job
	[ $way = one ] && same 'theirs sends to ours' one got_one || same 'ours sends to theirs' two got_two
done

# --- half-close: who has said all still hears all, on either side ---
half() { # WHAT SERVER CLIENT PORT
	(sleep 0.5; cat one) | timeout 30 $2 -l -N 127.0.0.1 $4 >got_two &
	job=$!
	await_port $4
	printf 'over\n' | timeout 30 $3 -N 127.0.0.1 $4 >got_one
	wait $job
	printf 'over\n' >over
	same "$1" one got_one over got_two
}
half 'the client says little, the server much and late' "$ours" "$ours" 9520
half 'the same when theirs is the client' "$ours" "$theirs" 9522
timeout 20 $theirs -l 127.0.0.1 9523 >/dev/null </dev/null & job=$!
await_port 9523
exits 'a server that says nothing: -q leaves' 0 'x\n' $ours -q 0 127.0.0.1 9523
wait $job
(timeout 20 $ours -l -d 127.0.0.1 9524 >got_two; echo $? >status) & job=$!
await_port 9524
cat two | timeout 20 $ours -q 0 127.0.0.1 9524
wait $job
same 'with -q 0 nothing is lost either' two got_two

# --- a circle of pipes, where one that waits for its output would hang ---
mkfifo back
"$TULLE" echo serve tcp://127.0.0.1:9531 >/dev/null 2>&1 </dev/null & servers="$servers $!"
await_port 9531
$ours -l -N 127.0.0.1 9530 <back | $ours -N 127.0.0.1 9531 >back & job=$! # no timeout(1): it would hold the pipes open
await_port 9530
cat one | timeout 30 $theirs -N 127.0.0.1 9530 >got_one
status=$?
same 'a relay of two in a circle, to an echo' one got_one
[ $status = 0 ] && wait $job
result $? 'and the end of one side goes all the way round'

# --- who reads us may leave ---
yes | timeout 20 $theirs -l 127.0.0.1 9533 >/dev/null 2>&1 & job=$!
await_port 9533
from=$(date +%s)
timeout 10 $ours -w 2 127.0.0.1 9533 </dev/null 2>log | head -1 >out
[ "$(cat out)" = y ] && [ $(($(date +%s) - from)) -lt 8 ]
result $? 'a reader that goes away: so do we'
kill $job 2>/dev/null; wait $job
printf 'x' | timeout 20 $theirs -l -N 127.0.0.1 9534 >/dev/null & job=$!
await_port 9534
timeout 10 sh -c "$ours -N 127.0.0.1 9534 </dev/null >/dev/full" 2>log
[ $? = 1 ] && grep -q 'No space left' log
result $? 'a full disk is an error'
wait $job

# --- datagrams ---
"$TULLE" echo serve udp://127.0.0.1:8083 >/dev/null 2>&1 </dev/null & servers="$servers $!"
bound 8083
echo 'Hello world' | timeout 20 $ours -u 127.0.0.1 8083 -w 1 >out 2>log
[ $? = 0 ] && [ "$(cat out)" = 'Hello world' ]
result $? 'a datagram, its answer, and away after -w'
echo 'Hello world' | timeout 20 $ours --json -u 127.0.0.1 8083 -w 300ms >out 2>log
grep -q '"event": "sent", "peer": "127.0.0.1:8083", "bytes": 12, "text": "Hello world\\n"' out && grep -q '"event": "received"' out
result $? 'it has 12 bytes'
timeout 20 $theirs -u -l -W 1 127.0.0.1 8084 >got </dev/null & job=$!
bound 8084
echo 'question' | timeout 20 $ours -u -w 1 127.0.0.1 8084 >out 2>log
kill $job 2>/dev/null
[ "$(cat got)" = question ]
result $? 'theirs hears ours'
(sleep 1; echo answer; sleep 2) | timeout 20 $ours -u -l -w 2 127.0.0.1 8085 >got 2>log & job=$!
bound 8085
echo 'question' | timeout 20 $theirs -u -w 2 127.0.0.1 8085 >out
wait $job
[ "$(cat got)" = question ] && [ "$(cat out)" = answer ]
result $? 'ours hears and answers theirs'
(sleep 1; echo to all; sleep 2) | $ours -u -l -k -v -W 2 127.0.0.1 8086 >got 2>log & job=$!
bound 8086
(echo a; sleep 2) | timeout 20 $theirs -u -w 1 127.0.0.1 8086 >a & one=$!
(echo b; sleep 2) | timeout 20 $ours -u -w 1 127.0.0.1 8086 >b & two=$!
wait $one $two; kill $job 2>/dev/null
grep -q '^a$' got && grep -q '^b$' got && [ $(grep -c 'Connection received' log) = 2 ]
result $? 'two peers are heard with -k'

# --- a group ---
(timeout 20 $ours -u -l -W 1 239.1.2.3%1 5555 >got 2>log) & job=$!
bound 5555
echo group | timeout 10 $ours -u --loop -w 300ms 239.1.2.3%1 5555 >out 2>>log
wait $job
[ "$(cat got)" = group ]
result $? 'a member of a group hears what is sent to it'

# --- ports ---
timeout 60 $theirs -lk 127.0.0.1 9540 >/dev/null </dev/null & servers="$servers $!"
timeout 60 $theirs -lk 127.0.0.1 9542 >/dev/null </dev/null & servers="$servers $!"
await_port 9540 && await_port 9542
$theirs -zv -n 127.0.0.1 9539-9543 2>&1 | grep -o 'Connection to.*\|port [0-9]* (tcp)' | sort >want
timeout 20 $ours -zv -n 127.0.0.1 9539-9543 2>log >out
[ $? = 0 ] && grep -o 'Connection to.*\|port [0-9]* (tcp)' log | sort >found && cmp found want
result $? 'the same ports in the same words'
timeout 20 $ours -z -r --json 127.0.0.1 9539-9543 >out 2>log
[ $(grep -c '"open": true' out) = 2 ] && [ $(grep -c '"open": false, "why": "connection refused"' out) = 3 ]
result $? 'as JSON'
timeout 20 $ours -z 127.0.0.1 9539 >out 2>log
[ $? = 1 ] && [ ! -s log ]
result $? 'silent without -v'
timeout 20 $ours -zuv -n 127.0.0.1 8083 9543 >out 2>log
grep -q 'Connection to 127.0.0.1 8083 port \[udp/\*\] succeeded' log && grep -q '9543 (udp): connection refused' log
result $? 'and of UDP'

# --- -k, -C, -i, -t, -W, -4, -6, -s, -p ---
timeout 30 $ours -l -k -d 127.0.0.1 9550 >got & job=$!
await_port 9550
for i in 1 2 3; do echo $i | timeout 10 $theirs -N 127.0.0.1 9550; done
kill $job; wait $job
[ "$(tr '\n' , <got)" = 1,2,3, ]
result $? 'one after another'
timeout 20 $theirs -l 127.0.0.1 9551 >got </dev/null & job=$!
await_port 9551
printf 'a\nb\r\n\nc' | timeout 10 $ours -C -N 127.0.0.1 9551
wait $job
printf 'a\r\nb\r\n\r\nc' >want
same 'lines end in CR LF' got want
timeout 20 $theirs -l 127.0.0.1 9552 >got </dev/null & job=$!
await_port 9552
from=$(date +%s%N)
printf '1\n2\n3\n' | timeout 10 $ours -i 200ms -N 127.0.0.1 9552
[ $(($(date +%s%N) - from)) -ge 400000000 ] && wait $job && [ "$(tr '\n' , <got)" = 1,2,3, ]
result $? 'a line at a time'
printf 'a\377\375\001b\377\373\003\377\377c' | timeout 20 $theirs -l -N 127.0.0.1 9553 >got & job=$!
await_port 9553
timeout 10 $ours -t -N 127.0.0.1 9553 </dev/null >out 2>log
wait $job
[ "$(od -An -tx1 <out | tr -d ' \n')" = 6162ff63 ]
result $? 'what TELNET asks is not shown'
printf 'a\377\375\001b\377\373\003' | timeout 20 $theirs -l -N 127.0.0.1 9554 >got & job=$!
await_port 9554
sleep 3 | timeout 10 $ours -t 127.0.0.1 9554 >out 2>log
wait $job
[ "$(od -An -tx1 <got | tr -d ' \n')" = fffc01fffe03 ]
result $? 'but refused'
timeout 20 $ours -l -v -6 -d ::1 9555 >got 2>log & job=$!
await_port 9555
echo six | timeout 10 $theirs -6 -N ::1 9555
wait $job
[ "$(cat got)" = six ] && grep -q 'Listening on ::1 9555' log
result $? 'over IPv6'
timeout 20 $theirs -u -l -v -n -W 1 127.0.0.1 9556 >got 2>heard </dev/null & job=$!
bound 9556
echo x | timeout 10 $ours -u -s 127.0.0.1 -p 9557 -q 200ms 127.0.0.1 9556
wait $job
grep -q '127.0.0.1 9557' heard
result $? 'a datagram from our own port'
wants 'a port for TCP is refused, in words' 64 'for TCP this net' $ours -p 9558 127.0.0.1 9550
wants 'a port that is taken' 1 'already in use' $ours -l 127.0.0.1 9540
printf '0123456789abcdefXYZ\n' | timeout 20 $theirs -l -N 127.0.0.1 9559 >/dev/null & job=$!
await_port 9559
echo out | timeout 10 $ours --hex -N 127.0.0.1 9559 >out 2>log
wait $job
grep -q '^> [0-9:.]* to 127.0.0.1:9559, 4 bytes' out && grep -q '^< [0-9:.]* from 127.0.0.1:9559, 20 bytes' out &&
	grep -q '^00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|$' out && grep -q '^00000010  58 59 5a 0a' out
result $? 'hexadecimal, both ways'
timeout 20 $theirs -l 127.0.0.1 9560 >/dev/null </dev/null & job=$!
await_port 9560
from=$(date +%s%N)
sleep 5 | timeout 10 $ours -w 300ms 127.0.0.1 9560
[ $? = 0 ]
result $? 'nothing moves: away after -w'
wait $job

# --- TLS ---
"$TULLE" tls ca new >log && "$TULLE" tls cert issue localhost 127.0.0.1 --out good >>log &&
	"$TULLE" tls cert issue client.example --client --out client >>log
result $? 'certificates'
mkfifo slow
openssl s_server -quiet -accept 9570 -cert good.pem -key good.key -alpn tulle <slow >got_two 2>/dev/null & job=$!
(cat one; sleep 8) >slow & filler=$! # who has said all would not hear the rest
await_port 9570
SSLKEYLOGFILE=keys timeout 20 $ours --tls --ca ca.pem --alpn tulle -w 2 127.0.0.1 9570 <two >got_one 2>log
kill $job $filler 2>/dev/null; wait $job $filler
cmp two got_two && cmp one got_one && grep -q '^CLIENT_TRAFFIC_SECRET_0' keys
result $? 'to openssl, 30 MB each way, with a key log'
cat one | timeout 30 $ours --tls -l -N --cert good.pem --key good.key --ca ca.pem 127.0.0.1 9571 >got_two 2>log & job=$!
await_port 9571
cat two | timeout 30 $ours --tls -N --ca ca.pem --cert client.pem --key client.key --servername localhost 127.0.0.1 9571 >got_one 2>log
wait $job
same 'ours and ours, each with a certificate' one got_one two got_two
(timeout 20 $ours --tls -l -v --cert good.pem --key good.key 127.0.0.1 9572 </dev/null >out 2>server; echo $? >status) & job=$!
await_port 9572
exits 'a certificate that nobody should believe' 5 '' $ours --tls 127.0.0.1 9572
wait $job
[ "$(cat status)" = 5 ]
result $? 'the server says the same'
timeout 20 $ours --tls -l 127.0.0.1 9573 </dev/null >got 2>log & job=$!
await_port 9573
echo secret | timeout 20 openssl s_client -quiet -connect 127.0.0.1:9573 >/dev/null 2>&1 & client=$!
await got secret
result $? 'openssl to ours, with a certificate made on the spot'
[ "$(cat got)" = secret ] && grep -q 'made on the spot' log
result $? 'which is not told among the data'
kill $client $job 2>/dev/null; wait $client $job

# --- proxies ---
python3 "$SOURCE/test/nc_proxy.py" 9580 >proxy 2>&1 & servers="$servers $!"
await proxy ready
"$TULLE" echo serve tcp://127.0.0.1:9581 >/dev/null 2>&1 </dev/null & servers="$servers $!"
await_port 9581
through() { # WHAT OPTIONS...
	what=$1
	shift
	cat one | timeout 30 $ours -N -x 127.0.0.1:9580 "$@" 9581 >out 2>log
	same "$what" one out
}
through 'SOCKS 5' 127.0.0.1
through 'SOCKS 5, by name' localhost
grep -q 'to localhost 9581' proxy
result $? 'which the proxy looks up'
through 'SOCKS 5 with a password' -P me:secret 127.0.0.1
exits 'with a wrong one' 1 '' $ours -x 127.0.0.1:9580 -P me:no 127.0.0.1 9581
grep -q 'not the password' log
result $? 'and said'
through 'SOCKS 4' -X 4 127.0.0.1
through 'SOCKS 4A' -X 4 localhost
through 'CONNECT' -X connect 127.0.0.1
through 'CONNECT with a user' -X connect -P me:secret localhost
grep -q 'Proxy-Authorization: Basic bWU6c2VjcmV0' proxy
result $? 'in base64'
exits 'nobody behind SOCKS 5' 1 '' $ours -x 127.0.0.1:9580 127.0.0.1 9582
grep -q 'the proxy says: connection refused' log
result $? 'and said'
exits 'nobody behind CONNECT' 1 '' $ours -X connect -x 127.0.0.1:9580 127.0.0.1 9582
grep -q 'the proxy says: HTTP/1.1 502 Nobody there' log
result $? 'and said'
exits 'theirs agrees with this proxy' 1 '' $theirs -X 5 -x 127.0.0.1:9580 127.0.0.1 9582
echo "1..$n"
