#!/bin/sh
# SPDX-License-Identifier: ISC
# Real programs inside labs/internet.yaml: dig, ping, nc (OpenBSD's) and curl at client1, as root and as nobody, over a
# TAP and over a veth pair.
#
#   program ~ kernel's TCP ~ device | bridge - lan - router - cache - resolver - root, com, ns1, ns2
#                                                      `----- near - www1: echo on 6666, http on 80
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
n=0
result() { # STATUS WHAT
	n=$((n + 1))
	[ "$1" = 0 ] && { echo "ok $n - $2"; return; }
	[ -s "$work/log" ] && head -c 4000 "$work/log" | sed 's/^/# /'
	echo "not ok $n - $2"
}
check() { # WHAT COMMAND...
	what=$1
	shift
	"$@" >"$work/log" 2>&1
	result $? "$what"
}
# What nobody can read and run, wherever the checkout lies.
cp "$TULLE" "$work/tulle"
cp -R "$SOURCE/labs" "$work/labs"
chmod -R a+rX "$work"
cd "$work" || exit 1

# as WHO DEVICE COMMAND...: WHO is root, nobody or self; DEVICE is tap, veth (no TAP can be opened) or any.
as() {
	who=$1 device=$2
	shift 2
	[ "$who $device" = 'self any' ] && { "$@"; return; }
	# shellcheck disable=SC2016 # the inner shell's words
	unshare -m sh -c '
		who=$1 device=$2
		shift 2
		if [ "$device" != any ]; then
			mkdir -p /dev/net && mount -t tmpfs none /dev/net || exit 99
			[ "$device" = veth ] || mknod -m 666 /dev/net/tun c 10 200 || exit 99
			chmod 755 /dev/net
		fi
		[ "$who" = root ] && exec "$@"
		exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"' sh "$who" "$device" "$@"
}
lab() { # WHO DEVICE COMMAND...
	who=$1 device=$2
	shift 2
	as "$who" "$device" ./tulle lab exec labs/internet.yaml --at client1 -- "$@"
}

addresses() { # in any order, since they rotate
	[ "$(lab "$@" dig +short www.example.com | sort | tr '\n' ' ')" = '203.0.113.10 203.0.113.2 203.0.113.6 ' ]
}
from_the_root() {
	lab "$@" dig +trace +nodnssec +nodnssec www.example.com >trace
	cat trace
	grep -q '^com\..*a\.gtld\.example\.' trace && grep -q '^example\.com\..*ns1\.example\.com\.' trace &&
		grep -q '^www\.example\.com\..*203\.0\.113\.2$' trace
}
no_such_name() { lab "$@" dig nosuch.example.com | grep -q 'status: NXDOMAIN'; }
# Answers are never sooner than twice the delay, and the quickest of eight comes little later, on a busy machine too.
ping_takes() { # LEAST MOST WHO DEVICE TARGET
	least=$1 most=$2
	shift 2
	lab "$1" "$2" ping -n -c 8 -i 0.1 -W 5 "$3" >pinged
	status=$?
	cat pinged
	took=$(sed -n 's/^rtt[^=]*= \([0-9]*\).*/\1/p' pinged)
	[ $status = 0 ] && [ "$took" -ge "$least" ] && [ "$took" -lt "$most" ]
}
ping_delay() { ping_takes 10 20 "$@" 203.0.113.2; }
ping_by_name() { ping_takes 80 100 "$@" mail.example.com && grep -q '(203.0.113.6)' pinged; }
# The lab sleeps while the second question is sent; that one must not count as sent when the first was answered.
never_sooner() {
	# shellcheck disable=SC2016 # the inner shell's words
	lab "$@" sh -c 'ping -n -c 1 -W 2 203.0.113.6 >/dev/null
		ping -n -c 2 -i 0.2 -W 2 203.0.113.6 &
		sleep 0.03; kill -STOP $PPID; sleep 0.18; kill -CONT $PPID; wait' >pinged
	cat pinged
	took=$(sed -n 's/^rtt[^=]*= \([0-9]*\).*/\1/p' pinged)
	[ "$took" -ge 80 ]
}
ten_megabytes() {
	lab "$@" nc -N 203.0.113.2 6666 <data >back
	[ "$(sha256sum <data)" = "$(sha256sum <back)" ]
}
a_page() {
	lab "$@" curl -sS --max-time 20 http://www.example.com/ >page
	cmp page labs/www/index.html
}
a_page_over_tls() { # by the lab's own authority, which the program trusts
	lab "$@" curl -sS --max-time 20 https://www.example.com/ >page
	cmp page labs/www/index.html
}
nobody_else_believed() {
	lab "$@" curl -sS --max-time 20 https://stranger.example.com/ >said 2>&1
	[ $? = 60 ] && grep -q 'unable to get local issuer' said
}
refused_at_once() {
	lab "$@" sh -c 'date +%s%N; nc -v -w 10 203.0.113.2 9; echo $?; date +%s%N' >said 2>&1
	cat said
	grep -qi 'refused' said && [ "$(sed -n '$p' said)" -lt $(($(sed -n 1p said) + 1000000000)) ]
}
status_passed_on() { lab "$@" sh -c 'exit 37'; [ $? = 37 ]; }
signal_passed_on() { lab "$@" sh -c 'kill -9 $$'; [ $? = 137 ]; }
# Of the process around it, which takes its frames; as root it may not even signal its program any more.
locked_in() {
	# shellcheck disable=SC2016 # the inner shell's words
	lab "$@" sh -c 'cat /proc/$PPID/status' >said || return 1
	cat said
	grep -q '^Seccomp:.*2' said && grep -q '^NoNewPrivs:.*1' said && grep -q '^CapEff:.*0000000000000000' said || return 1
	! setpriv --reuid=65534 true 2>/dev/null || ! grep -q '^Uid:.*[[:space:]]0[[:space:]]' said
}
signal_handed_on() { # TERM and HUP, and twice
	# shellcheck disable=SC2016 # the inner shell's words
	lab "$@" sh -c 'n=; trap "n=\${n}T" TERM; trap "n=\${n}H" HUP
		for s in TERM HUP TERM; do kill -$s $PPID; sleep 0.1; sleep 0.1; done
		echo $n; [ $n = THT ]'
}
own_files() { # what belongs to the user stays the user's
	rm -f own
	as "$1" any sh -c 'echo hidden >own && chmod 600 own'
	lab "$@" sh -c 'cat own && id -un' >said || return 1
	[ "$(head -1 said)" = hidden ]
}
kind_of_device() { # a TAP has no other end
	lab "$@" sh -c 'test -e /sys/class/net || true; ip -o link show eth0 2>/dev/null || true' >said
	[ ! -s said ] && return 0
	case $2 in
	veth) grep -q 'eth0@' said ;;
	tap) ! grep -q 'eth0@' said ;;
	esac
}
ready_soon() { # the best of five; a machine that does nothing else needs under 100 ms
	best=999999
	for _ in 1 2 3 4 5; do
		before=$(date +%s%N)
		lab "$@" true || return 1
		took=$((($(date +%s%N) - before) / 1000))
		[ $took -lt $best ] && best=$took
	done
	echo "# ready, run and gone in $best us" >&3
	[ $best -lt 1000000 ]
}

try_all() { # WHO DEVICE
	check "$1, $2: the name is found through the lab's own root" addresses "$@"
	check "$1, $2: dig follows the referrals from the root" from_the_root "$@"
	check "$1, $2: a name that is not there" no_such_name "$@"
	check "$1, $2: ping is answered after the delay that is configured" ping_delay "$@"
	check "$1, $2: ping finds a name" ping_by_name "$@"
	check "$1, $2: not sooner either when the lab itself was held up" never_sooner "$@"
	check "$1, $2: 10 MB pass unharmed both ways through nc" ten_megabytes "$@"
	check "$1, $2: curl gets the page" a_page "$@"
	check "$1, $2: curl gets it over TLS" a_page_over_tls "$@"
	check "$1, $2: curl believes no other authority" nobody_else_believed "$@"
	check "$1, $2: a closed port is refused at once" refused_at_once "$@"
	check "$1, $2: exit status" status_passed_on "$@"
	check "$1, $2: killed by a signal" signal_passed_on "$@"
	check "$1, $2: the lab around it is locked in" locked_in "$@"
	check "$1, $2: signals to the lab are handed on" signal_handed_on "$@"
	check "$1, $2: files" own_files "$@"
	check "$1, $2: the device" kind_of_device "$@"
	check "$1, $2: ready in a moment" ready_soon "$@"
}

forbidden() {
	as "$1" any unshare --map-user=1000 --map-group=1000 --keep-caps sh -c '
		echo 0 >/proc/sys/user/max_user_namespaces || exit 98
		exec setpriv --ambient-caps=-all --inh-caps=-all ./tulle lab exec labs/internet.yaml --at client1 -- true' >said 2>&1
	status=$?
	cat said
	[ $status = 125 ] && grep -q '^tulle: .*user.max_user_namespaces is 0.*sysctl -w user.max_user_namespaces=[0-9]*$' said
}
wrong_words() {
	./tulle lab exec labs/internet.yaml --at clint1 -- true >said 2>&1
	[ $? = 64 ] && grep -q client1 said
}

exec 3>&1
head -c 10000000 /dev/urandom >data
for program in dig ping nc curl; do
	command -v $program >/dev/null || { echo "1..0 # SKIP there is no $program"; exit 0; }
done
if ! lab self any true 2>said; then
	sed 's/^/# /' said
	echo "1..0 # SKIP no namespaces can be made here"
	exit 0
fi
if [ "$(id -u)" = 0 ]; then
	chmod 777 "$work"
	for who in root nobody; do
		for device in tap veth; do
			as $who $device true 2>/dev/null && try_all $who $device
		done
	done
	check 'a clear word where namespaces are forbidden' forbidden root
else
	try_all self any
	check 'a clear word where namespaces are forbidden' forbidden self
fi
check 'a host that is not there, and the nearest that is' wrong_words
echo "1..$n"
