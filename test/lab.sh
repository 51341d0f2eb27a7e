#!/bin/sh
# SPDX-License-Identifier: ISC
# labs/internet.yaml is played: everything it expects comes true; the same seed gives the same bytes and another
# seed others; the real tcpdump and tshark read the capture and find nothing wrong but what is wrong on purpose; a
# full disk leaves a file that opens; and what a person may get wrong is told.
lab=$SOURCE/labs/internet.yaml
dir=$(mktemp -d)
chmod 755 "$dir" # a run of root's reads as nobody
count=0
failed=0
ok() { count=$((count + 1)); echo "ok $count - $1"; }
not_ok() { count=$((count + 1)); failed=1; echo "not ok $count - $1"; tail -n 20 "$dir/why" | sed 's/^/# /'; }
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }
check() { # what, command...
	what=$1
	shift
	if "$@" >"$dir/why" 2>&1; then ok "$what"; else not_ok "$what"; fi
}
run() { "$TULLE" lab run "$lab" --out "$dir/$1" --seed "$2" >"$dir/$1.txt" 2>"$dir/$1.err"; }

check "everything that is expected comes true" run a 1
grep -q '✗' "$dir/a.txt" && sed 's/^/# /' "$dir/a.txt" | grep '✗'
run b 1
check "the same seed gives the same text" cmp "$dir/a.txt" "$dir/b.txt"
check "the same seed gives the same capture" cmp "$dir/a/internet.pcapng" "$dir/b/internet.pcapng"
check "the same seed gives the same page" cmp "$dir/a/internet.html" "$dir/b/internet.html"
for seed in 2 3 4; do check "with seed $seed everything comes true too" run c $seed; done
differs() { ! cmp -s "$1" "$2"; }
check "another seed gives another text" differs "$dir/a.txt" "$dir/c.txt"
check "another seed gives another capture" differs "$dir/a/internet.pcapng" "$dir/c/internet.pcapng"

packets=$(sed -n 's/.*hold; \([0-9]*\) packets.*/\1/p' "$dir/a.txt")
if command -v tcpdump >/dev/null; then
	reads() { [ "$(tcpdump -nr "$1" 2>"$dir/tcpdump.err" | wc -l)" -ge "$2" ] && ! grep -i 'error\|truncated' "$dir/tcpdump.err"; }
	check "tcpdump reads all $packets packets" reads "$dir/a/internet.pcapng" "$packets"
	same_lines() { # the lab's lines of a scene against tcpdump's of the same packets, numbers for names
		"$TULLE" dump -nr "$dir/a/internet.pcapng" -c 2000 >"$dir/ours" && TZ=UTC tcpdump -nr "$dir/a/internet.pcapng" -c 2000 >"$dir/theirs" 2>/dev/null &&
			diff "$dir/ours" "$dir/theirs"
	}
	check "the first 2000 lines are tcpdump's own" same_lines
else
	skip "tcpdump reads all packets" "no tcpdump here"
fi
if command -v tshark >/dev/null; then
	shark() { tshark -r "$dir/a/internet.pcapng" -d tcp.port==6666,echo -d tcp.port==6667,echo -o ip.check_checksum:TRUE \
		-o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE "$@" 2>/dev/null; }
	wrong='ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0 || icmp.checksum.status==0 || icmpv6.checksum.status==0 || igmp.checksum.status==0'
	is() { echo "got: $1"; echo "wanted: $2"; [ "$1" = "$2" ]; }
	check "tshark finds no malformed packet" is "$(shark -Y _ws.malformed | head)" ""
	check "and no wrong checksum but the one that is meant, on its two links" is \
		"$(shark -Y "$wrong" -T fields -e frame.interface_name | tr '\n' ' ')" "client1:lan router:near "
	check "interfaces are named by host and link" is \
		"$(shark -c 1000 -T fields -e frame.interface_name | grep -c '^[a-z0-9]*:[a-z0-9-]*$')" 1000
	some() { [ "$1" -gt 0 ]; }
	check "TLS is opened by the secrets in the capture, without any option" some "$(shark -Y 'tls && http.response.code == 200' | wc -l)"
	check "and what is in no capture but under TLS" some "$(shark -Y 'tls.handshake.type == 20' | wc -l)"
	check "packets that were lost say so" is "$(shark -Y 'frame.comment contains "lost on the wire"' | head -n 1 | wc -l)" 1
	check "hosts have their names" is "$(shark -N n -c 2000 -Y 'udp.port == 53' | grep -c 'resolver')" \
		"$(shark -c 2000 -Y 'udp.port == 53 && ip.addr == 198.51.100.2' | wc -l)"
else
	skip "tshark finds nothing wrong" "no tshark here"
fi

# A full disk: a file system of one megabyte, or where that may not be made a limit to files' size.
full() {
	mkdir -p "$dir/full"
	if unshare -rm true 2>/dev/null; then
		unshare -rm sh -c "mount -t tmpfs -o size=1m none '$dir/full' && '$TULLE' lab run '$lab' --out '$dir/full' --quiet; status=\$?; cp '$dir/full/internet.pcapng' '$dir/cut.pcapng'; ls '$dir/full' > '$dir/left'; exit \$status"
	else
		sh -c "trap '' XFSZ; ulimit -f 1024; '$TULLE' lab run '$lab' --out '$dir/full' --quiet"
		status=$?
		cp "$dir/full/internet.pcapng" "$dir/cut.pcapng"
		return $status
	fi
}
full >"$dir/full.txt" 2>"$dir/full.err"
status=$?
cat "$dir/full.txt" "$dir/full.err" >"$dir/why"
if [ $status = 1 ]; then ok "a full disk is a failure"; else not_ok "a full disk is a failure (status $status)"; fi
check "and is told" grep -q 'cannot write .*internet.pcapng: ' "$dir/full.err"
check "the file has something in it" test "$(wc -c <"$dir/cut.pcapng")" -gt 100000
if command -v tcpdump >/dev/null; then
	check "and opens up to its last whole packet" reads "$dir/cut.pcapng" 100
else
	skip "and opens up to its last whole packet" "no tcpdump here"
fi

# What can be wrong on the command line and in the file.
says() { # status, pattern, words...
	wanted=$1 pattern=$2
	shift 2
	"$TULLE" lab "$@" >"$dir/out.txt" 2>&1
	status=$?
	cat "$dir/out.txt"
	echo "status $status, wanted $wanted and: $pattern"
	[ $status = "$wanted" ] && grep -q -- "$pattern" "$dir/out.txt"
}
check "a wrong verb names the nearest" says 64 'did you mean check' chekc "$lab"
check "a wrong option names the nearest" says 64 'did you mean --seed' run "$lab" --sed 3
check "a wrong scene names the nearest" says 64 "did you mean 'The handshake'" run "$lab" --scene 'The handshak' --out "$dir/d"
check "a file that is not there is told" says 1 'No such file' run "$dir/nothing.yaml"
check "a host that is not there names the nearest" says 64 'did you mean client1' exec "$lab" --at cleint1 -- true
check "a scene can be told alone" says 0 '== 7. The handshake ==' run "$lab" --scene 7 --out "$dir/e"
sed 's/count: 10000000/count: 10000001/' "$lab" >"$dir/wrong.yaml"
mkdir "$dir/www"
check "what is not as expected is told, with its place" says 1 \
	'✗ ten million bytes come back: expected bytes 10000001 of bulk; saw 10000000 (.*wrong.yaml:[0-9]*:9)' run "$dir/wrong.yaml" --quiet --out "$dir/f"
"$TULLE" lab run "$SOURCE/test/labs/fails.yaml" --out "$dir/h" >"$dir/fails.txt" 2>&1
cp "$dir/fails.txt" "$dir/why"
if [ "$(grep -c '✗' "$dir/fails.txt")" = 21 ] && ! grep -q '✓' "$dir/fails.txt"; then ok "each kind of expectation can fail"
else not_ok "each kind of expectation can fail"; fi
check "programs have the standard input that the file gives them" "$TULLE" lab run "$SOURCE/test/labs/input.yaml" --quiet --out "$dir/input"
sed 's/do: nc -N 192.0.2.2 6666, input/wrong-checksum: {to: "192.0.2.2:7777"}, input/' "$SOURCE/test/labs/input.yaml" >"$dir/nobody.yaml"
check "where there is no program, nothing is read" says 1 "expected 'do:' beside 'input:'" run "$dir/nobody.yaml" --out "$dir/nobody"
sed 's/^  bad: .*/  bad: {delai: 10ms}/' "$lab" >"$dir/misspelt.yaml"
check "a misspelt word is told with line, column and the right one" says 1 \
	"misspelt.yaml:[0-9]*:9: expected a key of a link, found 'delai'; did you mean 'delay'?" run "$dir/misspelt.yaml" --out "$dir/g"
check "and nothing is started" test ! -e "$dir/g"

# While it waits for somebody to read its capture: what it may still do.
locked_in() { # PID
	i=0
	until grep -q '^NoNewPrivs:.*1' "/proc/$1/status" || [ $i -gt 100 ]; do
		i=$((i + 1))
		sleep 0.05
	done
	cat "/proc/$1/status"
	grep -q '^Seccomp:.*2' "/proc/$1/status" && grep -q '^NoNewPrivs:.*1' "/proc/$1/status" &&
		grep -q '^CapEff:.*0000000000000000' "/proc/$1/status" || return 1
	! setpriv --reuid=65534 true 2>/dev/null || ! grep -q '^Uid:.*[[:space:]]0[[:space:]]' "/proc/$1/status"
}
mkdir "$dir/i"
mkfifo "$dir/i/internet.pcapng"
"$TULLE" lab run "$lab" --out "$dir/i" --seed 1 >"$dir/i.txt" 2>&1 &
running=$!
check "locked in: a list of system calls, no new privileges, no capabilities, not root" locked_in $running
timeout 60 cat "$dir/i/internet.pcapng" >"$dir/i.pcapng"
wait $running
check "and it still leaves the same capture" cmp "$dir/a/internet.pcapng" "$dir/i.pcapng"
check "and the same page" cmp "$dir/a/internet.html" "$dir/i/internet.html"
"$TULLE" --no-sandbox lab run "$lab" --out "$dir/j" --seed 1 >"$dir/j.txt" 2>&1
check "and the same without it, when that is asked for" cmp "$dir/a.txt" "$dir/j.txt"
mkdir "$dir/k"
sed 's|^  www: www$|  www: ../www|' "$lab" >"$dir/k/out.yaml"
check "no folder is served that is not beside the file" says 1 "out.yaml:[0-9]*:[0-9]*: expected a folder beside this file, found none at .*/k/../www" \
	run "$dir/k/out.yaml" --out "$dir/l"

rm -rf "$dir"
echo "1..$count"
exit $failed
