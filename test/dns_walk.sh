#!/bin/sh
# SPDX-License-Identifier: ISC
# From the root down, over three of BIND's named: `tulle dig +trace` prints what BIND's dig does, `tulle nslookup --trace` draws it,
# with all that can be wrong on the way; and `tulle nslookup --system` says of a name what getent gets for it.
#
#      127.0.0.53 a resolver     127.0.1.1 root     127.0.2.1 com, net     127.0.3.1 example.com and more     127.0.9.9 silence
#
if [ "${INSIDE:-}" != yes ]; then
	PATH=$PATH:/usr/sbin:/sbin
	export PATH
	for tool in named dig getent python3 unshare ip; do
		command -v $tool >/dev/null || { echo "1..0 # SKIP no $tool here"; exit 0; }
	done
	unshare -rnm true 2>/dev/null || { echo "1..0 # SKIP no user namespaces here"; exit 0; }
	for file in /etc/resolv.conf /etc/hosts /etc/nsswitch.conf /etc/host.conf; do
		[ -e $file ] || { echo "1..0 # SKIP no $file here to put another over"; exit 0; }
	done
	INSIDE=yes exec unshare -rnm "$0"
fi
IN_NAMESPACE=1
here=$(cd "$SOURCE/test" && pwd)
. "$here/ground.sh"
for address in 127.0.0.53 127.0.1.1 127.0.2.1 127.0.3.1; do ip addr add $address/32 dev lo; done # named wants them named
ip addr add 2001:db8:ffff::1/128 dev lo # getent leaves out IPv6 where there is none
unset LOCALDOMAIN RES_OPTIONS IDN_DISABLE

# --- a root, two top levels and what is below ---

cat >zone.root <<'END'
$TTL 86400
. SOA a.root. hostmaster.root. 1 1800 900 604800 60
. NS a.root.
a.root. A 127.0.1.1
com. NS a.gtld.com.
a.gtld.com. A 127.0.2.1
net. NS a.gtld.com.
END
cat >zone.com <<'END'
$ORIGIN com.
$TTL 86400
@ SOA a.gtld hostmaster 1 1800 900 604800 60
@ NS a.gtld
a.gtld A 127.0.2.1
example NS ns1.example
ns1.example A 127.0.3.1
sub.example NS ns1.example
lame NS ns.lame
ns.lame A 127.0.3.1
dead NS ns.dead
ns.dead A 127.0.9.9
half NS ns1.half
half NS ns2.half
ns1.half A 127.0.9.9
ns2.half A 127.0.3.1
inside NS ns.inside
END
cat >zone.net <<'END'
$ORIGIN net.
$TTL 86400
@ SOA a.gtld.com. hostmaster.com. 1 1800 900 604800 60
@ NS a.gtld.com.
glueless NS ns1.example.com.
x NS ns.y
y NS ns.x
END
cat >zone.example.com <<'END'
$ORIGIN example.com.
$TTL 300
@ SOA ns1 hostmaster 2026112200 3600 600 86400 60
@ NS ns1
@ MX 10 mail
ns1 A 127.0.3.1
www A 10.1.0.1
www AAAA 2001:db8::1
mail A 10.1.0.25
six AAAA 2001:db8::6
web CNAME www
away CNAME www.glueless.net.
text TXT "x"
deep.www A 10.1.0.99
round CNAME round.glueless.net.
END
cat >zone.glueless.net <<'END'
$ORIGIN glueless.net.
$TTL 300
@ SOA ns1.example.com. hostmaster.example.com. 1 3600 600 86400 60
@ NS ns1.example.com.
www A 10.3.0.1
only A 10.3.0.2
round CNAME round.example.com.
END
cat >zone.half.com <<'END'
$ORIGIN half.com.
$TTL 300
@ SOA ns2 hostmaster 1 3600 600 86400 60
@ NS ns1
@ NS ns2
ns1 A 127.0.9.9
ns2 A 127.0.3.1
www A 10.4.0.1
END
serve() { # ADDRESS ZONE...: "." is in zone.root
	address=$1
	shift
	{
		echo "options { directory \"$work\"; listen-on { $address; }; listen-on-v6 { none; }; recursion no; pid-file none;"
		echo "session-keyfile none; dnssec-validation no; rrset-order { order fixed; }; minimal-responses no; };"
		echo "controls {};"
		for z in "$@"; do
			file=$z
			[ "$z" = . ] && file=root
			echo "zone \"$z\" { type primary; file \"zone.$file\"; check-integrity no; };"
		done
	} >named.$address.conf
	./named -g -c named.$address.conf >named.$address 2>&1 &
	servers="$servers $!"
}
own named
serve 127.0.1.1 .
serve 127.0.2.1 com net
serve 127.0.3.1 example.com glueless.net half.com
python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.9.9", 53))
print("bound", flush=True)
time.sleep(600)' >silence 2>&1 &
servers="$servers $!"
cat >hints <<'END'
. 3600 NS a.root.
a.root. 3600 A 127.0.1.1
END
cat >named.resolver.conf <<END
options { directory "$work"; listen-on { 127.0.0.53; }; listen-on-v6 { none; }; recursion yes; allow-query { any; }; pid-file none;
	session-keyfile none; dnssec-validation no; empty-zones-enable no; };
controls {};
zone "." { type hint; file "hints"; };
END
./named -g -c named.resolver.conf >named.resolver 2>&1 &
servers="$servers $!"
: >resolv.conf
cp /etc/hosts hosts
: >nsswitch.conf
echo 'multi on' >host.conf
for file in resolv.conf hosts nsswitch.conf host.conf; do mount --bind $file /etc/$file; done
good=0
for s in 127.0.1.1 127.0.2.1 127.0.3.1 resolver; do await named.$s ' running$' || good=1; done
await silence bound || good=1
cat named.* >server
result $good 'three named, a resolver and one that keeps silent'
rm server
echo 'nameserver 127.0.0.53' >resolv.conf

# --- +trace: as BIND's ---

dig @127.0.0.53 . ns >log # so that it knows all of the root when it is asked first
dig @127.0.0.53 a.root >log

# Without what differs from run to run: who greets, times, how long the resolver has known the root.
plain() { sed '/^; <<>>/d; s/ in [0-9]* ms/ in N ms/; s/^\.\t\t\t[0-9]*\t/.\t\t\tTTL\t/' "$1"; }
trace() { # WORDS...
	timeout 20 dig +trace +nocookie "$@" >theirs 2>&1
	theirs=$?
	timeout 20 "$TULLE" dig +trace +nocookie "$@" >ours 2>&1
	ours=$?
	plain theirs >theirs.plain
	plain ours >ours.plain
	diff theirs.plain ours.plain >log && [ $ours = $theirs ] && grep -q Received ours
	result $? "dig +trace $*: as BIND's"
}
for words in www.example.com 'six.example.com aaaa' 'example.com mx' web.example.com away.example.com www.glueless.net nix.example.com \
             text.example.com nix.com 'com soa' '+nodnssec www.example.com' '+tcp www.example.com' '@127.0.0.53 www.example.com' \
             '-4 example.com ns'; do trace $words; done
timeout 20 "$TULLE" dig +trace +short www.example.com 2>&1 | sed 's/in [0-9]* ms/in N ms/' >ours
timeout 20 dig +trace +short www.example.com 2>&1 | sed 's/in [0-9]* ms/in N ms/' >theirs
diff theirs ours >log
result $? "dig +trace +short: as BIND's"
wants 'dig +trace where nobody serves the zone: status 9' 9 'every server that should serve it does not: lame.com.' \
	"$TULLE" dig +trace www.lame.com
"$TULLE" dig +trace +json www.example.com >log 2>&1 && python3 -c '
import json, sys
j = json.load(open("log"))
assert [s["what"] for s in j["steps"]] == ["root", "referral", "referral", "answer"], j
assert j["outcome"] == "answered" and j["questions"] >= 4' 2>>log
result $? 'dig +trace +json'

# --- drawn ---

draws() { # WHAT STATUS NAME WORDS... : a line each that must stand in it, blanks as one; NAME may have options
	what=$1 status=$2 name=$3
	shift 3
	# shellcheck disable=SC2086
	timeout 40 "$TULLE" nslookup --trace --root=127.0.1.1 -timeout=1 $name >drawn 2>&1 </dev/null
	got=$?
	sed 's/  */ /g; s/ [0-9.]* ms / T /' drawn >log
	good=0
	[ $got = "$status" ] || { good=1; echo "status $got, not $status" >>log; }
	for words in "$@"; do grep -qF -- "$words" log || { good=1; echo "lacks: $words" >>log; }; done
	result $good "$what"
}
draws 'a walk' 0 www.example.com '. 127.0.1.1 T knows who serves com.' '└ com. a.gtld.com (127.0.2.1) T knows who serves example.com.' \
	' └ example.com. ns1.example.com (127.0.3.1) T www.example.com. A 10.1.0.1 (authoritative)' '3 questions, '
draws 'no such name' 2 nix.example.com 'nix.example.com.: there is no such name' '3 questions'
draws 'no data' 3 '-type=aaaa text.example.com' 'text.example.com. exists, but has no AAAA (authoritative)'
draws 'an alias across zones, and a server without glue' 0 away.example.com 'away.example.com. is an alias for www.glueless.net.' \
	'└ glueless.net. ns1.example.com its address did not come along, it is looked up' 'www.glueless.net. A 10.3.0.1 (authoritative)'
draws 'aliases in a circle' 7 round.example.com 'the aliases lead back to one another'
draws 'a lame server' 7 www.lame.com 'ns.lame.com (127.0.3.1) T REFUSED: it does not serve lame.com. (lame)' \
	'every server that should serve it does not: lame.com.'
draws 'a silent server' 5 www.dead.com 'silent, asked 2 times' 'no server answered of those that serve dead.com.'
draws 'missing glue' 7 www.inside.com 'but not where to find ns.inside.com. (no glue)' 'there is no server with an address for inside.com.'
draws 'servers that hang on one another' 7 www.x.net 'ns.x.net no address found: its zone hangs on this one, and this one on it'
good=1
for i in 1 2 3 4 5 6 7 8; do # which of two is asked first is chance
	timeout 20 "$TULLE" nslookup --trace --root=127.0.1.1 -timeout=1 www.half.com >log 2>&1 || break
	grep -q 'A 10.4.0.1' log || break
	grep -q 'ns1.half.com (127.0.9.9).*silent' log && good=0 && break
done
result $good 'the next server is asked when one keeps silent'
draws 'an address: its name' 2 10.1.0.1 '1.0.1.10.in-addr.arpa. does not exist'
wants 'where the root is, the resolver says' 0 '127.0.0.53  *[0-9.]* ms   says who serves the root: 1 server' \
	"$TULLE" nslookup --trace www.example.com
"$TULLE" nslookup --trace --json --root 127.0.1.1 away.example.com >log 2>&1 && python3 -c '
import json
j = json.load(open("log"))
assert [s["what"] for s in j["steps"]] == ["referral", "referral", "alias", "referral", "referral", "glueless", "answer", "answer"], j
assert j["steps"][-1]["records"] == [{"name": "www.glueless.net.", "type": "A", "ttl": 300, "data": "10.3.0.1"}]
assert j["questions"] == 7 and j["steps"][6]["detour"] == 1' 2>>log
result $? 'the same as JSON'
wants '--root wants an address' 64 "takes an address" "$TULLE" nslookup --trace --root nowhere www.example.com
wants 'no SERVER with it' 64 'no SERVER' "$TULLE" nslookup --trace www.example.com 127.0.0.53
wants 'what is no name' 6 'is no domain name' "$TULLE" nslookup --trace a..b

# --- what this machine would do: as getent gets it ---

cat >hosts <<'END'
127.0.0.1 localhost
# comments
10.9.9.1 www.example.com one uno
  10.9.9.2	ONE # here, too: two
2001:db8::9 one
10.9.9.3 dotted.example.
10.9 short
END
system() { # RESOLV NSSWITCH: a line or more of each
	printf "%b\n" "$1" >resolv.conf
	printf "%b\n" "$2" >nsswitch.conf
}
same() { # NAME...: the addresses that getent gets, in whatever order, and whether there are any
	for name in "$@"; do
		timeout 30 getent ahosts "$name" 2>/dev/null | awk '{ print $1 }' | sort -u >theirs
		timeout 30 "$TULLE" nslookup --system --json "$name" >said 2>log
		status=$?
		sed -n 's/.*"machine": {"addresses": \[\([^]]*\)\].*/\1/p' said | tr -d '" ' | tr ',' '\n' | sort -u | sed '/^$/d' >ours
		cat said resolv.conf nsswitch.conf >>log
		diff theirs ours >>log && { [ -s theirs ] && [ $status = 0 ] || { [ ! -s theirs ] && [ $status != 0 ]; }; }
		result $? "$name: as getent gets it ($(head -1 nsswitch.conf), $(tail -1 resolv.conf))"
	done
}
n53='nameserver 127.0.0.53'
system "$n53" 'hosts: files dns'
same www.example.com one ONE uno two dotted.example. dotted.example short mail.example.com six.example.com away.example.com nix.example.com \
	localhost 10.1.2.3 2001:db8::5
echo 'multi off' >host.conf
same one
echo 'multi on' >host.conf
system "$n53" 'hosts: dns files'
same www.example.com uno nix.example.com
system "$n53" 'hosts: files [NOTFOUND=return] dns'
same mail.example.com one
system "$n53" 'hosts: files [SUCCESS=continue] dns'
same www.example.com uno
system "$n53" 'hosts: dns [!UNAVAIL=return] files'
same uno www.example.com
system 'nameserver 127.0.7.7\noptions timeout:1 attempts:1' 'hosts: dns [!UNAVAIL=return] files'
same uno
system 'nameserver 127.0.7.7\noptions timeout:1 attempts:1' 'hosts: dns [UNAVAIL=return] files'
same uno
system "$n53" 'hosts: files [no=thing] dns'
same one
system "$n53" 'passwd: files'
same one mail.example.com
system "$n53" 'hosts: nosuchservice files'
same uno
search='search example.com glueless.net'
system "$n53\n$search" 'hosts: files dns'
same mail only mail. www.glueless.net nix sub.mail
system "$n53\n$search\noptions ndots:3" 'hosts: dns'
same mail.example.com only www.glueless.net
system "$n53\n$search\noptions no-tld-query" 'hosts: dns'
same mail com
system "nameserver 127.0.3.1\n$n53\n$search\noptions timeout:1 attempts:1" 'hosts: dns' # the first refuses what it does not serve
same mail www.glueless.net only
system 'nameserver 127.0.3.1\nsearch com example.com\noptions timeout:1 attempts:1' 'hosts: dns' # it refuses all of com
same mail deep.www
system 'nameserver 127.0.3.1\nsearch example.com com\noptions timeout:1 attempts:1' 'hosts: dns'
same mail deep.www
system "$n53\ndomain glueless.net" 'hosts: dns'
same only mail

system "$n53\n$search" 'passwd: files\nhosts: files mdns4_minimal [NOTFOUND=return] resolve dns'
wants 'they differ' 0 'They differ: this machine answers 10.9.9.1 from /etc/hosts line 3; the DNS says 10.1.0.1 2001:db8::1' \
	"$TULLE" nslookup --system www.example.com
wants 'the order, and where it stands' 0 '/etc/nsswitch.conf line 2: files mdns4_minimal \[NOTFOUND=return\] resolve dns' \
	"$TULLE" nslookup --system mail
wants 'who cannot be asked' 0 'unless it is answered by resolve' "$TULLE" nslookup --system mail
wants 'by the search list' 0 'this machine answers 10.1.0.25 from the DNS, as mail.example.com.; the DNS says that there is no name mail.' \
	"$TULLE" nslookup --system mail
wants 'the same' 0 'The same: this machine answers 10.1.0.25 from the DNS' "$TULLE" nslookup --system mail.example.com
wants 'no such name: status 2' 2 'finds no address; the DNS says that there is no name nix.' "$TULLE" nslookup --system nix
wants 'no data: status 3' 3 'text.example.com. has no address' "$TULLE" nslookup --system text.example.com
system 'nameserver 127.0.9.9\noptions timeout:1 attempts:1' 'hosts: dns'
wants 'silence: status 5' 5 'A: timed out' "$TULLE" nslookup --system nix.example.com
wants 'no name: status 6' 6 'is no domain name' "$TULLE" nslookup --system a..b
echo "1..$n"
