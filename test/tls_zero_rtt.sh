#!/bin/sh
# SPDX-License-Identifier: ISC
# 0-RTT against openssl: its early data is taken by our server once, and with the same ticket not again; refused early data is
# passed over, also behind a HelloRetryRequest; our client's is taken by its server.
# In a network namespace of its own where that may be made, so that no port is taken.
set -u
. "$(dirname "$0")/namespace.sh"
if [ -z "${IN_NAMESPACE:-}" ] && [ -n "$own_network" ]; then
	IN_NAMESPACE=1 exec unshare $own_network sh "$0"
fi
[ -n "${IN_NAMESPACE:-}" ] && ip link set lo up
PATH=$PATH:/usr/sbin:/sbin
unset SSLKEYLOGFILE SSL_CERT_FILE
work=$(mktemp -d)
cd "$work" || exit 1
pids=''
trap 'for p in $pids; do kill "$p" 2>/dev/null; done; wait 2>/dev/null; rm -rf "$work"' EXIT
n=0
result() { # STATUS WHAT
	n=$((n + 1))
	[ "$1" = 0 ] && { echo "ok $n - $2"; return; }
	cat log server 2>/dev/null | head -c 6000 | tr -d '\000' | sed 's/^/# /'
	echo "not ok $n - $2"
}
await() { # FILE WORDS: until they stand in it
	i=0
	until grep -q "$2" "$1" 2>/dev/null; do
		i=$((i + 1))
		[ $i -gt 200 ] && return 1
		sleep 0.05
	done
}
await_port() { # NUMBER: until somebody listens there
	i=0
	until ss -Hltn "sport = :$1" | grep -q .; do
		i=$((i + 1))
		[ $i -gt 200 ] && return 1
		sleep 0.05
	done
}
serve() { # ARGS...
	"$TULLE" tls server 127.0.0.1:6443 --echo --cert good.pem --key good.key "$@" >server 2>&1 &
	pid=$!
	pids="$pids $pid"
	await_port 6443
}
stop() { kill "$pid" && wait "$pid"; }
visit() { # FILE WORDS ARGS...: openssl's client, until these words are in the file; then it says a line more and waits for it
	file=$1 words=$2
	shift 2
	mkfifo say
	timeout 20 openssl s_client -connect 127.0.0.1:6443 -servername localhost -CAfile ca.pem "$@" <say >log 2>&1 &
	client=$!
	exec 3>say
	await "$file" "$words" && echo 'one line more' >&3 && await log '^one line more'
	status=$?
	exec 3>&-
	wait $client
	rm say
	return $status
}

"$TULLE" tls ca new >log && "$TULLE" tls cert issue localhost 127.0.0.1 --out good >>log
result $? 'an authority and a certificate'
ls >>log
printf 'first words\n' >early

serve --early 1000
rm -f session
visit session 'END SSL' -sess_out session
result $? 'a first visit: the ticket allows early data'
visit log 'Early data was accepted' -sess_in session -early_data early && grep -q '^first words' log && grep -q 'early data taken' server
result $? 'a second one: it is taken, and answered'
visit log 'Early data was rejected' -sess_in session -early_data early && ! grep -q '^first words' log
result $? 'the same ticket again: it is refused, and the handshake goes on'
rm -f session
visit session 'END SSL' -sess_out session
visit log 'Early data was rejected' -sess_in session -early_data early -groups P-521:P-384 && ! grep -q '^first words' log
result $? 'refused and passed over behind a HelloRetryRequest'
stop
result $? 'the server ends'

serve --early 1000
visit log 'Early data was rejected' -sess_in session -early_data early && ! grep -q '^first words' log
result $? 'another server does not know the ticket: early data is passed over'
stop

openssl s_server -accept 127.0.0.1:6444 -cert good.pem -key good.key -early_data -quiet >log 2>&1 </dev/null &
peer=$!
pids="$pids $peer"
await_port 6444 && timeout 20 "$TULLE" tls client localhost:6444 --ca ca.pem --resume --early early >server 2>&1 </dev/null
grep -q 'early data taken' server && grep -q 'first words' log
result $? "our client's early data is taken by openssl's server"
kill $peer
echo "1..$n"
