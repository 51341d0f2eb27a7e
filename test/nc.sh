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

yes 'a line of words' | head -300000 >words
mkfifo hold
exec 9<>hold # an input that stays open and says nothing: <&9
open_input() { # NAME: a pipe that stays open; what is said to it goes as it is said
	rm -f "$1"
	mkfifo "$1"
	exec 8<>"$1"
}

# --- words ---
wants 'help is a screen' 0 'half-close' "$TULLE" help nc
"$TULLE" help nc | awk 'length > 80 { bad = 1 } END { exit bad || NR > 24 }'
result $? 'of 24 lines of 80'
wants 'and -h is the same' 0 'half-close' $ours -h
wants 'nothing said' 64 'where to' $ours
wants 'no port' 64 'which port' $ours 127.0.0.1
wants '-U takes no port' 64 'no port' $ours -U /tmp/x 1
wants 'and -V in a bunch' 64 'routing tables' $ours -vV 1 127.0.0.1 1
wants 'a type of service that is none' 64 '-T takes critical' $ours -T urgent 127.0.0.1 1
wants 'one that is too large' 64 '-T takes critical' $ours -T 0x100 127.0.0.1 1
wants 'MD5 without a key' 64 '--md5-key FILE' $ours -S 127.0.0.1 1
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
	printf 'over\n' >over
	: >got_two
	(await got_two over; cat one) | timeout 30 $2 -l -N 127.0.0.1 $4 >got_two &
	job=$!
	await_port $4
	timeout 30 $3 -N 127.0.0.1 $4 <over >got_one
	wait $job
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
timeout 20 $ours 127.0.0.1 9533 </dev/null 2>log | head -1 >out
[ "$(cat out)" = y ] && [ $(($(date +%s) - from)) -lt 18 ]
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
echo 'Hello world' | timeout 20 $ours -u 127.0.0.1 8083 -w 500ms >out 2>log
[ $? = 0 ] && [ "$(cat out)" = 'Hello world' ]
result $? 'a datagram, its answer, and away after -w'
echo 'Hello world' | timeout 20 $ours --json -u 127.0.0.1 8083 -w 300ms >out 2>log
grep -q '"event": "sent", "peer": "127.0.0.1:8083", "bytes": 12, "text": "Hello world\\n"' out && grep -q '"event": "received"' out
result $? 'it has 12 bytes'
timeout 20 $theirs -u -l -W 1 127.0.0.1 8084 >got </dev/null & job=$!
bound 8084
echo 'question' | timeout 20 $ours -u -w 100ms 127.0.0.1 8084 >out 2>log
wait $job
[ "$(cat got)" = question ]
result $? 'theirs hears ours'
open_input answers
$ours -u -l 127.0.0.1 8085 <answers >got 2>log & job=$!
bound 8085
echo question >said
$theirs -u 127.0.0.1 8085 <said >out & asker=$!
await got question && echo answer >&8 && await out answer
result $? 'ours hears theirs and is heard'
kill $job $asker; wait $job $asker 2>/dev/null
[ "$(cat got)" = question ] && [ "$(cat out)" = answer ]
result $? 'ours hears and answers theirs'
open_input answers
$ours -u -l -k -v 127.0.0.1 8086 <answers >got 2>log & job=$!
bound 8086
echo a | $theirs -u 127.0.0.1 8086 >a & one=$!
echo b | $ours -u 127.0.0.1 8086 >b & two=$!
await got '^a$' && await got '^b$' && [ $(grep -c 'Connection received' log) = 2 ]
result $? 'two peers are heard with -k'
echo to all >&8
await a 'to all' && await b 'to all'
result $? 'and what is typed goes to both'
kill $one $two $job 2>/dev/null; wait $one $two $job 2>/dev/null

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
timeout 20 $ours -zuv -w 300ms -n 127.0.0.1 8083 9543 >out 2>log
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
timeout 10 $ours -t -w 1 127.0.0.1 9554 <&9 >out 2>log
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
timeout 10 $ours -w 300ms 127.0.0.1 9560 <&9
[ $? = 0 ]
result $? 'nothing moves: away after -w'
wait $job

# --- sockets in the file system ---
await_socket() { # NAME: it stands in the kernel's list
	i=0
	until grep -q " $1\$" /proc/net/unix; do
		i=$((i + 1))
		[ $i -gt 200 ] && return 1
		sleep 0.05
	done
}
local_ways() { # WHAT SERVER CLIENT NAME
	what=$1
	cat one | timeout 60 $2 -N -l -U $4 | cat >got_two & job=$!
	await_socket $4
	cat two | timeout 60 $3 -N -U $4 | cat >got_one
	wait $job
	same "$what" one got_one two got_two
}
local_ways '-U: 30 MB each way, ours and ours' "$ours" "$ours" s1
[ ! -e s1 ]
result $? 'the socket is gone with its listener'
local_ways 'ours serves theirs' "$ours" "$theirs" s2
printf 'over\n' >over
timeout 20 $theirs -N -lU s3 <over >got_two & job=$!
await_socket s3
timeout 20 $ours -d -U s3 >out
wait $job
same 'theirs serves ours' over out
local_ways 'a name without a file' "$ours" "$ours" @tulle
wants 'the socket that theirs left is nobody'\''s' 1 'nobody has this socket' $ours -U s3
timeout 20 $ours -lkU s3 -d >got 2>log & job=$!
i=0; until $theirs -zU s3 2>/dev/null || [ $i -gt 100 ]; do i=$((i + 1)); sleep 0.05; done
wants 'one that somebody has is not taken over' 1 'this name is taken' $ours -lU s3
for i in 1 2; do echo $i | timeout 10 $theirs -N -U s3; done
echo 3 | timeout 10 $ours -N -U s3
await got '^3'
[ "$(tr '\n' , <got)" = 1,2,3, ]
result $? 'but one that was left is; one after another'
kill $job; wait $job
wants 'no such socket' 1 'there is no such socket' $ours -U nowhere
wants 'a file that is no socket' 1 'no socket' $ours -U one
wants 'nor is it taken for one' 1 'this name is taken' $ours -lU one
wants 'nor do addresses go with it' 64 'no addresses' $ours -4 -U s3
: >got
$theirs -luU s4 <&9 >got & job=$!
await_socket s4
echo question >said
$ours -uU s4 <said >out 2>log & asker=$! # theirs wants somebody there whom it could answer
await got question
result $? 'datagrams to theirs'
kill $asker $job; wait $asker $job 2>/dev/null
open_input answers
$ours -luU s5 -v <answers >got 2>log & job=$!
await_socket s5
echo question >said
$theirs -uU s5 <said >out & asker=$!
await got question && echo answer >&8 && await out answer
result $? 'datagrams from theirs, and our answer'
kill $asker $job; wait $asker $job 2>/dev/null
grep -q 'Connection received on s5' log
result $? 'in the same words'
$ours -luU s6 <&9 >got_two & job=$!
await_socket s6
timeout 30 $ours -uU -q 0 s6 <two
i=0; until cmp -s two got_two || [ $i -gt 200 ]; do i=$((i + 1)); sleep 0.05; done
kill $job; wait $job
same '30 MB of datagrams: the kernel holds the sender back, and none is lost' two got_two

# --- the connection goes to another program ---
"$TULLE" echo serve tcp://127.0.0.1:9590 >/dev/null 2>&1 </dev/null & servers="$servers $!"
await_port 9590
for nc in "$ours" "$theirs"; do
	timeout 20 python3 "$SOURCE/test/nc_peer.py" passed 'handed on
' $nc -F 127.0.0.1 9590 >out 2>log
	[ "$(cat out)" = "descriptors 1 status 0
handed on" ]
	result $? "-F: a descriptor arrives, and works (${nc##*/})"
done
exits 'not through a pipe' 1 '' sh -c "$ours -F 127.0.0.1 9590 | cat; exit 1"
timeout 20 sh -c "$ours -F 127.0.0.1 9590 >/dev/null" 2>log
[ $? = 1 ] && grep -q 'no socket that a connection' log
result $? 'and said'
wants 'not of what listens' 64 'hands on a TCP connection' $ours -F -l 9591

# --- how sockets are to be: both programs are asked for the same, and the packets are looked at ---
"$TULLE" dump -i lo -n -v -l 'tcp portrange 9600-9699 or udp portrange 9600-9699' >>packets 2>dumped & dumper=$!; servers="$servers $dumper"
await dumped listening
sent_so() { # PORT: tos and ttl of what went to that port
	awk -v port="$1" '/^[0-9:.]+ IP6? / { h = $0 } { if (index($0, "." port ": ") && match(h, /tos 0x[0-9a-f]+/)) {
		tos = substr(h, RSTART, RLENGTH); match(h, /ttl [0-9]+/); print tos, substr(h, RSTART, RLENGTH) } }' packets | sort -u
}
timeout 60 $theirs -lk 127.0.0.1 9600 >/dev/null </dev/null & servers="$servers $!"
timeout 60 $theirs -lk 127.0.0.1 9601 >/dev/null </dev/null & servers="$servers $!"
await_port 9600 && await_port 9601
for keyword in ef af11 af43 cs0 cs6 critical inetcontrol netcontrol lowdelay throughput reliability lowcost 0x48 72; do
	: >packets
	echo x | timeout 10 $ours -T $keyword -M 33 -N 127.0.0.1 9600 2>log
	echo x | timeout 10 $theirs -T $keyword -M 33 -N 127.0.0.1 9601
	await packets '\.9600: Flags \[F' && await packets '\.9601: Flags \[F'
	sent_so 9600 >ours.so; sent_so 9601 >theirs.so
	cmp ours.so theirs.so >>log && grep -q "ttl 33" ours.so && [ $(wc -l <ours.so) = 1 ] || { echo $keyword; cat ours.so theirs.so; } >>different
done
[ ! -e different ] || cp different log
[ ! -e different ]
result $? '-T and -M of TCP: from the first packet on as theirs'
: >packets
for nc in "$ours" "$theirs"; do
	port=$((port == 9610 ? 9611 : 9610))
	echo x | timeout 10 $nc -u -T af21 -M 7 -q 0 127.0.0.1 $port >out 2>&1
	await packets "\.$port: "
done
sent_so 9610 >ours.so; sent_so 9611 >theirs.so
cp ours.so log
cmp ours.so theirs.so && [ "$(cat ours.so)" = 'tos 0x48 ttl 7' ]
result $? 'and of UDP'
kill $dumper
timeout 20 $ours -l -d -M 9 127.0.0.1 9620 >got & job=$!
await_port 9620
exits 'who comes from too far is not heard' 3 'x\n' $ours -m 200 -w 500ms 127.0.0.1 9620
exits 'who comes from near enough is' 0 'x\n' $ours -m 9 -N 127.0.0.1 9620
wait $job
buffers() { ss -Htnm "dport = :$1" | grep -o 'rb[0-9]*,t[0-9]*,tb[0-9]*' | sed 's/,t[0-9]*,/ /'; }
$theirs -lk 127.0.0.1 9621 >got </dev/null & servers="$servers $!"
await_port 9621
$theirs -I 40000 -O 50000 127.0.0.1 9621 <&9 & one=$!
echo x | $ours -I 40000 -O 50000 127.0.0.1 9600 & two=$!
i=0
until [ -n "$(buffers 9600)" ] && [ -n "$(buffers 9621)" ] || [ $i -gt 200 ]; do i=$((i + 1)); sleep 0.05; done
buffers 9600 >log; buffers 9621 >>log
[ "$(buffers 9600)" = "$(buffers 9621)" ] && [ -n "$(buffers 9600)" ]
result $? '-I and -O: buffers as large as theirs'
kill $one $two; wait $one $two 2>/dev/null
timeout 20 $theirs -l -v -n 127.0.0.1 9630 >got 2>heard </dev/null & job=$!
await_port 9630
exits 'an address and a port of our own' 0 'x\n' $ours -s 127.0.0.2 -p 9631 -N 127.0.0.1 9630
wait $job
grep -q 'received on 127.0.0.2 9631' heard
result $? 'which the peer sees'
exits 'an address that is not ours' 1 '' $ours -s 192.0.2.7 127.0.0.1 9600
grep -q 'cannot assign' log
result $? 'and said'
exits 'a port that another has' 1 '' $ours -p 9600 127.0.0.1 9601
grep -q 'already in use' log
result $? 'and said'
exits 'an address of the other family' 4 '' $ours -s ::1 127.0.0.1 9600
$theirs -D 127.0.0.1 9600 </dev/null >/dev/null 2>want
status=$?
if timeout 5 $theirs -D -z 127.0.0.1 9600 2>want; then wants '-D: as theirs' 0 '' $ours -D -z 127.0.0.1 9600
else wants '-D: as theirs, not without root' 1 'not\|permission denied.*-D, which wants root' $ours -v -D -z 127.0.0.1 9600; fi
printf 'a secret\n' >md5
python3 "$SOURCE/test/nc_peer.py" signed 9640 'a secret' 2>log & job=$!
if await_port 9640; then
	exits 'a signed connection (RFC 2385)' 0 'signed\n' $ours -S --md5-key md5 -N 127.0.0.1 9640
	[ "$(cat out)" = signed ]
	result $? 'with what it brings'
	wait $job
	$ours -lk -S --md5-key md5 9641 >got 2>log & job=$!
	await_port 9641
	printf 'from theirs\n' | timeout 20 python3 "$SOURCE/test/nc_peer.py" types 'a secret' $theirs -v -S -N 127.0.0.1 9641 >out 2>&1
	await got 'from theirs'
	result $? 'theirs to ours, signed'
	exits 'nobody hears who does not sign' 3 'x\n' $ours -w 500ms 127.0.0.1 9641
	printf 'another\n' >md5
	exits 'nor who signs with another key' 3 'x\n' $ours -S --md5-key md5 -w 500ms 127.0.0.1 9641
	kill $job; wait $job
else
	wait $job
	wants 'this kernel signs nothing, and that is said' 1 'not supported here.*-S' $ours -S --md5-key md5 127.0.0.1 9600
fi

# --- TLS ---
"$TULLE" tls ca new >log && "$TULLE" tls cert issue localhost 127.0.0.1 --out good >>log &&
	"$TULLE" tls cert issue client.example --client --out client >>log
result $? 'certificates'
open_input slow # who has said all would not hear the rest
openssl s_server -quiet -accept 9570 -cert good.pem -key good.key -alpn tulle <slow >got_two 2>/dev/null & job=$!
cat one >slow & filler=$!
await_port 9570
SSLKEYLOGFILE=keys timeout 20 $ours --tls --ca ca.pem --alpn tulle -w 1 127.0.0.1 9570 <two >got_one 2>log
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
	timeout 30 $ours -N -x 127.0.0.1:9580 "$@" 9581 <words >out 2>log
	same "$what" words out
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
"$TULLE" echo serve --cert good.pem --key good.key tls://127.0.0.1:9583 >/dev/null 2>&1 </dev/null & servers="$servers $!"
await_port 9583
for kind in 5 4 connect; do
	timeout 30 $ours -N -x 127.0.0.1:9580 -X $kind --tls --ca ca.pem localhost 9583 <words >out 2>log
	same "TLS with a host behind a proxy ($kind)" words out
done
exits 'whose certificate is not believed' 5 'x\n' $ours -x 127.0.0.1:9580 --tls localhost 9583
printf 'no TLS\n' | timeout 20 $theirs -l 127.0.0.1 9584 >/dev/null & job=$!
await_port 9584
exits 'and one that speaks no TLS' 5 'x\n' $ours -x 127.0.0.1:9580 --tls --ca ca.pem localhost 9584
kill $job 2>/dev/null; wait $job
printf 'I speak first\n' | timeout 20 $theirs -l 127.0.0.1 9585 >got & job=$!
await_port 9585
timeout 20 python3 "$SOURCE/test/nc_peer.py" passed 'and I hear it
' $ours -F -x 127.0.0.1:9580 127.0.0.1 9585 >out 2>log
grep -q 'descriptors 1 status 0' out && grep -q 'I speak first' out && await got 'and I hear it'
result $? '-F behind a proxy: of what the host says first not a byte is missing'
kill $job 2>/dev/null; wait $job
exits 'theirs agrees with this proxy' 1 '' $theirs -X 5 -x 127.0.0.1:9580 127.0.0.1 9582
echo "1..$n"
