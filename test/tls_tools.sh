#!/bin/sh
# SPDX-License-Identifier: ISC
# tls:// and https:// in the tools, against openssl and the real curl, both ways; what is wrong with a certificate is
# refused, and said; the key log opens a capture in tshark.
set -u
. "$(dirname "$0")/ground.sh"
call() { wants "$1" "$2" "$3" "$TULLE" echo call --every 10ms --count 2 --timeout 10s $4; } # WHAT STATUS WORDS ARGS
ends() { # PID: ended well by SIGTERM
	kill "$1" && wait "$1"
}

# --- an authority, certificates, and bad ones ---
"$TULLE" tls ca new >log && "$TULLE" tls cert issue localhost 127.0.0.1 --out good >>log &&
	"$TULLE" tls cert issue other.example --out other >>log && "$TULLE" tls cert issue client.example --client --out client >>log
result $? 'an authority and three certificates'
cat >ca.cnf <<'END'
[ca]
default_ca = d
[d]
database = index.txt
serial = serial
new_certs_dir = .
policy = p
default_md = sha256
x509_extensions = e
[p]
commonName = supplied
[e]
subjectAltName = DNS:localhost,IP:127.0.0.1
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
basicConstraints = CA:FALSE
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
END
: >index.txt; echo 01 >serial
openssl req -new -key good.key -subj /CN=localhost -out expired.csr 2>log &&
	openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in expired.csr -startdate 20240101000000Z \
		-enddate 20240201000000Z -out expired.pem >>log 2>&1
result $? 'and one that has expired'

# --- echo, unchanged ---
"$TULLE" echo serve --raw tls://:6443 tcp://:6444 >made 2>&1 </dev/null & made=$!
"$TULLE" echo serve tls://:6445 --cert good.pem --key good.key >good 2>&1 </dev/null & good=$!
servers="$made $good"
await_port 6443 && await_port 6444 && await_port 6445
result $? 'echo servers over TLS and beside it'
grep -q 'made on the spot' made
result $? 'one without a certificate says so'
call 'a client believes it only when told to believe anybody' 0 '2 sent, 2 answered, 0 lost' 'tls://127.0.0.1:6443 --insecure'
call 'else not: it is nobody'"'"'s' 1 'no path to a trusted root' 'tls://localhost:6443'
grep -q '^SHA-256 ' made && fingerprint=$(sed -n 's/^SHA-256 //p' made)
openssl s_client -connect 127.0.0.1:6443 </dev/null 2>log | openssl x509 -noout -fingerprint -sha256 >>log 2>&1
grep -q "$fingerprint" log
result $? 'openssl sees the same fingerprint'
call 'the same server without TLS' 0 '2 answered' tcp://127.0.0.1:6444
call 'TLS spoken to who does not speak it' 1 'ClientHello came where ServerHello was due' 'tls://127.0.0.1:6444 --insecure'
call 'with an authority that it trusts' 0 '2 answered' 'tls://localhost:6445 --ca ca.pem'
call 'an address in the certificate' 0 '2 answered' 'tls://127.0.0.1:6445 --ca ca.pem'
call 'TLS 1.2 only' 0 '2 answered' 'tls://localhost:6445 --ca ca.pem --tls-max 1.2'
call 'TLS 1.3 only' 0 '2 answered' 'tls://localhost:6445 --ca ca.pem --tls-min 1.3'
wants 'five megabytes come back unharmed' 0 'all right' "$TULLE" echo call tls://localhost:6445 --ca ca.pem --bytes 5M
SSL_CERT_FILE=ca.pem wants 'SSL_CERT_FILE names the trusted' 0 '1 answered' "$TULLE" echo call tls://localhost:6445 --count 1
SSL_CERT_FILE=nothing.pem wants 'and is named when it is not there' 1 'nothing.pem' "$TULLE" echo call tls://localhost:6445 --count 1
for v in 2 3; do
	printf 'Hello World!\n' | timeout 10 openssl s_client -connect localhost:6445 -CAfile ca.pem -verify_return_error -verify_hostname \
		localhost -tls1_$v -quiet -ign_eof >log 2>&1 &
	client=$!
	await log 'Hello World!'
	result $? "openssl s_client hears its line, TLS 1.$v"
	kill $client 2>/dev/null
	wait $client 2>/dev/null
done
ends $good && grep -q '^[0-9]* TLS handshakes' good
result $? 'the server ends well and says how many there were'
ends $made
result $? 'the other one too'

# --- what is refused, and why ---
"$TULLE" echo serve tls://:6446 --cert other.pem --key other.key >elsewhere 2>&1 </dev/null & a=$!
"$TULLE" echo serve tls://:6447 --cert expired.pem --key good.key >late 2>&1 </dev/null & b=$!
"$TULLE" echo serve tls://:6448 --cert good.pem --key good.key --ca ca.pem >demands 2>&1 </dev/null & c=$!
servers="$a $b $c"
await_port 6446 && await_port 6447 && await_port 6448
call 'a certificate for another name' 1 'other.example' 'tls://localhost:6446 --ca ca.pem'
call 'one that has expired' 1 'expired' 'tls://localhost:6447 --ca ca.pem'
call 'one of an authority that is not trusted' 1 'no path to a trusted root: its issuer CN=' tls://localhost:6446
call 'a client without a certificate where one is asked for' 1 'certificate' 'tls://localhost:6448 --ca ca.pem'
call 'a client with one' 0 '2 answered' 'tls://localhost:6448 --ca ca.pem --cert client.pem --key client.key'
call 'a client with a server'"'"'s' 1 'certificate' 'tls://localhost:6448 --ca ca.pem --cert good.pem --key good.key'
grep -q '^echo serve: 127.0.0.1:[0-9]*: .*certificate' demands
result $? 'the server says whom it refused, and why'
kill $a $b $c
wait $a $b $c
grep -q 'handshakes, 0 of them resumed, 2 failed' demands
result $? 'the server counts who was refused'

# --- files that are wrong are named before any port is opened ---
servers=''
serve() { wants "$1" 1 "$2" "$TULLE" echo serve tcp://:6450 tls://:6451 $3; } # WHAT WORDS ARGS
echo nonsense >nonsense
sed 5d good.pem >cut.pem
mkdir folder
serve 'no such certificate' 'nothing.pem: there is no such file' '--cert nothing.pem'
serve 'no such key' 'nothing.key: there is no such file' '--cert good.pem --key nothing.key'
serve 'a folder' 'folder: this is a folder' '--cert folder'
serve 'no certificate in it' 'nonsense: ' '--cert nonsense'
serve 'half a certificate' 'cut.pem: ' '--cert cut.pem --key good.key'
serve 'no key in it' 'nonsense: ' '--cert good.pem --key nonsense'
serve 'a certificate is no key' 'good.pem: ' '--cert good.pem'
serve "another's key" 'other.key: this key is not that of the first certificate in good.pem' '--cert good.pem --key other.key'
serve 'an authority that is none' 'nonsense: ' '--cert good.pem --key good.key --ca nonsense'
wants 'a version that there is not' 64 'tls-max takes 1.2 or 1.3' "$TULLE" echo call tls://localhost:1 --tls-max 1.4
wants 'a key alone' 64 'wants --cert' "$TULLE" echo call tls://localhost:1 --key good.key
wants 'http names them too' 1 'nothing.pem: there is no such file' "$TULLE" http serve . https://:6452 --cert nothing.pem

# --- http, unchanged ---
mkdir pages
echo '<p>secure</p>' >pages/index.html
head -c 3000000 /dev/urandom >pages/blob
"$TULLE" http serve pages https://:8443 --cert good.pem --key good.key >web 2>&1 </dev/null & web=$!
openssl s_server -accept 8444 -cert good.pem -key good.key -WWW >openssl.log 2>&1 </dev/null & other=$!
openssl s_server -accept 8445 -cert good.pem -key good.key -WWW -tls1_2 >openssl.log 2>&1 </dev/null & other12=$!
servers="$web $other $other12"
await_port 8443 && await_port 8444 && await_port 8445
for v in 2 3; do
	curl -sS -m 10 --cacert ca.pem --tlsv1.$v --tls-max 1.$v https://localhost:8443/ >log 2>&1
	grep -q '<p>secure</p>' log
	result $? "curl fetches a page, TLS 1.$v"
	curl -sS -m 20 --cacert ca.pem --tlsv1.$v --tls-max 1.$v https://127.0.0.1:8443/blob 2>log | cmp - pages/blob >>log 2>&1
	result $? 'and three megabytes'
done
curl -sS -m 10 -v --cacert ca.pem https://localhost:8443/ https://localhost:8443/blob -o /dev/null -o /dev/null >log 2>&1
grep -q 'ALPN.*accepted.*http/1.1' log && grep -q 'Re-using existing' log
result $? 'with ALPN, and twice on one connection'
curl -sS -m 10 https://localhost:8443/ >log 2>&1
[ $? = 60 ]
result $? 'and not when it does not trust it'
wants 'http get from ourselves' 0 '200 OK, 3000000 bytes' "$TULLE" http get https://localhost:8443/blob --ca ca.pem
cd pages || exit 1
cd ..
cp pages/blob blob
wants 'http get from openssl' 0 'bytes' "$TULLE" http get https://localhost:8444/blob --ca ca.pem
timeout 10 "$TULLE" http get https://localhost:8444/blob --ca ca.pem --output - 2>log | cmp - blob >>log 2>&1
result $? 'all of it'
timeout 10 "$TULLE" http get https://localhost:8445/blob --ca ca.pem --output - 2>log | cmp - blob >>log 2>&1
result $? 'over TLS 1.2 too'
wants 'and not from one for another name' 1 'asked for' "$TULLE" http get https://127.0.0.2:8444/blob --ca ca.pem

# --- secrets for Wireshark ---
if [ "$(id -u)" = 0 ]; then
	"$TULLE" dump -i lo -w lo.pcap tcp port 8443 2>dump.err & capture=$!
	await dump.err 'listening\|capture'
	SSLKEYLOGFILE=keys timeout 10 "$TULLE" http get https://localhost:8443/ --ca ca.pem >log 2>&1
	timeout 10 "$TULLE" http get https://localhost:8443/ --ca ca.pem --keylog keys12 --tls-max 1.2 >>log 2>&1
	sleep 0.3
	kill -INT $capture
	wait $capture
	cat keys12 >>keys
	grep -q '^CLIENT_TRAFFIC_SECRET_0 ' keys && grep -q '^CLIENT_RANDOM ' keys && [ "$(stat -c %a keys)" = 600 ]
	result $? 'the key log has secrets of both versions, for nobody else'
	tshark -r lo.pcap -o tls.keylog_file:keys -d tcp.port==8443,tls -Y http -T fields -e http.request.uri -e http.response.code \
		>log 2>/dev/null
	[ "$(grep -c 200 log)" = 2 ]
	result $? 'with it tshark reads both conversations'
	tshark -r lo.pcap -d tcp.port==8443,tls -Y http >log 2>/dev/null
	[ ! -s log ]
	result $? 'and without it neither'
fi
SSLKEYLOGFILE=folder wants 'a key log that cannot be written is named' 0 'SSLKEYLOGFILE folder' \
	"$TULLE" http get https://localhost:8443/ --ca ca.pem
kill $servers
wait
servers=''
echo "1..$n"
