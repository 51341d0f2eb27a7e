#!/bin/sh
# SPDX-License-Identifier: ISC
# `tulle nslookup` and BIND's nslookup ask the same named, and servers that fail in each way there is: what they print is
# the same, in sessions too; then what is ours alone: exit statuses, sentences, other scripts, and a person at a terminal.
#
#      127.0.0.53 named        127.0.9.1 SERVFAIL     .2 REFUSED     .3 NOTIMP     .4 garbage     .9, .10 silence
#
if [ "${INSIDE:-}" != yes ]; then
	PATH=$PATH:/usr/sbin:/sbin
	export PATH
	for tool in named nslookup python3 unshare ip; do
		command -v $tool >/dev/null || { echo "1..0 # SKIP no $tool here"; exit 0; }
	done
	unshare -rnm true 2>/dev/null || { echo "1..0 # SKIP no user namespaces here"; exit 0; }
	INSIDE=yes exec unshare -rnm "$0"
fi
IN_NAMESPACE=1
here=$(cd "$SOURCE/test" && pwd)
. "$here/ground.sh"
ip addr add 127.0.0.53/32 dev lo
unset LOCALDOMAIN RES_OPTIONS IDN_DISABLE

cat >named.conf <<END
options { directory "$work"; listen-on { 127.0.0.53; }; listen-on-v6 { ::1; }; recursion no; pid-file none;
	session-keyfile none; dnssec-validation no; rrset-order { order none; }; minimal-responses no; };
controls {};
zone "example.com" { type primary; file "example.com"; };
zone "1.10.in-addr.arpa" { type primary; file "reverse"; };
END
{
	cat <<'END'
$ORIGIN example.com.
$TTL 300
@ SOA ns1 hostmaster 2026112200 3600 600 86400 60
@ NS ns1
@ MX 10 mail
@ TXT "v=spf1 -all" "two strings"
@ CAA 0 issue "ca.example.net"
@ HINFO "cpu" "os"
ns1 A 127.0.0.53
www A 10.1.0.1
www AAAA 2001:db8::1
mail A 10.1.0.25
six AAAA 2001:db8::6
web CNAME www
toweb CNAME web
tonodata CNAME text
tonix CNAME nix
away CNAME www.example.net.
text TXT "x"
a.b A 10.1.0.77
nap NAPTR 100 50 "s" "http" "" _http._tcp
_sip._udp SRV 1 2 5060 www
dn DNAME example.net.
xn--bcher-kva A 10.1.0.9
xn--bcher-kva MX 5 mail.xn--bcher-kva
mail.xn--bcher-kva A 10.1.0.26
key DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
fp SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_443._tcp TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_h HTTPS 1 . alpn=h2,h3 ipv4hint=10.1.0.1
loc LOC 52 22 23 N 4 53 32 E -2m
rp RP a.b text
new TYPE65280 \# 3 010203
sub NS ns.sub
ns.sub A 127.0.0.99
END
	for i in $(seq 100); do echo "big TXT \"record number $i, of so many that they do not fit a datagram\""; done
} >example.com
cat >reverse <<'END'
$TTL 300
@ SOA ns1.example.com. hostmaster.example.com. 1 3600 600 86400 60
@ NS ns1.example.com.
1.0 PTR www.example.com.
END
own named
./named -g -c named.conf >named.log 2>&1 &
servers=$!
cat >fail.py <<'END'
import select, socket, sys
WAYS = {"127.0.9.1": 2, "127.0.9.2": 5, "127.0.9.3": 4, "127.0.9.4": None, "127.0.9.9": 0, "127.0.9.10": 0}
sockets = {}
for ip in WAYS:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((ip, 53))
    sockets[s] = WAYS[ip]
print("listening", flush=True)
while True:
    for s in select.select(list(sockets), [], [])[0]:
        question, asker = s.recvfrom(4096)
        way = sockets[s]
        if way == 0:
            continue
        if way is None: # a record is counted that is not there
            s.sendto(question[:2] + b"\x81\x80" + question[4:6] + b"\0\1" + question[8:], asker)
            continue
        s.sendto(question[:2] + bytes([0x81, 0x80 | way]) + question[4:], asker)
END
python3 fail.py >failing 2>&1 &
servers="$servers $!"
await named.log ' running$' || sed 's/^/# /' named.log
await failing listening
: >resolv.conf
mount --bind resolv.conf /etc/resolv.conf
printf '127.0.0.1 localhost\n127.0.0.53 other nameserver\n' >hosts
mount --bind hosts /etc/hosts
system() { for line in "$@"; do echo "$line"; done >resolv.conf; } # LINES of resolv.conf

# --- the same as BIND's ---

same() { # WORDS...
	nslookup "$@" >theirs 2>/dev/null </dev/null
	status=$?
	"$TULLE" nslookup "$@" >ours 2>sentence </dev/null
	case $? in 0 | 3) wanted=0 ;; *) wanted=1 ;; esac
	case $* in *-debug*) wanted=$status ;; esac # it takes a part of a search that came to nothing for a failure
	diff theirs ours >log 2>&1 && { [ $status = $wanted ] || ! grep -q '^Server:' ours; }
	result $? "the same as BIND's: nslookup $*"
}
session() { # WORDS LINES: a session that LINES come into
	printf "$2" | nslookup $1 >theirs 2>/dev/null
	printf "$2" | "$TULLE" nslookup $1 >ours 2>sentence
	diff theirs ours >log 2>&1
	result $? "the same as BIND's: session $1 of $(printf "$2" | head -c 60 | tr -d '\r' | tr '\n' ' ')"
}
system 'nameserver 127.0.0.53'
for words in www.example.com six.example.com web.example.com toweb.example.com tonodata.example.com tonix.example.com \
             text.example.com nix.example.com www.sub.example.com a.dn.example.com '10.1.0.1' '10.1.0.99' '2001:db8::1' \
             '-type=any example.com' '-q=caa example.com' '-ty=mx example.com' '-qu=hinfo example.com' '-query=naptr nap.example.com' \
             '-querytype=SRV _sip._udp.example.com' '-type=ptr 10.1.0.1' '-type=mx 10.1.0.1' '-type=ns sub.example.com' \
             '-type=soa www.example.com' '-type=TYPE16 text.example.com' '-type=cname web.example.com' '-class=ch -type=txt version.bind' \
             '-norec www.example.com' '-vc www.example.com' '-type=txt big.example.com' '-debug www.example.com' '-deb nix.example.com' \
             '-retry=0 www.example.com' '-domain=example.com www' '-do=b.example.com a' '-all www.example.com' \
             '-nosearch -domain=example.com www' '-debug -domain=sub.example.com www' '-ndots=2 -domain=example.com a.b' \
 '-class=any -type=any www.example.com' '-type=mx .' 'a\.b.example.com' 'www.example.com ns1.example.com' \
             '-type=dnskey key.example.com' '-type=sshfp fp.example.com' '-type=tlsa _443._tcp.example.com' '-type=https _h.example.com' \
             '-type=loc loc.example.com' '-type=rp rp.example.com' '-type=TYPE65280 new.example.com' '-debug -type=dnskey key.example.com' \
             'www.example.com ::1' 'www.example.com nameserver' 'nix.example.com localhost'; do
	same $words
done
for words in www.example.com nix.example.com web.example.com 10.1.0.1 '-type=mx example.com' '-type=mx www.sub.example.com'; do same $words 127.0.0.53; done
same www.example.com 127.0.9.1
same www.example.com 127.0.9.2
same www.example.com 127.0.9.3
same www.example.com 127.0.0.99
same -timeout=1 -retry=1 www.example.com 127.0.9.9
system 'nameserver 127.0.9.1' 'nameserver 127.0.0.53'
same www.example.com
same -fail www.example.com
system 'nameserver 127.0.9.2' 'nameserver 127.0.9.1' 'nameserver 127.0.0.53'
same -type=mx example.com
system 'nameserver 127.0.9.9' 'nameserver 127.0.9.10' 'nameserver 127.0.9.1' 'options timeout:1 attempts:2'
same www.example.com
system 'nameserver 127.0.0.53' 'search nix.example.com b.example.com example.com' 'options ndots:2'
for words in www a a.b nix nix.nax www.example.com. a.b.example.com '-all' '-debug a' '-nosea www.example.com' '10.1.0.99'; do same $words; done
system 'nameserver 127.0.0.53' 'search sub.example.com'
for words in nix.example.com nix '-ndots=3 nix.example.com'; do same $words; done
system 'nameserver 127.0.0.53'
session '' 'set all\nexit\nwww.example.com\n'
session '' 'www.example.com\n\n  \nset type=mx\r\nexample.com\nSET TY=ns\nexample.com\nset q=a\n10.1.0.1'
session '- 127.0.0.53' 'www.example.com\nserver 127.0.9.2\nwww.example.com\nlserver 127.0.0.53\nnix.example.com\nls\nroot\nVIEW x\nfinger\n'
session '-type=mx - 127.0.0.53' 'example.com\nset vc\nset norec\nset debug\nset nosearch\nset timeout=3\nset retry=2\nset cl=in\nset all\nexample.com\n'
session '- 127.0.0.53' 'set foo\nset q=xx\nset class=xx\nset retry=x\nset ndots=x\nset port=99999\nset timeout=\nset typ=a\nset all\n'
session '- 127.0.0.53' 'set domain=example.com\nwww\nset ndots=3\na.b\nset nodefname\nwww\nset sea\nset all\n'
session '- 127.0.9.9' 'set timeout=1\nset retry=1\nwww.example.com\nserver 127.0.0.53\nwww.example.com\n'
session '- 127.0.0.53' 'set port=54\nset all\nset port=53\nserver ns1.example.com\nset po=53\nwww.example.com\n'

# --- ours alone ---

says() { # STATUS SENTENCE WORDS...
	wanted=$1 sentence=$2
	shift 2
	"$TULLE" nslookup "$@" >log 2>told </dev/null
	status=$?
	cat told >>log
	[ $status = "$wanted" ] && grep -q -- "$sentence" told
	result $? "status $wanted: nslookup $*"
}
says 2 '^nslookup: nix.example.com: there is no such name (127.0.0.53 says so, which is responsible for it)$' nix.example.com
says 3 '^nslookup: text.example.com: the name exists, but has no address$' text.example.com
says 3 'the name exists, but has no IPv4 address (A)$' -type=a six.example.com
says 3 'the name exists, but has no records of type MX$' -type=mx www.example.com
says 3 '127.0.0.53 does not know, it only names servers that should$' www.sub.example.com
says 4 '^nslookup: www.example.com: 127.0.9.1 failed (SERVFAIL)' www.example.com 127.0.9.1
says 5 '^nslookup: www.example.com: no server answered (127.0.9.9); ' -timeout=1 -retry=1 www.example.com 127.0.9.9
says 5 'no server answered (127.0.9.4)' www.example.com 127.0.9.4
says 6 "^nslookup: 'a..b' is no domain name: a label is empty$" a..b
says 6 'a label is longer than 63 bytes$' "$(printf '%064d' 0).example.com"
says 6 'is no domain name: a label has a hyphen at an end' 'bücher-.example.com'
says 7 '^nslookup: www.example.com: 127.0.9.2 refuses to answer (REFUSED)' www.example.com 127.0.9.2
says 7 '127.0.9.3 cannot do what it was asked for (NOTIMP)$' www.example.com 127.0.9.3
says 1 "couldn't get address for 'nix.example.com': not found" www.example.com nix.example.com
says 64 'there is no option -typ=mx; did you mean -type?' -typ=mx example.com
says 64 'invalid port .0.: out of range' -port=0 example.com
says 64 'one NAME and one SERVER are enough' a b c
says 64 'tulle dig' -type=axfr example.com
system 'nameserver 127.0.9.9' 'options timeout:1 attempts:1'
says 5 'no name server answered' www.example.com ns1.example.com
system 'nameserver 127.0.0.53'

prints() { # WHAT WORDS COMMAND...: on standard output
	what=$1 words=$2
	shift 2
	"$@" >log 2>&1
	grep -q -- "$words" log
	result $? "$what"
}
prints 'a name in other letters is asked for by its A-labels' '^Name:	xn--bcher-kva.example.com$' "$TULLE" nslookup Bücher.example.com
prints 'and shown as it was typed, if wanted' '^Name:	bücher.example.com$' "$TULLE" nslookup -idn bücher.example.com
prints 'in data, too' 'mail exchanger = 5 mail.bücher.example.com.$' "$TULLE" nslookup -idn -type=mx bücher.example.com
prints 'without IDN it is only bytes' "can't find b.195.188cher.example.com: NXDOMAIN" "$TULLE" nslookup -noidn bücher.example.com
prints 'a session says what it can' 'set type=TYPE' sh -c "echo help | '$TULLE' nslookup"
prints 'a server for one name' '^Address:	127.0.9.2#53$' sh -c "printf 'www.example.com 127.0.9.2\nwww.example.com\n' | '$TULLE' nslookup"
result "$(grep -c '^Address:	127.0.0.53#53$' log | sed 's/^1$/0/')" 'and the others still ask who was asked before'
prints 'what is no name does not end a session' 'Address: 10.1.0.1' sh -c "printf 'a..b\nserver a..b\nserver nix.example.com\nwww.example.com\n' | '$TULLE' nslookup"
prints 'a line longer than any name is passed over' 'Address: 10.1.0.1' sh -c "{ head -c 100000 /dev/zero | tr '\0' a; printf '\nwww.example.com'; } | '$TULLE' nslookup"
grep -q 'a line is longer than 1099 bytes' log
result $? 'and told'
prints 'each step, with d2' '^;; asking 127.0.0.53#53 over UDP: www.example.com, type AAAA, to recurse$' "$TULLE" nslookup -d2 www.example.com
grep -q '^;; 127.0.0.53#53 answered NOERROR over UDP after ' log
result $? 'and how long it took'
prints 'over TCP when cut short' '^;; Truncated, retrying in TCP mode.$' "$TULLE" nslookup -type=txt big.example.com
"$TULLE" nslookup --json web.example.com >log 2>&1 && python3 -c '
import json, sys
first, second = [json.loads(line) for line in open("log")]
assert [r["rdata"] for r in first["answerRRs"]] == ["www.example.com.", "10.1.0.1"] and first["server"]["name"] == "127.0.0.53"
assert [r["rdata"] for r in second["answerRRs"]] == ["2001:db8::1"] and second["QTYPEname"] == "AAAA" and second["RCODE"] == 0
' >>log 2>&1
result $? '--json: a line an answer'
timeout 100 python3 "$here/nslookup.py" >told 2>&1
status=$?
awk -v n=$n '/^(not )?ok / { sub(/ok [0-9]+/, "ok " ++n) } { print }' told | grep '^\(ok\|not ok\|#\) '
[ $status = 0 ] || grep -v '^\(ok\|not ok\|#\)' told | sed 's/^/# /'
echo "1..$((n + $(grep -c '^\(ok\|not ok\) ' told)))"
exit $status
