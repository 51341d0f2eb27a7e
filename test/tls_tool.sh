#!/bin/sh
# SPDX-License-Identifier: ISC
# `tulle tls client`, `server`, `scan` and `--list`, against each other and against openssl.
set -u
. "$(dirname "$0")/ground.sh"
says() { # WHAT WORDS [FILE]
	grep -aq -- "$2" "${3:-log}"
	result $? "$1"
}

# --- words ---
wants 'help is a screen' 0 'tls scan HOST:PORT' "$TULLE" tls --help
wants 'the authority has one of its own' 0 'cert issue NAME' "$TULLE" tls ca new --help
wants 'and is found' 0 'cert issue NAME' "$TULLE" help tls cert
wants 'a part that there is not' 64 'did you mean client' "$TULLE" tls cleint
wants 'no port' 64 'port is missing' "$TULLE" tls client localhost
wants 'what is offered' 0 'TLS_AES_128_GCM_SHA256 (0x1301)' "$TULLE" tls --list
grep -Eq 'not offered: X25519MLKEM768: .*3\.5|^  X25519MLKEM768 ' log
result $? 'and why what is not'
wants 'a port that is none' 64 'no number up to 65535' "$TULLE" tls server 70000
wants 'a name to ask for that is none' 64 'host.s name in ASCII' "$TULLE" tls client localhost:1 --servername 'a name'
wants 'a word too many' 64 'one word too many' "$TULLE" tls --list it
wants 'nobody there' 1 'connection refused' "$TULLE" tls client 127.0.0.1:6499
wants 'nobody there to scan' 1 'connection refused' "$TULLE" tls scan 127.0.0.1:6499

# --- one file for chain and key ---
"$TULLE" tls ca new --out one >log && "$TULLE" tls cert issue localhost --ca one --out two >>log && cat two.pem two.key >both.pem
"$TULLE" tls server 6496 --cert both.pem >both 2>&1 </dev/null & servers=$!
await both Listening
result $? 'the key may stand behind its chain in one file'
wants 'a chain without it says how to name it' 1 'key FILE names the key' "$TULLE" tls server 6495 --cert two.pem

openssl x509 -in two.pem -signkey two.key -days -1 -out old.pem 2>/dev/null
"$TULLE" tls server 6494 --cert old.pem --key two.key >old 2>&1 </dev/null & servers="$servers $!"
await old 'old.pem: warning: this certificate expired'
result $? 'a certificate that has expired is warned of'

# --- others than TLS servers: a greeting, and silence; nobody is at localhost's other address ---
cat >greet.py <<'END'
import socket, sys
s = [socket.socket(), socket.socket()]
for i in 0, 1:
    s[i].bind(("127.0.0.1", 6497 + i))
    s[i].listen(8)
open("greet", "w").write("ready")
kept = []
while True:
    c = s[0].accept()[0]
    c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    c.recv(10000)
    kept.append(c)
    c.close() if len(kept) < 3 else None
END
python3 greet.py & servers="$servers $!"
await greet ready
wants 'who greets like ssh is told as such' 1 'this is not TLS: it begins with "SSH-2"' "$TULLE" tls client localhost:6497
wants 'by http as well' 1 'this is not TLS: it begins with "SSH-2"' "$TULLE" http get https://localhost:6497/
wants 'and by a scan' 1 'tls scan: localhost:6497: no version was agreed on' "$TULLE" tls scan localhost:6497 --timeout 200ms
openssl x509 -in two.pem -outform der -out two.der
wants 'a response that is none is named before a port is opened' 1 'two.der: this is no OCSP response' \
	"$TULLE" tls server 6495 --cert both.pem --ocsp two.der
wants 'who says nothing is not told as one who refuses' 1 'timed out' "$TULLE" tls client localhost:6498 --timeout 300ms

# --- each other ---
"$TULLE" tls ca new >log && "$TULLE" tls cert issue localhost 127.0.0.1 --out good >>log && "$TULLE" tls cert issue me.example --client --out me >>log
result $? 'an authority and certificates'
"$TULLE" tls server 6443 --cert good.pem --key good.key --early 16k --alpn h2,http/1.1 --echo >server 2>&1 </dev/null & server=$!
"$TULLE" tls server 6444 --cert good.pem --key good.key --retry --ca ca.pem --echo >strict 2>&1 </dev/null & strict=$!
servers="$servers $server $strict"
await server Listening && await strict Listening
result $? 'servers'
echo 'Hello World!' >said
c() { # WHAT STATUS WORDS ARGS...: a client that says it
	what=$1 status=$2 words=$3
	shift 3
	timeout 20 "$TULLE" tls client "$@" <said >log 2>&1
	[ $? = "$status" ] && grep -q -- "$words" log
	result $? "$what"
}
c 'what is typed comes back' 0 '^Hello World!$' localhost:6443 --ca ca.pem
says 'each message is told' 'client: ClientHello, [0-9]* bytes: what the client can do'
says 'what the server chose' '    TLS 1.3, TLS_AES_128_GCM_SHA256, key share of '
says 'the chain' '      subject  *CN=localhost'
says 'the signature' 'CertificateVerify.*it has the certificate'
says 'the session' '^= TLS 1.3, TLS_AES_128_GCM_SHA256, .*; full handshake'
says 'the ticket' 'NewSessionTicket.*a later handshake is shorter'
says 'the end' 'server: alert: close_notify'
c 'TLS 1.2' 0 '^= TLS 1.2, TLS_ECDHE_ECDSA_WITH_' localhost:6443 --ca ca.pem --tls-max 1.2
says 'its messages' 'ServerKeyExchange.*the server.s half of the secret, signed'
c 'quiet: only what the server says' 0 '^Hello World!$' localhost:6443 --ca ca.pem --quiet
[ "$(wc -l <log)" = 1 ]
result $? 'and nothing else'
c 'resumed' 0 '; resumed' localhost:6443 --ca ca.pem --resume
c 'resumed with TLS 1.2' 0 '^= TLS 1.2.*; resumed' localhost:6443 --ca ca.pem --resume --tls-max 1.2
c 'a session kept' 0 'full handshake' localhost:6443 --ca ca.pem --session-out session
[ "$(stat -c %a session)" = 600 ]
result $? 'for nobody else'
printf 'early bird\n' >early
c 'is used later, with early data' 0 'resumed, early data taken' localhost:6443 --ca ca.pem --session-in session --early early
says 'which comes back first' '^early bird$'
says 'the server knows it for early' 'bytes of early data' server
timeout 20 "$TULLE" tls client localhost:6443 --ca ca.pem --session-in session --early early <said >log 2>&1
grep -q '; full handshake\|the early data was refused\|; resumed$' log && [ "$(grep -c '^early bird$' log)" = 1 ]
result $? 'a ticket that was used: no early data again, and it arrives all the same, once'
c 'a session that is none' 1 'said: this is no session' localhost:6443 --ca ca.pem --session-in said
c 'new keys' 0 'KeyUpdate.*new keys' localhost:6443 --ca ca.pem --key-update
says 'and what is said under them comes back' '^Hello World!$'
c 'ALPN' 0 'protocol above: h2' localhost:6443 --ca ca.pem --alpn h3,h2
c 'no protocol in common' 1 'no_application_protocol' localhost:6443 --ca ca.pem --alpn h3
c 'another name' 1 'asked for other.example' localhost:6443 --ca ca.pem --servername other.example
says 'the certificate was told all the same' '      subject  *CN=localhost'
says 'and the alert' 'client: alert: bad_certificate'
c 'no reason to trust it' 1 'no path to a trusted root' localhost:6443
c 'believed without reason' 0 'not checked' localhost:6443 --insecure
c 'once more with a cookie, and a certificate' 0 'HelloRetryRequest.*once more' localhost:6444 --ca ca.pem --cert me.pem --key me.key
says 'the request' 'CertificateRequest.*the client shall say who it is'
says 'the server sees it' 'CN=me.example' strict
c 'none where one is asked for' 1 'certificate_required\|certificate' localhost:6444 --ca ca.pem
timeout 20 "$TULLE" tls server 6445 --cert good.pem --key good.key --once >once 2>&1 </dev/null & once=$!
await once Listening
c 'a server for one' 0 'full handshake' localhost:6445 --ca ca.pem
wait $once
result $? 'ends when it is served'

# --- openssl ---
openssl s_server -accept 6450 -cert good.pem -key good.key -rev >openssl1 2>&1 </dev/null & other=$!
openssl s_server -accept 6451 -cert good.pem -key good.key -rev -tls1_2 -comp >openssl2 2>&1 </dev/null & other12=$!
openssl s_server -accept 6452 -cert good.pem -key good.key -rev -cipher 'ALL:eNULL:@SECLEVEL=0' -no_tls1_3 -legacy_renegotiation >openssl3 2>&1 </dev/null & old=$!
servers="$servers $other $other12 $old"
await_port 6450 && await_port 6451 && await_port 6452
for port in 6450 6451; do
	c "openssl s_server turns it round ($port)" 0 '^!dlroW olleH$' localhost:$port --ca ca.pem
	c 'resumed' 0 '; resumed' localhost:$port --ca ca.pem --resume
done
printf 'Hello World!\n' | timeout 10 openssl s_client -connect localhost:6443 -CAfile ca.pem -verify_return_error -ign_eof -alpn h2 >log 2>&1 &
client=$!
await log '^Hello World!'
result $? 'openssl s_client is served'
await log 'Early data was not sent'
grep -q 'ALPN protocol: h2' log && grep -q 'Verify return code: 0' log
result $? 'with ALPN and a certificate that it trusts'
kill $client 2>/dev/null
wait $client 2>/dev/null

# --- scan ---
wants 'a scan of ourselves' 0 'versions  *TLS 1.3, TLS 1.2$' "$TULLE" tls scan localhost:6443 --ca ca.pem
says 'suites' 'TLS_CHACHA20_POLY1305_SHA256'
says 'groups' ' x25519$'
says 'signatures' 'signatures  *ecdsa_secp256r1_sha256'
says 'the certificate' 'certificate  *good'
says 'ALPN' 'ALPN  *h2'
says 'resumption' 'resumption  *TLS 1.3, TLS 1.2'
says 'early data' 'early data  *up to 16000 bytes'
says 'no flaws' 'flaws  *none found'
wants 'a scan of openssl' 0 ' x25519$' "$TULLE" tls scan localhost:6450 --ca ca.pem
says 'its suites with CBC' '(CBC)'
wants 'TLS 1.2 alone is a flaw' 0 'TLS 1.3 is not spoken' "$TULLE" tls scan 127.0.0.1:6451 --ca ca.pem
says 'groups from its key exchange' 'secp256r1'
wants 'one as in former times' 0 'RFC 8996 forbids\|without encryption' "$TULLE" tls scan localhost:6452 --ca ca.pem
says 'with suites that hide nothing' 'WITH_NULL_SHA   (broken)'
wants 'as JSON' 0 '"versions"' "$TULLE" tls scan localhost:6450 --json
python3 -c 'import json, sys; j = json.load(open("log")); sys.exit(not (j["versions"] == ["TLS 1.3", "TLS 1.2"] and j["resumes13"] and
	not j["certificateGood"] and "certificate" in j["flaws"] and "no path" in j["certificateWrong"]))' 2>&1
result $? 'which can be read'
"$TULLE" echo serve --raw tcp://:6453 >plain 2>&1 </dev/null & plain=$!
servers="$servers $plain"
await_port 6453
wants 'no TLS server at all' 1 'this is no TLS server' "$TULLE" tls scan localhost:6453 --ca ca.pem
kill $server
wait $server
result $? 'the server ends well'
grep -q '^[0-9]* TLS handshakes, [1-9][0-9]* of them resumed' server
result $? 'and says what there was'
kill $servers 2>/dev/null
wait
servers=''
echo "1..$n"
