#!/bin/sh
# SPDX-License-Identifier: ISC
# tulle telnet: its words and exit statuses; then telnet.py drives it at a terminal, against Debian's telnetd and telnet.
set -u
for tool in telnetd telnet python3 unshare ip; do
	PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null || { echo "1..0 # SKIP no $tool here"; exit 0; }
done
. "$(dirname "$0")/ground.sh"
[ -n "${IN_NAMESPACE:-}" ] || { echo "1..0 # SKIP port 23 wants a namespace of our own"; exit 0; }
here=$(cd "$SOURCE/test" && pwd)

wants 'no host is wrong usage' 64 'which HOST' "$TULLE" telnet
wants 'a misspelt option' 64 'did you mean --trace' "$TULLE" telnet --trase localhost
wants 'a letter without its value' 64 '--user takes a word' "$TULLE" telnet -l
wants 'a port that is none' 64 'a port is 1 to 65535' "$TULLE" telnet localhost nosuch
wants 'an escape that is none' 64 'takes a character' "$TULLE" telnet -e abc localhost
wants 'only IPv4 and only IPv6' 64 '-4 or -6' "$TULLE" telnet -4 -6 localhost
wants 'an address of ours that is none' 64 "-b takes" "$TULLE" telnet -b here localhost
wants 'nobody is us' 64 'who you are is not known' env -u USER "$TULLE" telnet -a localhost
wants 'only IPv6, of an address of IPv4' 1 'no IPv6 address' "$TULLE" telnet -6 127.0.0.1
wants 'refused: status 1' 1 'localhost:7: connection refused' "$TULLE" telnet localhost echo
wants 'unreachable: status 2' 2 'unreachable' "$TULLE" telnet 192.0.2.1
wants 'a name that is none: status 4' 4 'telnet: ' "$TULLE" telnet nix.invalid
"$TULLE" echo serve tls://:6443 tcp://:6666 >server 2>&1 &
servers=$!
await server 'Listening on tcp'
wants 'TLS with an authority nobody trusts: status 5' 5 'telnet: localhost:6443' "$TULLE" telnet --tls localhost 6443
wants 'and without checking it' 0 'over TLS' "$TULLE" telnet --tls --insecure --say 'over TLS' localhost 6443
wants 'what is said first comes back' 0 '^second' "$TULLE" telnet --say first --say second localhost 6666
python3 -c 'import socket
listener = socket.create_server(("127.0.0.1", 6667))
peer = listener.accept()[0]
peer.sendall(b"one\n")
peer.recv(1)  # the client has got so far
peer.send(b"!", socket.MSG_OOB)
peer.sendall(b"two\n")
while peer.recv(100): pass' &
servers="$servers $!"
await_port 6667
wants 'who speaks no Telnet may mark a byte, and nothing is thrown away' 0 '^!two' "$TULLE" telnet --say hello 127.0.0.1 6667
cd "$work" && TULLE=$TULLE timeout 200 python3 "$here/telnet.py" >told 2>&1
status=$?
grep '^\(ok\|not ok\|#\) ' told | awk -v n=$n '/^#/ { print; next } { k = $1 == "ok" ? 2 : 3; sub(/^(not )?ok [0-9]+/, ($1 == "ok" ? "ok " : "not ok ") ++n); print }'
[ $status = 0 ] || grep -v '^\(ok\|not ok\|#\|1\.\.\)' told | sed 's/^/# /'
echo "1..$((n + $(grep -c '^\(ok\|not ok\) ' told)))"
exit $status
