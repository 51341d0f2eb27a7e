#!/bin/sh
# SPDX-License-Identifier: ISC
# HelloRetryRequest (RFC 8446, 4.1.4) from our server to strangers: for another group, and for the sake of its cookie. GnuTLS is
# not asked for the second: it takes a HelloRetryRequest only if it names a group (seen in 3.7.9).
set -u
. "$(dirname "$0")/ground.sh"
serve() { # ARGS...
	"$TULLE" tls server 127.0.0.1:6445 --echo --cert good.pem --key good.key "$@" >server 2>&1 &
	pid=$! servers="$servers $!"
	await_port 6445
}
stop() { kill "$pid" && wait "$pid"; }
retried() { # WHAT COMMAND...: it says a line and hears it, after a retry
	what=$1
	shift
	command -v "$1" >/dev/null 2>&1 || { n=$((n + 1)); echo "ok $n - $what # SKIP no $1 here"; return; }
	before=$(grep -c 'after a retry' server)
	mkfifo say
	timeout 20 "$@" <say >log 2>&1 &
	client=$!
	exec 3>say
	echo 'a line of words' >&3
	await log '^a line of words'
	status=$?
	exec 3>&-
	kill $client 2>/dev/null
	wait $client 2>/dev/null
	rm say
	[ $status = 0 ] && [ "$(grep -c 'after a retry' server)" = $((before + 1)) ]
	result $? "$what"
}

"$TULLE" tls ca new >log && "$TULLE" tls cert issue localhost 127.0.0.1 --out good >>log
result $? 'an authority and a certificate'
mkdir db && certutil -N -d db --empty-password >log 2>&1 && certutil -A -d db -n ca -t C,C,C -i ca.pem >>log 2>&1
serve
retried 'openssl, for another group' openssl s_client -connect 127.0.0.1:6445 -servername localhost -CAfile ca.pem -quiet -groups P-521:P-384
retried 'GnuTLS, for another group' gnutls-cli --priority 'NORMAL:-GROUP-ALL:+GROUP-SECP521R1:+GROUP-FFDHE2048:+GROUP-SECP384R1' \
	--x509cafile ca.pem localhost -p 6445
retried 'NSS, for another group' tstclnt -d db -h 127.0.0.1 -a localhost -p 6445 -V tls1.3:tls1.3 -I P521,P384
if "$TULLE" tls --list | grep -q '^  X25519MLKEM768 '; then
	retried 'openssl, for the hybrid group' openssl s_client -connect 127.0.0.1:6445 -servername localhost -CAfile ca.pem -quiet \
		-groups P-521:X25519MLKEM768
	grep -q '^= .*X25519MLKEM768.*after a retry' server
	result $? 'that one it was'
else
	"$TULLE" tls --list >log
	grep -q '^not offered: X25519MLKEM768: .*libcrypto has from 3.5 on' log
	result $? 'without ML-KEM, it is said why the hybrid group is not offered'
fi
stop
result $? 'the server ends'
serve --retry
retried 'openssl, with a cookie' openssl s_client -connect 127.0.0.1:6445 -servername localhost -CAfile ca.pem -quiet
retried 'NSS, with a cookie' tstclnt -d db -h 127.0.0.1 -a localhost -p 6445 -V tls1.3:tls1.3
retried 'our own, with a cookie' "$TULLE" tls client localhost:6445 --ca ca.pem --quiet
retried 'openssl, for another group and with a cookie' openssl s_client -connect 127.0.0.1:6445 -servername localhost -CAfile ca.pem \
	-quiet -groups P-521:P-384
stop
result $? 'the server ends'
echo "1..$n"
