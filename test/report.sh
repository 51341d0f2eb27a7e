#!/bin/sh
# SPDX-License-Identifier: ISC
# The page of a run, in a real browser: no error, everything drawn, a packet that is chosen shows its fields, its
# bytes and why; and it asks no network for anything.
for browser in chromium chromium-browser google-chrome; do command -v $browser >/dev/null && break; browser=; done
[ -n "$browser" ] || { echo "1..0 # SKIP no chromium here"; exit 0; }
dir=$(mktemp -d)
count=0
failed=0
check() { # what, command...
	what=$1
	shift
	count=$((count + 1))
	if "$@" >"$dir/why" 2>&1; then echo "ok $count - $what"; else
		failed=1
		echo "not ok $count - $what"
		head -c 2000 "$dir/why" | sed 's/^/# /'
	fi
}
dom() { # address behind the page's, file
	timeout 60 $browser --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --user-data-dir="$dir/profile" --virtual-time-budget=2000 --dump-dom \
		"file://$dir/out/internet.html$1" >"$dir/$2" 2>/dev/null
}
has() { grep -q -- "$2" "$dir/$1"; }
lacks() { ! grep -q -- "$2" "$dir/$1"; }

"$TULLE" lab run "$SOURCE/labs/internet.yaml" --out "$dir/out" --quiet >"$dir/why" || { echo "not ok 1 - the lab runs"; echo 1..1; exit 1; }
check "the page names no other place" lacks out/internet.html '\(src\|href\)="\(https\?:\)\?//'
dom "" map.html
check "the page opens" has map.html 'data-ready="yes"'
check "without an error" lacks map.html 'data-error='
check "it draws the topology" has map.html '>listener2</text>'
check "with the LAN at the left of the router" has map.html '<text x="-[0-9]*" y="[0-9.]*" text-anchor="middle" class="name">client1</text>'
check "and all servers at its right" test "$(grep -o '<text x="[0-9]*" y="[0-9.]*" text-anchor="middle" class="name">www[123]</text>' "$dir/map.html" | wc -l)" = 3
dom "#scene=7&packet=2" packet.html
check "a packet is chosen" has packet.html 'aria-selected="true" data-packet="2"'
check "without an error" lacks packet.html 'data-error='
check "its fields are shown" has packet.html 'Acknowledgment Number: '
check "and its bytes" has packet.html 'data-byte="61"'
dom "#scene=7&packet=2&field=Acknowledgment%20Number" field.html
check "a field that is clicked lights its bytes" has field.html '<b data-byte="42" class="lit">'
check "and says why it is there" has field.html '<p class="why">[^<]'
dom "#scene=10" plot.html
# The packet in which a secret went over TLS: the page opens it with the lab's keys.
where=$(python3 - "$dir/out/internet.html" <<'END'
import base64, json, re, sys
data = json.loads(re.search(r'<script[^>]*application/json[^>]*>(.*?)</script>', open(sys.argv[1]).read(), re.S).group(1))
for s, scene in enumerate(data["scenes"]):
    for p, packet in enumerate(scene["packets"]):
        if any(b"my secret" in base64.b64decode(t["bytes"]) for t in packet["tls"]):
            sys.exit(print(f"#scene={s + 1}&packet={p + 1}"))
END
)
dom "$where" tls.html
check "what TLS carried is shown, opened with the lab's keys" has tls.html '<h3>Inside, said by the client</h3>'
check "with its words" has tls.html 'my secret is 4711'
check "without an error" lacks tls.html 'data-error='
check "the congestion window is plotted" has plot.html '<path class="cwnd" d="M'
check "without an error" lacks plot.html 'data-error='
dom "#scene=6&packet=1" bad.html
check "lost packets end in an x" has bad.html '<path class="x"'
dom "#table" table.html
check "the table is there" has table.html 'sockets used by the server'

rm -rf "$dir"
echo "1..$count"
exit $failed
