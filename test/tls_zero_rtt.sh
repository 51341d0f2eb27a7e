#!/bin/sh
# SPDX-License-Identifier: ISC
# 0-RTT against openssl: its early data is taken by our server once, and with the same ticket not again; refused early data is
# passed over, also behind a HelloRetryRequest; our client's is taken by its server.
set -u
. "$(dirname "$0")/ground.sh"
serve() { # ARGS...
	"$TULLE" tls server 127.0.0.1:6443 --echo --cert good.pem --key good.key "$@" >server 2>&1 &
	pid=$! servers="$servers $!"
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
servers="$servers $peer"
await_port 6444 && timeout 20 "$TULLE" tls client localhost:6444 --ca ca.pem --resume --early early >server 2>&1 </dev/null
grep -q 'early data taken' server && grep -q 'first words' log
result $? "our client's early data is taken by openssl's server"
kill $peer
echo "1..$n"
