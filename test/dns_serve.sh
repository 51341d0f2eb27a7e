#!/bin/sh
# SPDX-License-Identifier: ISC
# `tulle dns serve` on loopback, asked by BIND's dig; zones compared with what BIND's named-checkzone reads in them.
set -u
work=$(mktemp -d)
cd "$work" || exit 1
server=''
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
n=0
result() { # STATUS WHAT
	n=$((n + 1))
	[ "$1" = 0 ] && { echo "ok $n - $2"; return; }
	[ -s log ] && sed 's/^/# /' log
	echo "not ok $n - $2"
}
check() { # WHAT COMMAND...
	what=$1
	shift
	"$@" >log 2>&1
	result $? "$what"
}
same() { # WHAT WANTED GOT
	printf 'wanted:\n%s\ngot:\n%s\n' "$2" "$3" >log
	[ "$2" = "$3" ]
	result $? "$1"
}

cat >org.zone <<'EOF'
$TTL 1h
@       IN SOA ns1 host\.master 2026112201 1h 10m 1w 1m
        NS      ns1
        NS      ns2.example.net.
        MX      10 mail
ns1     A       127.0.0.1
        AAAA    ::1
www 30  A       192.0.2.1
    30  A       192.0.2.2
    30  A       192.0.2.3
mail    A       192.0.2.9
alias   CNAME   www
text    TXT     "one; \"two\"" three "\000\255"
deep.er.still HINFO "x y" z
_sip._udp SRV   1 2 5060 mail
ca      CAA     128 issue "ca.example.net"
ds      DS      1 8 2 ( 00112233445566778899AABBCCDDEEFF
                        00112233445566778899AABBCCDDEEFF )
        NS      ns.example.net.
new     TYPE65280 \# 3 010203
*.wild  TXT     "anything"
sub     NS      ns.sub
        NS      ns.example.net.
ns.sub  A       192.0.2.53
        AAAA    2001:db8::53
EOF
{ cat org.zone; i=0; while [ $i -lt 20 ]; do
	echo "big TXT \"$i-0123456789012345678901234567890123456789012345678901234567890123456789\""; i=$((i + 1))
done; } >big.zone

# A free port: the server says if it is not.
port=$((20000 + $$ % 20000))
start() {
	while :; do
		"$TULLE" dns serve --zone example.org=big.zone --listen 127.0.0.1 --port $port "$@" >out 2>err &
		server=$!
		for _ in $(seq 100); do
			grep -q records out && return
			kill -0 "$server" 2>/dev/null || break
			sleep 0.1
		done
		grep -q 'in use' err || { cat err; echo "not ok - the server does not start"; exit 1; }
		port=$((port + 1))
	done
}
stop() {
	kill "$server"
	wait "$server"
}
ask() { dig @127.0.0.1 -p "$port" +norecurse +tries=1 +time=3 +nocookie "$@"; }
header() { ask "$@" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p; s/^;; flags: \([^;]*\); \(.*\)/\1, \2/p' | tr '\n' ' '; }

start --no-rotate
same "an address" "192.0.2.1
192.0.2.2
192.0.2.3" "$(ask www.example.org A +short)"
same "the name as it was asked" "wWw.ExaMPLE.org." "$(ask wWw.ExaMPLE.org A +noall +answer | head -1 | cut -f1)"
same "an authoritative answer" "NOERROR qr aa, QUERY: 1, ANSWER: 3, AUTHORITY: 0, ADDITIONAL: 1 " "$(header www.example.org A)"
same "a referral with glue" "sub.example.org. 3600 IN NS ns.sub.example.org.
sub.example.org. 3600 IN NS ns.example.net.
ns.sub.example.org. 3600 IN A 192.0.2.53
ns.sub.example.org. 3600 IN AAAA 2001:db8::53" "$(ask x.sub.example.org A +noall +authority +additional | tr -s '\t' ' ')"
same "which is not authoritative" "NOERROR qr, QUERY: 1, ANSWER: 0, AUTHORITY: 2, ADDITIONAL: 3 " "$(header x.sub.example.org A)"
same "no such name" "NXDOMAIN qr aa, QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1 " "$(header nothing.example.org A)"
same "no such data" "NOERROR qr aa, QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1 " "$(header er.still.example.org A)"
same "how long no means no" "60" "$(ask nothing.example.org A +noall +authority | awk '{print $2}')"
same "a wildcard" '"anything"' "$(ask a.b.wild.example.org TXT +short)"
same "a CNAME followed" "www.example.org.
192.0.2.1" "$(ask alias.example.org A +short | head -2)"
same "somebody else's name" "REFUSED qr, QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 1 " "$(header www.example.net A)"
same "ANY gets one set" "NOERROR qr aa, QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1 " "$(header alias.example.org ANY +notcp)"
same "a transfer is refused" "REFUSED" "$(ask example.org AXFR +noall +comments | sed -n 's/.*status: \([A-Z]*\),.*/\1/p')"
same "too long for 512 bytes" "NOERROR qr aa tc, QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 0 " \
	"$(header big.example.org TXT +noedns +ignore)"
same "too long for EDNS's 1232" "NOERROR qr aa tc, QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 1 " \
	"$(header big.example.org TXT +bufsize=4096 +ignore)"
same "which dig asks again over TCP" "20" "$(ask big.example.org TXT +short | wc -l)"
same "over TCP alone" "20" "$(ask big.example.org TXT +short +tcp | wc -l)"
same "several questions on one connection" "192.0.2.9 3 20" "$(ask +tcp +keepopen +short mail.example.org A www.example.org A \
	big.example.org TXT | awk '/192.0.2.9/ {a=$1} /192.0.2.[123]$/ {b++} /-0123/ {c++} END {print a, b, c}')"
same "a newer EDNS" "BADVERS qr, QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 1 " "$(header www.example.org A +edns=1 +noednsneg)"
same "another operation" "NOTIMP" "$(ask www.example.org A +opcode=notify | sed -n 's/.*status: \([A-Z]*\),.*/\1/p')"
same "who are you?" '"tulle"' "$(ask version.bind TXT CH +short)"
check "no word of malformed packets" sh -c "! dig @127.0.0.1 -p $port +tries=1 example.org MX | grep -i malformed"

# Each record that BIND reads in the file, asked for. Below cuts and glue there is no answer but a referral.
if command -v named-checkzone >/dev/null 2>&1; then
	named-checkzone -i none -D -o bind.zone example.org big.zone >log 2>&1
	result $? "BIND reads the zone too"
	grep -v 'sub\.example\.org\|^ds\.example\.org.*NS' bind.zone | tr -s '\t' ' ' | sed 's/  */ /g' | sort -u >wanted
	cut -d' ' -f1,4 wanted | sort -u | while read -r name type; do ask "$name" "$type" +tcp +noall +answer; done |
		tr -s '\t' ' ' | sed 's/  */ /g' | sort -u >got
	check "and every record is answered as BIND reads it" diff wanted got
else
	echo "# no named-checkzone: not compared"
fi
stop
same "SIGTERM ends it well" 0 $?

start
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do ask www.example.org A +short | head -1; done | sort | uniq -c |
	awk '{print $1, $2}' >got
same "the first address rotates" "5 192.0.2.1
5 192.0.2.2
5 192.0.2.3" "$(cat got)"
"$TULLE" dns serve --zone example.org=big.zone --listen 127.0.0.1 --port $port >out2 2>err2
same "a taken port: the status" 1 $?
check "and the words" grep -q "127.0.0.1:$port: address already in use" err2
stop

echo 'www IM A 192.0.2.1' >>org.zone
"$TULLE" dns serve --zone example.org=org.zone --listen 127.0.0.1 --port $port >out2 2>err2
same "an error in a zone: the status" 1 $?
same "its place" "org.zone:26:5: expected a time to live, a class or a type, found 'IM'" "$(cat err2)"
same "and nothing was started" "" "$(cat out2)"
"$TULLE" dns serve --zone missing >out2 2>err2
same "no such file: the status" 1 $?
same "and the words" "missing: no such file" "$(cat err2)"
"$TULLE" dns serv --zone missing >out2 2>err2
same "a misspelt word: the status" 64 $?
check "and the right one" grep -q 'did you mean serve' err2
echo "1..$n"
