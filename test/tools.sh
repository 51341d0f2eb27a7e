#!/bin/sh
# SPDX-License-Identifier: ISC
# echo and http on this host's sockets, against the real curl and nc (netcat-openbsd).
set -u
. "$(dirname "$0")/ground.sh"
code() { # WHAT CODE CURL-ARGS...
	what=$1 code=$2
	shift 2
	curl -s -m 10 -o body -D log -w '%{http_code}' "$@" >got
	[ "$(cat got)" = "$code" ]
	result $? "$what: $code"
}
raw() { # WHAT STATUS-LINE REQUEST: as printf writes it; in this shell, which counts the results
	printf "$3" | timeout 10 nc -N 127.0.0.1 8080 >log
	head -1 log | grep -q "$2"
	result $? "$1: $2"
}

# --- the command line ---
wants 'help is a screen of all commands' 0 'echo' "$TULLE" --help
for part in '' dig dns dump echo http lab nslookup stack tls 'tls ca'; do
	"$TULLE" help $part >log 2>&1 && [ "$(wc -l <log)" -le 23 ] && ! grep -q '.\{80\}' log
	result $? "which a screen of 80 by 24 holds: $part"
done
wants 'and one a tool' 0 'close-after' "$TULLE" help echo
wants 'the version' 0 '^tulle [0-9]' "$TULLE" --version
wants 'nothing at all is wrong usage' 64 'usage' "$TULLE"
wants 'a misspelt tool' 64 'did you mean echo' "$TULLE" ecoh
wants 'a misspelt half of one' 64 'did you mean serve?' "$TULLE" echo serv tcp://:1
for tool in echo nc telnet nslookup dig sockets http dns tls dump lab stack; do "$TULLE" $tool --help; done >log
grep -q '^usage: tulle stack' log && ! grep -q '.\{81\}' log
result $? 'the help of each tool fits 80 columns'
wants 'a misspelt option' 64 'did you mean --count' "$TULLE" echo call tcp://127.0.0.1:1 --cout 3
wants 'a value that is none' 64 '--every takes a time' "$TULLE" echo call tcp://127.0.0.1:1 --every soon
wants 'a URL that is none' 64 'port is missing' "$TULLE" echo serve tcp://127.0.0.1
wants 'the same behind what it does' 0 'close-after' "$TULLE" echo serve tcp://:1 --help
wants 'a screen on a full disk is an error' 1 'No space left' sh -c '"$0" help echo >/dev/full' "$TULLE"
wants 'and the version' 1 'No space left' sh -c '"$0" --version >/dev/full' "$TULLE"
wants 'and the interfaces' 1 'No space left' sh -c '"$0" dump -D >/dev/full' "$TULLE"
wants 'a full disk is an error' 1 'No space left' sh -c 'exec "$0" echo call udp://127.0.0.1:9 --count 1 --timeout 1s >/dev/full' "$TULLE"
"$TULLE" echo call udp://127.0.0.1:9 --every 10ms 2>/dev/null | head -1 >log
grep -q Send log
result $? 'a reader that goes away ends it quietly'

# --- echo ---
"$TULLE" echo serve tcp://:6666 udp://:7777 >serve 2>&1 &
servers=$!
await serve udp
result $? 'an echo server listens'
grep -q '^Seccomp:.*2' /proc/$servers/status && grep -q '^NoNewPrivs:.*1' /proc/$servers/status &&
	grep -q '^CapEff:.*0000000000000000' /proc/$servers/status
result $? 'locked in: a list of system calls, no new privileges, no capabilities'
if [ "${TULLE_NET:-epoll}" = epoll ] || [ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null)" = 0 ]; then
	[ "${TULLE_NET:-epoll}" = epoll ] && kind=eventpoll || kind=io_uring
	ls -l /proc/$servers/fd >log && grep -q "anon_inode:\[$kind\]" log
	result $? "waits by ${TULLE_NET:-epoll}"
fi
wants 'a way to wait that there is not' 64 'epoll or uring' env TULLE_NET=poll "$TULLE" echo serve tcp://:6666
echo 'Hello World!' | timeout 10 nc -N 127.0.0.1 6666 >log
grep -qx 'Hello World!' log
result $? 'nc hears its line, and the end after its own end'
head -c 3000000 /dev/urandom >blob
timeout 20 nc -N 127.0.0.1 6666 <blob >back
cmp blob back >log 2>&1
result $? 'three megabytes come back unharmed'
if grep -qs '^0*1 ' /proc/net/if_inet6; then
	timeout 20 nc -N ::1 6666 <blob >back
	cmp blob back >log 2>&1
	result $? 'over IPv6 too'
fi
pids=''
for i in 1 2 3 4 5 6 7 8 9 10; do
	(timeout 20 nc -N 127.0.0.1 6666 <blob | cmp -s - blob) &
	pids="$pids $!"
done
good=0
for p in $pids; do wait "$p" || good=1; done
result $good 'to ten at once on one port'
echo datagram | timeout 5 nc -u -w 1 127.0.0.1 7777 >log
grep -qx datagram log
result $? 'nc -u hears its datagram'
wants 'echo call counts lines' 0 '3 sent, 3 answered, 0 lost' "$TULLE" echo call tcp://localhost:6666 --every 10ms --count 3
grep -c "^Server ACK with: 'Hello World!'" log | grep -qx 3
result $? 'and prints what came back'
wants 'and datagrams' 0 '5 sent, 5 answered, 0 lost (0%), 0 duplicated, 0 reordered' \
	"$TULLE" echo call udp://127.0.0.1:7777 --every 10ms --count 5 --message Moin
wants 'it compares what it sends with what comes back' 0 'all right' "$TULLE" echo call tcp://127.0.0.1:6666 --bytes 20M
wants 'nobody there: refused' 1 'connection refused' "$TULLE" echo call tcp://127.0.0.1:6667
wants 'nobody there over UDP' 1 'connection refused' "$TULLE" echo call udp://127.0.0.1:6667 --count 2 --every 10ms --timeout 1s
wants 'a port that is taken, and how to see by whom' 1 'already in use; `tulle sockets --explain' "$TULLE" echo serve tcp://:6666
"$TULLE" echo call tcp://127.0.0.1:6666 --every 50ms >log 2>&1 &
call=$!
await log ACK
kill -INT $call
wait $call
[ $? = 0 ] && grep -q ' 0 lost' log
result $? 'SIGINT: it says what it has, and ends well'
timeout 10 nc -N -l 127.0.0.1 6670 </dev/null >/dev/null &
await_port 6670
wants 'a server that closes without an answer' 1 'The server closed the connection' "$TULLE" echo call tcp://127.0.0.1:6670 --count 1
kill -TERM $servers
wait $servers
result $? 'SIGTERM ends the server well'
grep -q 'bytes echoed$' serve
result $? 'with a summary'
"$TULLE" echo serve tcp://:6668 --close-after 2 >serve2 2>&1 &
servers=$!
await serve2 tcp
printf '1\n2\n' | timeout 10 nc 127.0.0.1 6668 >log
[ "$(tr '\n' ' ' <log)" = '1 2 ' ]
result $? 'the server may close first: after two lines'
kill $servers
"$TULLE" echo serve 'multicast://239.1.2.3%1:5555' broadcast://:5556 >serve 2>&1 &
servers=$!
await serve broadcast
"$TULLE" echo call 'multicast://239.1.2.3%1:5555' --count 2 --every 10ms --timeout 100ms --loop >log 2>&1
"$TULLE" echo call broadcast://127.255.255.255:5556 --count 1 --timeout 100ms >>log 2>&1
await serve '5556: Hello World! #1' && grep -q 'to 239.1.2.3:5555: Hello World! #2' serve
result $? 'an audience prints who said what to the group, and to everybody'
kill $servers
wait
servers=''

# --- http ---
mkdir -p www/sub/empty
printf '<h1>Hello</h1>\n' >www/index.html
printf 'inner\n' >www/sub/index.html
printf '0123456789' >www/digits.txt
: >www/nothing.css
printf 'spaced\n' >'www/a b.txt'
printf 'secret\n' >secret
printf 'hidden\n' >www/.htpasswd
ln -s ../secret www/leak
cp blob www/blob.bin
"$TULLE" http serve www http://:8080 >serve 2>&1 &
servers=$!
await serve Serving
result $? 'a web server listens'
base=http://127.0.0.1:8080
code 'the first page' 200 $base/
cmp -s body www/index.html && grep -qi '^content-type: text/html' log && grep -qi '^date: ' log && grep -qi '^etag: ' log
result $? 'with its type, date and tag'
code 'a file' 200 $base/blob.bin
cmp -s body www/blob.bin
result $? 'byte for byte'
code 'an empty one' 200 $base/nothing.css
code 'HEAD' 200 -I $base/blob.bin
grep -qi '^content-length: 3000000' log
result $? 'says the length'
code 'a name with a space' 200 "$base/a%20b.txt"
code 'a query is passed over' 200 "$base/digits.txt?x=1"
code 'a folder without its slash' 301 $base/sub
grep -qi '^location: /sub/' log
result $? 'is told where to go'
code 'its page' 200 -L $base/sub
code 'a folder without a page' 403 $base/sub/empty/
code 'what is not there' 404 $base/none
code 'a file as if it were a folder' 404 $base/digits.txt/
code 'a hidden file' 404 $base/.htpasswd
code 'a link to the outside' 404 $base/leak
code 'climbing out' 400 --path-as-is $base/../secret
code 'climbing out in disguise' 400 --path-as-is "$base/%2e%2e/secret"
code 'an encoded slash' 400 "$base/sub%2findex.html"
code 'POST' 405 -d x=1 $base/
grep -qi '^allow: GET, HEAD' log
result $? 'says what is allowed'
code 'a method of nobody' 501 -X BREW $base/
code 'a range' 206 -r 2-4 $base/digits.txt
grep -qx 234 body && grep -qi '^content-range: bytes 2-4/10' log
result $? 'has the right bytes'
code 'the last bytes' 206 -r -3 $base/digits.txt
code 'from there on' 206 -r 7- $base/digits.txt
code 'a range beyond the end' 416 -r 10- $base/digits.txt
code 'several ranges: the whole' 200 -r 0-1,3-4 $base/digits.txt
tag=$(curl -sI $base/digits.txt | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
date=$(curl -sI $base/digits.txt | tr -d '\r' | sed -n 's/^Last-Modified: //p')
code 'not changed, by tag' 304 -H "If-None-Match: $tag" $base/digits.txt
code 'not changed, by date' 304 -H "If-Modified-Since: $date" $base/digits.txt
code 'changed since' 200 -H 'If-Modified-Since: Thu, 01 Jan 1970 00:00:01 GMT' $base/digits.txt
code 'If-Range, the same' 206 -r 1-2 -H "If-Range: $tag" $base/digits.txt
code 'If-Range, another' 200 -r 1-2 -H 'If-Range: "old"' $base/digits.txt
code 'If-Match, another' 412 -H 'If-Match: "old"' $base/digits.txt
code 'a target too long' 414 "$base/$(head -c 3000 /dev/zero | tr '\0' a)"
code 'a head too large' 431 -H "X: $(head -c 9000 /dev/zero | tr '\0' a)" $base/
curl -sv $base/ $base/digits.txt $base/sub/ >body 2>log
grep -qi 're-using existing' log && grep -q inner body
result $? 'three on one connection'
printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n' |
	timeout 10 nc -N 127.0.0.1 8080 >log
[ "$(grep -o 'HTTP/1.1 200 OK' log | wc -l)" = 3 ] && grep -q 0123456789 log
result $? 'three sent at once, three answers in order'
raw 'no Host' '400 Bad Request' 'GET / HTTP/1.1\r\n\r\n'
raw 'two Hosts' '400 Bad Request' 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'
raw 'a space before a colon' '400 Bad Request' 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'
raw 'another version' '505' 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'
raw 'the old version' '200 OK' 'GET / HTTP/1.0\r\n\r\n'
raw 'TLS' '400 Bad Request' '\026\003\001\002\000\001\000\001\374\n\n'
printf 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n' |
	timeout 10 nc -N 127.0.0.1 8080 >log
[ "$(grep -o 'HTTP/1.1 200 OK' log | wc -l)" = 2 ]
result $? 'a body nobody asked for is read over'
good=0
pids=''
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	(curl -s -m 20 $base/blob.bin | cmp -s - blob) &
	pids="$pids $!"
done
for p in $pids; do wait "$p" || good=1; done
result $good 'twenty at once'
wants 'http get' 0 '^200 OK, 3000000 bytes' "$TULLE" http get $base/blob.bin
"$TULLE" http get $base/blob.bin --output - 2>log | cmp -s - blob
result $? 'http get to standard output'
wants 'http get of a range' 0 '^206 Partial Content, 3 bytes' "$TULLE" http get $base/digits.txt --range 2-4
wants 'http get of nothing' 1 '^404 Not Found' "$TULLE" http get $base/none
wants 'no folder to serve' 1 'no such folder' "$TULLE" http serve none http://:8081
kill -TERM $servers
wait $servers
result $? 'SIGTERM ends the server well'
servers=''

# --- more clients than files may be open: 503, not "there is no such page" ---
cat >full.py <<'END'
import http.client, socket, time
c = http.client.HTTPConnection("127.0.0.1", 8083)
def get():
    c.request("GET", "/index.html")
    r = c.getresponse()
    r.read()
    return r.status
seen = [get()]
idle = [socket.create_connection(("127.0.0.1", 8083)) for _ in range(60)]
for _ in range(200):
    if seen[-1] != 200:
        break
    time.sleep(0.02)
    seen.append(get())
for s in idle:
    s.close()
for _ in range(200):
    if seen[-1] == 200:
        break
    time.sleep(0.02)
    seen.append(get())
print(seen[0], max(seen), seen[-1])
END
(ulimit -n 40 && exec "$TULLE" http serve www http://127.0.0.1:8083 --quiet) >full 2>&1 & servers=$!
await_port 8083
wants 'a page that cannot be opened just now is told so, and comes later' 0 '^200 503 200$' python3 full.py
kill $servers
wait $servers
servers=''

printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n7 ;x=y\r\n World!\r\n0  \r\nX: y\r\n\r\n' |
	timeout 10 nc -N -l 127.0.0.1 8082 >/dev/null &
await_port 8082
wants 'http get reads chunks' 0 'Hello World!' "$TULLE" http get http://127.0.0.1:8082/ --output -
echo "1..$n"
