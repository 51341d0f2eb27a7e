#!/bin/sh
# SPDX-License-Identifier: ISC
# dump.sh - `tulle dump` beside Debian's tcpdump: on captures of packets of every kind, whole and cut short, with
# every option that changes what is shown, their lines must be the same; and a live capture in a namespace.
set -u
packets="$(dirname "$TULLE")/test/dump_packets"
dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
count=0

result() { # "ok" or "not ok", what
	count=$((count + 1))
	echo "$1 $count - $2"
}

same() { # FILE, the other words: what both print must be alike
	[ "$version" = 4.99.3 ] || return # ours prints as this one; later ones say some things otherwise
	file="$1"
	shift
	tcpdump -n -r "$file" "$@" >"$dir/theirs" 2>"$dir/theirs.err"
	"$TULLE" dump -n -r "$file" "$@" >"$dir/ours" 2>"$dir/ours.err"
	if [ -s "$dir/theirs" ] && diff "$dir/theirs" "$dir/ours" >"$dir/diff"; then
		result ok "$(basename "$file") $*: $(wc -l <"$dir/ours") lines"
	else
		head -n 12 "$dir/diff" "$dir/ours.err" | sed 's/^/# /'
		result "not ok" "$(basename "$file") $*"
	fi
}

fails() { # the words the error must have, and the words that lead to it
	words="$1"
	shift
	if "$TULLE" dump "$@" >"$dir/out" 2>"$dir/err"; then
		result "not ok" "dump $* must fail"
	elif grep -q -- "$words" "$dir/err" && [ ! -s "$dir/out" ]; then
		result ok "dump $*: $words"
	else
		sed 's/^/# /' "$dir/err"
		result "not ok" "dump $*: $words"
	fi
}

if ! command -v tcpdump >/dev/null; then
	echo "1..0 # SKIP there is no tcpdump here"
	exit 0
fi
version=$(tcpdump --version 2>&1 | sed -n 's/^tcpdump version //p')
[ "$version" = 4.99.3 ] || echo "# tcpdump here is $version; only 4.99.3 is asked"

"$packets" "$dir/all.pcap" || exit 1
same "$dir/all.pcap"
for options in -v -vv -vvv -e "-e -v" -S "-S -v" -q "-q -v" -qq -x -xx -X -XX -A -AA "-e -vv -X" -t -tt -ttt -tttt -ttttt \
	--nano "-ttt --nano" "-tttt --nano" "-c 5" --number "-nvtttr $dir/all.pcap"; do
	# shellcheck disable=SC2086
	same "$dir/all.pcap" $options
done
TZ=Asia/Kolkata
export TZ
same "$dir/all.pcap" -tttt
unset TZ
same "$dir/all.pcap" tcp port 6666 and host 10.0.0.1
same "$dir/all.pcap" -v 'icmp6 or arp or (udp and not port 53)'
for snaplen in 14 20 34 40 44 48 54 55 59 63 66 68 76 79 84 96 128; do
	"$packets" "$dir/cut$snaplen.pcap" "$snaplen" || exit 1
	same "$dir/cut$snaplen.pcap"
	same "$dir/cut$snaplen.pcap" -e -v
done

# What -w writes is read back by both, and a pcapng file is as good.
"$TULLE" dump -r "$dir/all.pcap" -w "$dir/copy.pcap" not arp 2>/dev/null
same "$dir/copy.pcap" -v --nano
if command -v editcap >/dev/null; then
	editcap -F pcapng "$dir/all.pcap" "$dir/all.pcapng"
	same "$dir/all.pcapng" -e --nano
fi

fails "No such file" -r "$dir/none"
fails "unknown file format" -r "$0"
fails "syntax error" -r "$dir/all.pcap" tcp prot 80
fails "there is no option -Z" -Z
fails "did you mean --snapshot-length" --snapshot-lenght=3
fails "not a count" -c many
fails "cannot be written" -r "$dir/all.pcap" -w /dev/full
head -c 5000 "$dir/all.pcap" >"$dir/half.pcap"
if "$TULLE" dump -r "$dir/half.pcap" >"$dir/out" 2>"$dir/err"; then
	result "not ok" "a file that ends within a packet is an error"
elif [ "$(wc -l <"$dir/out")" -gt 10 ] && grep -q truncated "$dir/err"; then
	result ok "a file that ends within a packet is shown up to there, then it is an error"
else
	result "not ok" "a file that ends within a packet is shown up to there, then it is an error"
fi

# In a namespace of our own: a client pings itself; one dump counts, one writes, one is asked to stop.
cat >"$dir/live.sh" <<'END'
ip link set lo up
"$TULLE" dump -n -i lo -c 2 icmp >"$dir/live" 2>"$dir/live.err" & first=$!
"$TULLE" dump -i lo -c 4 -w "$dir/live.pcap" icmp 2>/dev/null & second=$!
"$TULLE" dump -n -i lo udp port 4000 >"$dir/none" 2>"$dir/stopped.err" & third=$!
for i in 1 2 3 4 5 6 7 8 9 10; do
	sleep 0.2
	[ "$(cat "$dir"/live.err "$dir"/stopped.err | grep -c listening)" = 2 ] && break
done
sleep 0.3
ping -c 2 -i 0.2 127.0.0.1 >/dev/null
wait "$first" && wait "$second" || exit 1
kill -INT "$third"
wait "$third"
END
export dir TULLE
. "$SOURCE/test/namespace.sh"
if [ -z "$own_network" ] || ! command -v ping >/dev/null || ! command -v ip >/dev/null; then
	result ok "a live capture # SKIP no namespace, ping or ip here"
elif unshare $own_network sh "$dir/live.sh"; then
	result ok "a live capture ends by -c and by an interrupt"
	if [ "$(grep -c 'IP 127.0.0.1 > 127.0.0.1: ICMP echo' "$dir/live")" = 2 ] && grep -q "^2 packets captured" "$dir/live.err"; then
		result ok "it shows what the filter lets through, and how many there were"
	else
		sed 's/^/# /' "$dir/live" "$dir/live.err"
		result "not ok" "it shows what the filter lets through, and how many there were"
	fi
	if grep -q "^0 packets captured" "$dir/stopped.err" && [ ! -s "$dir/none" ]; then
		result ok "an interrupt ends it with its counts"
	else
		sed 's/^/# /' "$dir/stopped.err"
		result "not ok" "an interrupt ends it with its counts"
	fi
	same "$dir/live.pcap" -v --nano
else
	sed 's/^/# /' "$dir/live.err" "$dir/stopped.err"
	result "not ok" "a live capture ends by -c and by an interrupt"
fi
echo "1..$count"
