#!/bin/sh
# SPDX-License-Identifier: ISC
# The real dig and `tulle dig` ask the same named: what they print is the same, but for what differs from question to question.
set -u
. "$(dirname "$0")/ground.sh"
for tool in dig named dnssec-signzone dnssec-keygen; do
	command -v $tool >/dev/null || { echo "1..0 # SKIP no $tool here"; exit 0; }
done

cat >zone <<'EOF'
$ORIGIN example.com.
$TTL 3600
@ SOA ns1 hostmaster ( 2026112200 3600 600 86461 60 )
@ NS ns1
@ NS ns2
@ MX 10 mail
@ MX 20 mail.example.net.
@ TXT "v=spf1 -all" "two strings"
@ CAA 0 issue "ca.example.net; policy=ev"
ns1 A 127.0.0.1
ns2 A 127.0.0.2
www A 10.1.0.1
www A 10.1.0.2
www AAAA 2001:db8::1
short 3 A 10.1.0.9
week 788645 A 10.1.0.10
mail A 10.1.0.25
web CNAME www
away CNAME www.example.net.
tree DNAME example.net.
_sip._udp SRV 1 2 5060 www
naptr NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .
naptr NAPTR 100 20 "s" "SIP+D2U" "" _sip._udp
_443._tcp TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_smime SMIMEA 3 0 0 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ssh SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
sub NS ns1
sub DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
svc HTTPS 1 . alpn=h2,h3 port=8443 ipv4hint=10.0.0.1,10.0.0.2 ipv6hint=2001:db8::1 key65333=hello
svc2 HTTPS 0 www
_dns.svc SVCB 1 www mandatory=alpn,port alpn=dot port=853 key7=/dns-query{?dns}
_ech SVCB 3 . no-default-alpn alpn=h2 ech=AEj+DQBEAQAgACAdd+scUi0IYFsXnUIU7ko2Nd9+F8M26pAGZVpz/KrWPgAEAAEAAWQVZWNoLXNpdGVzLmV4YW1wbGUubmV0AAA=
hinfo HINFO "PC-Intel-700mhz" "Redhat \"Linux\" 7.1"
loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
loc2 LOC 42 21 54 S 71 06 18 W 24m 30m
uri URI 10 1 "ftp://ftp1.example.com/public"
pgp OPENPGPKEY AQMFCQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZH
csync CSYNC 66 3 A NS AAAA
zmd ZONEMD 2018031900 1 1 616c6c6f77656420626c6f636b656420616c6c6f77656420626c6f636b656420616c6c6f77656420626c6f636b656420
rp RP admin.example.com. info.example.com.
afsdb AFSDB 1 afs.example.com.
rt RT 10 rt.example.com.
kx KX 10 kx.example.com.
px PX 10 map822.example.com. mapx400.example.com.
x25 X25 "311061700956"
isdn ISDN "150862028003217" "004"
wks WKS 10.0.0.1 TCP ( smtp telnet domain )
mb MB mailhost.example.com.
minfo MINFO rmail.example.com. email.example.com.
gpos GPOS "-32.6882" "116.8652" "10.0"
nsap NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00
nsapptr NSAP-PTR foo.example.com.
cert CERT PKIX 65535 RSASHA256 AQMFCQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7
dhcid DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=
apl APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:ff00::/8
ipseckey IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
ipseckey IPSECKEY 10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
ipseckey IPSECKEY 10 3 2 mygateway.example.com. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
ipseckey IPSECKEY 10 2 2 2001:db8::2 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
hip HIP ( 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p rvs1.example.com. rvs2.example.com. )
eui48 EUI48 00-00-5e-00-53-2a
eui64 EUI64 00-00-5e-ef-10-00-00-2a
nid NID 10 0014:4fff:ff20:ee64
l32 L32 10 10.1.2.0
l64 L64 10 2001:db8:1140:1000
lp LP 10 l64-subnet1.example.com.
key KEY 512 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
avc AVC "app-name:WOLFGANG|app-class:OAM"
ninfo NINFO "foo bar"
rkey RKEY 0 3 5 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
talink TALINK h0.example.com. h2.example.com.
sink SINK 8 0 2 AQNRU3mG
doa DOA 1234567890 1234567890 1 "image/gif" R0lGODlhKAAZAOMCAGZmZgBmmf///zOZzMz//5nM/zNmmWbM
amt AMTRELAY 10 0 1 203.0.113.15
amt2 AMTRELAY 10 1 3 amtrelays.example.com.
amt3 AMTRELAY 10 0 0 .
ta TA 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
dlv DLV 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
unk TYPE65280 \# 4 0a000001
unk0 TYPE65281 \# 0
oddname A 10.1.0.77
odd\.name\032x A 10.1.0.77
q\"uote TXT "a\\b\"c\001\255;" ""
*.wild A 10.9.9.9
xn--bcher-kva CNAME www
EOF
for i in $(seq 60); do echo "big TXT \"record number $i, of so many that they do not fit a datagram\""; done >>zone
{
	dnssec-keygen -q -a ECDSAP256SHA256 example.com && dnssec-keygen -q -f KSK -a ECDSAP256SHA256 example.com &&
		dnssec-signzone -S -3 aabb -H 5 -o example.com -f signed zone && rm -f K* &&
		sed -n 1,15p zone | sed 's/example\.com/example.org/' >org && echo 'a.b A 10.1.0.1' >>org &&
		dnssec-keygen -q -a ECDSAP256SHA256 example.org && dnssec-keygen -q -f KSK -a ECDSAP256SHA256 example.org &&
		dnssec-signzone -S -o example.org -f signed.org org
} >log 2>&1
result $? 'a zone of every type is signed'
"$TULLE" tls ca new >log 2>&1 && "$TULLE" tls cert issue localhost 127.0.0.1 --out good >>log 2>&1
result $? 'a certificate'
cat >named.conf <<EOF
tls good { cert-file "$work/good.pem"; key-file "$work/good.key"; };
http ours { endpoints { "/dns-query"; "/other"; }; };
options {
	listen-on port 8853 tls good { 127.0.0.1; };
	listen-on port 8443 tls good http ours { 127.0.0.1; };
	listen-on port 8080 tls none http ours { 127.0.0.1; };
	directory "$work"; pid-file "$work/named.pid"; session-keyfile "$work/session.key"; lock-file none;
	listen-on port 5300 { 127.0.0.1; }; listen-on-v6 port 5300 { ::1; };
	recursion no; allow-transfer { any; }; server-id "ns-one"; dnssec-validation no; check-names primary ignore;
	rrset-order { order none; }; ixfr-from-differences yes; notify no;
};
controls { };
zone "example.com" { type primary; file "signed"; };
zone "example.org" { type primary; file "signed.org"; };
EOF
own named
./named -c "$work/named.conf" -g >named.log 2>&1 &
servers=$!
await named.log 'all zones loaded' && await named.log running
result $? 'named serves it'

# What differs from one question to the next.
norm() {
	sed -e '/^; <<>>/d' -e 's/id: [0-9]*/id: N/' -e 's/^\(; COOKIE: \)[0-9a-f]*/\1C/' -e 's/^\(;; Query time: \)[0-9]*/\1N/' \
		-e 's/^\(;; WHEN: \).*/\1W/' -e 's/ in [0-9]* \([mu]s\)/ in N \1/' -e 's/mismatch: expected ID [0-9]*, got [0-9]*/mismatch/' \
		-e 's/^;; ;; /;; /' -e '/communications error to .*: timed out/d' # a loaded machine's
}
same() { # WHAT DIG'S-WORDS...
	what=$1
	shift
	timeout 60 dig "$@" >theirs 2>theirs.err
	theirs=$?
	timeout 60 "$TULLE" dig "$@" >ours 2>ours.err
	ours=$?
	norm <theirs >theirs.norm
	norm <ours >ours.norm
	{ diff theirs.norm ours.norm && [ -s ours ] && [ $ours = $theirs ]; } >log 2>&1
	status=$?
	[ $status = 0 ] || { echo "exit status $ours, dig's $theirs"; head -c 1000 ours.err; } >>log
	result $status "$what"
}
at='@127.0.0.1 -p 5300'

# --- records ---
same 'every type of record' $at example.com axfr +nocmd
for how in '+multiline' '+multiline +nocrypto' '+multiline +norrcomments' '+rrcomments +nocrypto' '+unknownformat +multiline' '+unknownformat' \
	'+nosplit +ttlunits' '+multiline +split=20' '+nottlid' '+noclass +expandaaaa' '+nottlid +noclass' '+short +onesoa'; do
	same "every type: $how" $at example.com axfr $how
done
same 'NSEC' $at example.org axfr +multiline +noall +answer

# --- what is printed ---
w=www.example.com
same 'an answer' $at $w
same 'parts of it' $at $w +noall +answer $w +noall +stats $w +noall +comments $w +noall +question $w +nocomments $w +nostats \
	$w +noquestion $w +noanswer $w +noall +identify +answer $w +dnssec $w +dnssec +multiline $w +noclass $w +ttlunits $w +nottlid +noclass
same 'the data alone' $at +short $w
same 'and whose' $at +short +identify -u $w
same 'who says no' $at nope.example.com nope.example.com +dnssec web.example.com aaaa example.com a x.example.nix sub.example.com
same 'aliases and wildcards' $at web.example.com x.tree.example.com a.wild.example.com a.wild.example.com txt away.example.com
same 'odd names' $at WWW.ExAmPlE.com 'q\"uote.example.com' txt 'odd\.name\032x.example.com' unk.example.com TYPE65280 unk0.example.com type65281
same 'in any order' $at mx example.com in ns example.com any $w
same 'of CHAOS' $at ch txt version.bind id.server txt ch
same 'backwards' $at -x 10.1.2.3 -x 2001:db8::1
same 'nothing at all' $at
same 'a type that is none' $at -t foo $w
same 'over IPv6' @::1 -p 5300 $w
same 'from an address' $at -b 127.0.0.1 $w -4

# --- what is asked ---
same 'flags' $at +qr $w +zflag +cdflag +aaflag +tcflag +raflag $w +norec +noadflag $w +header-only $w +qid=77
same 'opcodes' $at +qr $w +opcode=update $w +opcode=notify $w +opcode=7 $w +opcode=status
same 'EDNS' $at +qr $w +noedns $w +bufsize=0 $w +bufsize $w +bufsize=512 $w +nocookie $w +ednsflags=0x1234 $w +coflag $w +edns=3 +noednsneg
same 'an older version of EDNS' $at +edns=3 $w
same 'options' $at +qr $w +nsid $w +subnet=10.1.2.3/24 $w +subnet=2001:db8::/40 $w +subnet=0 $w +expire $w +keepalive
same 'a cookie' $at +qr $w +cookie=0102030405060708
same 'and a server'"'"'s' $at +qr $w +cookie=0102030405060708aabbccdd00112233
same 'options by number' $at +qr $w +ednsopt=8:00011800010203 $w +ednsopt=15:0003 $w +ednsopt=15:0003666f6f $w +ednsopt=15:00ff \
	$w +ednsopt=9:00000e10 $w +ednsopt=11:012c $w +ednsopt=65001 $w +ednsopt=65001:010203 $w +ednsopt=3:010203 $w +ednsopt=14:00010203
same 'more of them over TCP' $at +tcp +keepalive +expire example.com soa
same 'what does not fit' $at big.example.com txt big.example.com txt +ignore big.example.com txt +nocomments
same 'padding' $at $w +padding=128
same 'one connection' $at +tcp +keepopen $w big.example.com txt example.com mx
same 'a search list' $at +search +domain=example.com www www.nix
same 'a name of dots is not searched for' $at +qr +nostats +search +domain=sub.example.com nix.example.com
same '+short is everybody'"'"'s' $at $w mail.example.com +short
same 'and what came on the way' $at +showsearch +domain=example.com +ndots=3 +nocmd www.nix
printf 'www.example.com\n-x 10.0.0.1\nmail.example.com mx +short\nexample.com mx\n' >names
same 'a file of names' $at -f names

# --- transfers ---
same 'what is new' $at ixfr=2026112200 example.com
same 'all that is new' $at ixfr=1 example.com
same 'a zone that is not there' $at axfr example.nix

# --- nobody ---
same 'nobody there' @127.0.0.1 -p 5399 $w
same 'nor over TCP' @127.0.0.1 -p 5399 $w +tcp +tries=1
wants 'no such file' 8 'nowhere: there is no such file' "$TULLE" dig -f nowhere

# --- over TLS and HTTP/2 ---
same 'over TLS' @127.0.0.1 -p 8853 +tls $w big.example.com txt $w +dnssec
same 'a zone over TLS' @127.0.0.1 -p 8853 +tls example.com axfr
same 'over HTTPS' @127.0.0.1 -p 8443 +https $w big.example.com txt $w +dnssec
same 'by GET' @127.0.0.1 -p 8443 +https-get $w big.example.com txt
same 'one connection over HTTPS' @127.0.0.1 -p 8443 +https +keepopen $w big.example.com txt example.com mx
same 'elsewhere' @127.0.0.1 -p 8443 +https=/other $w
same 'without TLS' @127.0.0.1 -p 8080 +http-plain $w $w +http-plain-get=/other
same 'of an authority' @127.0.0.1 -p 8853 +tls +tls-ca=ca.pem $w
same 'by its name' @127.0.0.1 -p 8443 +https +tls-ca=ca.pem +tls-hostname=localhost $w
wants 'all ways in one' 0 '8853.* (TLS)' "$TULLE" dig @127.0.0.1 -p 8853 +tls $w $w +notls -p 5300 $w -p 5300 +tcp $w -p 8443 +https
grep SERVER: log | sed 's/.*#//' | tr '\n' ' ' | grep -qx '8853(127.0.0.1) (TLS) 5300(127.0.0.1) (UDP) 5300(127.0.0.1) (TCP) 8443(127.0.0.1) (HTTPS) '
result $? 'each as it was wanted'
wants 'an authority that nobody trusts' 9 'no path to a trusted root' "$TULLE" dig @127.0.0.1 -p 8853 +tls +tls-ca $w
wants 'another name' 9 'asked for nix.example' "$TULLE" dig @127.0.0.1 -p 8853 +tls +tls-ca=ca.pem +tls-hostname=nix.example $w
wants 'a path that is not there' 9 'HTTP status 404' "$TULLE" dig @127.0.0.1 -p 8443 +https=/nothing $w
wants 'no TLS there' 9 'no servers could be reached' "$TULLE" dig @127.0.0.1 -p 8080 +tls +tries=1 +time=1 $w
wants 'no HTTP/2 there' 9 'no servers could be reached' "$TULLE" dig @127.0.0.1 -p 8853 +https +tries=1 +time=1 $w

# --- another maker's server: extended errors, and TLS and HTTP/2 of its own ---
if command -v unbound >/dev/null; then
	cat >unbound.conf <<EOF
server:
	directory: "$work"
	username: ""
	chroot: ""
	pidfile: "$work/unbound.pid"
	use-syslog: no
	interface: 127.0.0.1@5400
	interface: 127.0.0.1@8953
	interface: 127.0.0.1@8543
	tls-port: 8953
	https-port: 8543
	tls-service-pem: "$work/good.pem"
	tls-service-key: "$work/good.key"
	ede: yes
	nsid: "ascii_unbound one"
	local-zone: "blocked.example." always_refuse
	local-zone: "ours.example." static
	local-data: "www.ours.example. 60 A 10.2.0.1"
	local-data: "www.ours.example. 60 HTTPS 1 . alpn=h2"
remote-control:
	control-enable: no
EOF
	own unbound
	./unbound -d -c unbound.conf >unbound.log 2>&1 &
	servers="$servers $!"
	await unbound.log 'start of service'
	result $? 'unbound serves'
	for way in '-p 5400' '-p 8953 +tls' '-p 8543 +https' '-p 8543 +https-get'; do
		same "unbound: $way" @127.0.0.1 $way www.ours.example +nsid www.ours.example HTTPS x.blocked.example nix.ours.example
	done
fi

# --- a server that does wrong ---
python3 "$SOURCE/test/dig_liar.py" >liar 2>&1 &
servers="$servers $!"
await liar listening
liar='@127.0.0.1 -p 5353 +tries=1 +time=1'
same 'wrong answers are waited past' $liar wrongid.example wrongname.example short.example good.example
same 'more than the message' $liar extra.example
same 'connections that end too early' $liar +tcp hangup.example half.example
same 'silence' $liar silent.example
wants 'a stranger is not believed' 0 'reply from unexpected source: 127.0.0.1#' "$TULLE" dig $liar stranger.example
wants 'nor our own question' 0 '10.1.0.1' "$TULLE" dig $liar echo.example
for fault in 'cut:Message parser reports malformed' 'badlabel:Got bad packet: bad label type' 'loop:malformed message packet'; do
	wants "an answer that is ${fault%%:*}" 9 "${fault#*:}" "$TULLE" dig $liar ${fault%%:*}.example
	wants 'and over TCP' 9 "${fault#*:}" "$TULLE" dig $liar +tcp ${fault%%:*}.example
done
wants 'cut, and only whole ones wanted' 9 'Got bad packet: unexpected end' "$TULLE" dig $liar +nobesteffort cut.example
for fault in 'wrongid:ERROR: ID mismatch' 'wrongname:Question section mismatch' 'short:ERROR: short' 'empty:ERROR: short' 'echo:query response not set'; do
	wants "over TCP ends: ${fault%%:*}" 9 "${fault#*:}" "$TULLE" dig $liar +tcp ${fault%%:*}.example
done

# --- our own ---
wants 'a word that is none' 64 'did you mean +short' "$TULLE" dig $at $w +shrot
wants 'a value that is none' 64 '+tries takes a number' "$TULLE" dig $at $w +tries=x
wants 'an option that is none' 64 'no option -Z' "$TULLE" dig $at -Z $w
wants 'a name that is none' 64 "'a..b' is not a legal name" "$TULLE" dig $at a..b
wants 'a server that is not found' 9 "couldn't get address for 'nosuch.invalid'" "$TULLE" dig @nosuch.invalid $w
wants 'a name in another script' 0 'Bücher\|bücher' "$TULLE" dig $at bücher.example.com +idnout
"$TULLE" dig $at +json $w example.com mx +dnssec nope.example.com >ours && python3 - >log 2>&1 <<'EOF'
import json
messages = [json.loads(line) for line in open("ours")]
assert len(messages) == 3
a, mx, nope = messages
assert a["QNAME"] == "www.example.com." and a["ANCOUNT"] == 2 and a["AA"] == 1 and a["RCODEname"] == "NOERROR"
assert [r["rdata"] for r in a["answerRRs"]] == ["10.1.0.1", "10.1.0.2"] and a["answerRRs"][0]["RDATAHEX"] == "0A010001"
assert a["transport"] == "UDP" and a["time_us"] >= 0 and a["server"] == {"address": "127.0.0.1", "port": 5300, "name": "127.0.0.1"}
assert mx["EDNS"]["DO"] == 1 and mx["answerRRs"][0]["TYPEname"] == "MX" and nope["RCODE"] == 3
EOF
result $? '--json: RFC 8427'

# --- on our own stack, on a virtual clock ---
cat >lab.yaml <<'EOF'
links: {lan: {delay: 5ms}}
hosts:
  ns: {interfaces: {lan: 192.0.2.1/24}}
  a: {interfaces: {lan: 192.0.2.2/24}, dns: 192.0.2.1}
zones:
  example.com: |
    $TTL 300
    @    SOA  ns hostmaster 1 3600 900 86400 60
    @    NS   ns
    ns   A    192.0.2.1
    www  A    192.0.2.80
    www  AAAA 2001:db8::80
programs:
  ns: dns serve --zone example.com=zones/example.com
scenes:
  - name: dig
    run:
      - {host: a, do: dig www.example.com +noall +answer +stats, id: udp}
      - {at: 1s, host: a, do: dig @ns.example.com +tcp +short www.example.com AAAA, id: tcp}
      - {at: 2s, host: a, do: dig +nssearch example.com, id: servers}
      - {at: 3s, host: a, do: dig @192.0.2.9 www.example.com +tries=1 +time=2, id: nobody}
    expect:
      - {run: [udp, tcp, servers], exit: 0}
      - {run: udp, output: "www.example.com.\t300\tIN\tA\t192.0.2.80"}
      - {run: udp, output: "Query time: 20 msec"}
      - {run: tcp, output: "2001:db8::80"}
      - {run: servers, output: "from server 192.0.2.1 in 10 ms."}
      - {run: nobody, exit: 9}
EOF
wants 'in a lab' 0 '6 of 6 expectations hold' "$TULLE" lab run lab.yaml --out lab
echo "1..$n"
