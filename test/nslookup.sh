#!/bin/sh
# SPDX-License-Identifier: ISC
# A little internet's names on one host: root, com, example.com and a resolver, each `tulle dns` on an address of
# its own in a network namespace. The real dig and nslookup ask the resolver; `tulle nslookup` must say what they say.
#
#      dig, nslookup          resolver            root        com         example.com        example.net
#                        127.0.0.53 :53 ----- 127.0.1.1   127.0.2.1   127.0.3.1, .3.2     127.0.4.1
#
if [ "$INSIDE" != yes ]; then
	for tool in dig nslookup unshare ip; do
		command -v $tool >/dev/null || { echo "1..0 # SKIP no $tool here"; exit 0; }
	done
	unshare -rnm true 2>/dev/null || { echo "1..0 # SKIP no user namespaces here"; exit 0; }
	INSIDE=yes exec unshare -rnm "$0"
fi

ip link set lo up
dir=$(mktemp -d)
count=0
failed=0
ok() { count=$((count + 1)); echo "ok $count - $1"; }
not_ok() { count=$((count + 1)); failed=1; echo "not ok $count - $1"; sed 's/^/# /' "$dir/why"; }
check() { # what, command...
	what=$1
	shift
	if "$@" >"$dir/why" 2>&1; then ok "$what"; else not_ok "$what"; fi
}
is() { # got, wanted
	[ "$1" = "$2" ] && return
	printf 'got:\n%s\nwanted:\n%s\n' "$1" "$2"
	return 1
}
finish() {
	kill $pids 2>/dev/null
	wait
	rm -rf "$dir"
	echo "1..$count"
	exit $failed
}

cat >"$dir/root" <<'END'
$ORIGIN .
$TTL 86400
@ SOA a.root. hostmaster.root. 1 1800 900 604800 60
@ NS a.root.
a.root. A 127.0.1.1
com. NS a.gtld.com.
a.gtld.com. A 127.0.2.1
net. NS a.gtld.com.
in-addr.arpa. NS ns1.example.com.
in-addr.arpa. NS ns2.example.com.
END
cat >"$dir/com" <<'END'
$ORIGIN com.
$TTL 86400
@ SOA a.gtld hostmaster 1 1800 900 604800 60
@ NS a.gtld
a.gtld A 127.0.2.1
example NS ns1.example
example NS ns2.example
ns1.example A 127.0.3.1
ns2.example A 127.0.3.2
dead NS ns.dead
ns.dead A 127.0.9.9
END
cat >"$dir/net" <<'END'
$ORIGIN net.
$TTL 86400
@ SOA a.gtld.com. hostmaster 1 1800 900 604800 60
@ NS a.gtld.com.
example NS ns1.example
ns1.example A 127.0.4.1
glueless NS ns1.example
END
{
	cat <<'END'
$ORIGIN example.com.
$TTL 300
@ SOA ns1 hostmaster 2026112200 3600 600 86400 60
@ NS ns1
@ NS ns2
@ MX 10 mail
@ MX 20 mail.example.net.
@ TXT "v=spf1 -all" "two strings"
ns1 A 127.0.3.1
ns2 A 127.0.3.2
www A 10.1.0.1
www A 10.1.0.2
www A 10.1.0.3
www AAAA 2001:db8::1
short 3 A 10.1.0.9
mail A 10.1.0.25
web CNAME www
away CNAME www.example.net.
_sip._udp SRV 1 2 5060 www
END
	for i in $(seq 100); do echo "big TXT \"record number $i, of so many that they do not fit a datagram\""; done
} >"$dir/example.com"
cat >"$dir/example.net" <<'END'
$ORIGIN example.net.
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 60
@ NS ns1
ns1 A 127.0.4.1
www A 10.2.0.1
mail A 10.2.0.25
END
cat >"$dir/glueless.net" <<'END'
$ORIGIN glueless.net.
$TTL 300
@ SOA ns1.example.net. hostmaster 1 3600 600 86400 60
@ NS ns1.example.net.
www A 10.3.0.1
END
cat >"$dir/in-addr.arpa" <<'END'
$ORIGIN in-addr.arpa.
$TTL 300
@ SOA ns1.example.com. hostmaster.example.com. 1 3600 600 86400 60
@ NS ns1.example.com.
1.0.1.10 PTR www.example.com.
END

listens() { # file that a server's words go to: waits until it is ready
	for try in $(seq 200); do
		grep -qi listening "$1" && return
		sleep 0.05
	done
}
serve() { # address, zones...
	listen=$1
	shift
	zones=
	for z in "$@"; do zones="$zones --zone $dir/$z"; done
	"$TULLE" dns serve --no-rotate --listen "$listen" $zones >"$dir/serve-$listen" 2>&1 &
	pids="$pids $!"
}
serve 127.0.1.1 root
serve 127.0.2.1 com net
serve 127.0.3.1 example.com in-addr.arpa
first=$!
serve 127.0.3.2 example.com in-addr.arpa
serve 127.0.4.1 example.net glueless.net
"$TULLE" dns resolve --root 127.0.1.1 --listen 127.0.0.53 --no-rotate --explain >"$dir/log" 2>&1 &
resolver=$!
pids="$pids $resolver"
trap 'exit 1' INT TERM
for f in serve-127.0.1.1 serve-127.0.2.1 serve-127.0.3.1 serve-127.0.3.2 serve-127.0.4.1 log; do listens "$dir/$f"; done

mark() { lines=$(wc -l <"$dir/log"); }
since() { tail -n +$((lines + 1)) "$dir/log"; } # what the resolver has said since
resolve() { dig +short +tries=1 @127.0.0.53 "$@"; }

mark
check "dig gets the three addresses" is "$(resolve www.example.com)" "10.1.0.1
10.1.0.2
10.1.0.3"
check "by a referral with glue" grep -q 'referral from com. to example.com.: 2 servers, glue 127.0.3.1 127.0.3.2' "$dir/log"
mark
sleep 2.1
ttl=$(dig +noall +answer @127.0.0.53 www.example.com | awk 'NR == 1 { print $2 }')
check "again from the cache, and the TTL has counted down" test "$ttl" -le 298 -a "$ttl" -ge 290
check "nobody was asked for that" is "$(since | grep -c 'answer from cache')" 1
check "an alias into another zone" is "$(resolve away.example.com)" "www.example.net.
10.2.0.1"
check "a zone whose server must be looked up" is "$(resolve www.glueless.net)" "10.3.0.1"
check "what does not fit a datagram comes over TCP" is "$(resolve big.example.com TXT | wc -l)" 100
check "cut short over UDP" is "$(dig +ignore @127.0.0.53 big.example.com TXT | grep -c 'flags: qr tc rd ra')" 1
check "no such name" is "$(dig @127.0.0.53 nix.example.com | grep -c 'status: NXDOMAIN')" 1
mark
dig @127.0.0.53 nix.example.com MX >/dev/null
check "which holds for every type, from the cache" is "$(since | grep -c 'from cache')" 1
check "no data, with the SOA" is "$(dig @127.0.0.53 www.example.com TXT | grep -c '^example.com.*SOA')" 1
check "the resolver says that it recurses" is "$(dig @127.0.0.53 www.example.com | grep -c 'flags: qr rd ra;')" 1
check "EDNS is answered with EDNS" is "$(dig @127.0.0.53 www.example.com | grep -c 'EDNS: version: 0, flags:; udp: 1232')" 1
check "without recursion it refuses" is "$(dig +norecurse @127.0.0.53 www.example.com | grep -c 'status: REFUSED')" 1
check "a zone transfer is not its business" is "$(dig +tcp @127.0.0.53 example.com AXFR | grep -c 'Transfer failed')" 1
check "two questions over one connection" is "$(dig +short +tcp +keepopen @127.0.0.53 www.example.net mail.example.net)" "10.2.0.1
10.2.0.25"
check "a reverse name" is "$(resolve -x 10.1.0.1)" "www.example.com."
for i in $(seq 10); do
	for k in $(seq 30); do echo "n$i-$k.example.com"; done >"$dir/names$i"
	dig +tries=3 @127.0.0.53 -f "$dir/names$i" >"$dir/many$i" &
	digs="$digs $!"
done
wait $digs
check "three hundred questions by ten at once" is "$(cat "$dir"/many* | grep -c 'status: NXDOMAIN')" 300
check "a short TTL ends" is "$(resolve short.example.com)" "10.1.0.9"
sleep 3.1
mark
check "and then it is asked for again" is "$(resolve short.example.com)" "10.1.0.9"
check "not at the root" is "$(since | grep -c 'servers of example.com. known from the cache')" 1
check "a dead zone is SERVFAIL" is "$(dig +tries=1 +timeout=12 @127.0.0.53 www.dead.com | grep -c 'status: SERVFAIL')" 1
kill $first
for i in 1 2 3 4 5 6; do resolve _sip._udp.example.com SRV; resolve w$i.example.com; done >/dev/null
check "with one server gone the other answers" is "$(resolve mail.example.com)" "10.1.0.25"

same() { # nslookup's words: the same on standard output; its status is ours if all went well, and no data is not well
	nslookup "$@" >"$dir/theirs" 2>/dev/null
	theirs=$?
	"$TULLE" nslookup "$@" >"$dir/ours" 2>"$dir/sentence"
	ours=$?
	sed -i 's/ttl = \(29[0-9]\|300\)$/ttl = about 300/' "$dir/theirs" "$dir/ours" # a second may pass between the two
	diff "$dir/theirs" "$dir/ours" || return 1
	if [ $ours = 0 ] || [ $ours = 3 ]; then is "$theirs" 0; else is "$theirs" 1; fi || return 1
	[ $ours = 0 ] || grep -q "^nslookup: .*: " "$dir/sentence"
}
for words in www.example.com web.example.com away.example.com nix.example.com mail.example.com _sip._udp.example.com \
             "-type=mx example.com" "-type=ns example.com" "-type=soa example.com" "-type=txt example.com" \
             "-type=srv _sip._udp.example.com" "-type=aaaa www.example.com" "-type=mx nix.example.com" "-type=a example.com" \
             "-type=txt big.example.com" 10.1.0.1 10.9.9.9 "-debug -type=mx example.com" "-debug web.example.com" \
             www.dead.com; do
	check "nslookup $words: the same as BIND's" same $words 127.0.0.53
done
printf 'nameserver 127.0.0.53\n' >"$dir/resolv.conf"
mount --bind "$dir/resolv.conf" /etc/resolv.conf
check "the system's own server: the same" same www.example.com
check "with its server's name: the same" same -type=mx example.com ns2.example.com
check "authoritative: the same" same www.example.com 127.0.3.2
check "a referral: the same" same www.example.com 127.0.2.1
check "refused: the same" same www.elsewhere.org 127.0.3.2
check "nobody answers: the same" same -timeout=1 www.example.com 127.0.9.9

"$TULLE" echo serve tcp://127.0.4.1:6666 >"$dir/echo" 2>&1 &
pids="$pids $!"
listens "$dir/echo"
check "other tools find hosts by name" sh -c "'$TULLE' echo call tcp://ns1.example.net:6666 --count 1 | grep -q 'Server ACK'"
check "and say when there is none" is "$("$TULLE" echo call tcp://nix.example.net:6666 --count 1 2>&1 | grep -o 'no such name: nix.example.net')" \
	"no such name: nix.example.net"

"$TULLE" dns resolve --forward 127.0.0.53 --listen 127.0.0.54 --port 5353 >"$dir/forward" 2>&1 &
pids="$pids $!"
listens "$dir/forward"
check "through a forwarder, which remembers" is "$(dig +short -p 5353 @127.0.0.54 away.example.com | tail -1)" 10.2.0.1
kill $resolver
check "even when that is gone" is "$(dig +short +tries=1 -p 5353 @127.0.0.54 away.example.com | tail -1)" 10.2.0.1
finish
