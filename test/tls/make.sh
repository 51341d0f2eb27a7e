#!/bin/sh
# SPDX-License-Identifier: ISC
# make.sh - makes conversations.pcapng: openssl speaking to itself in every way that dump_tls.sh wants to see opened,
# each conversation on a port of its own, with their secrets. Needs root (it captures), openssl, tcpdump, TULLE.
#
#     TULLE=build/tulle test/tls/make.sh test/tls/conversations.pcapng
set -eu
out="$(realpath "$1")"
tulle="$(realpath "$TULLE")"
dir="$(mktemp -d)"
server=
capture=
trap 'kill $server $capture 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
mkfifo silence
exec 3<>silence # nothing is ever said on a server's standard input, nor does it end
for name in ec rsa; do
	kind="ec -pkeyopt ec_paramgen_curve:P-256"
	[ $name = rsa ] && kind="rsa:2048"
	# shellcheck disable=SC2086
	openssl req -x509 -newkey $kind -nodes -keyout $name.key -out $name.pem -days 3650 -subj /CN=www.example.com \
		-addext subjectAltName=DNS:www.example.com 2>/dev/null
done
echo "It was read through the glass." >small.txt
printf 'GET /small.txt HTTP/1.0\r\n\r\n' >early.txt

tcpdump -i lo -s 0 -U -w all.pcap 'tcp portrange 4301-4330' 2>tcpdump.err &
capture=$!
until grep -q listening tcpdump.err; do sleep 0.1; done

serve() { # PORT CERTIFICATE WORDS
	port="$1"
	name="$2"
	shift 2
	openssl s_server -accept "127.0.0.1:$port" -cert "$name.pem" -key "$name.key" -keylogfile all.keys "$@" >/dev/null 2>&1 <&3 &
	server=$!
	sleep 0.4
}

unserve() {
	kill $server
	wait $server 2>/dev/null || true
	server=
}

ask() { # PORT WORDS
	port="$1"
	shift
	{ printf 'GET /small.txt HTTP/1.0\r\n\r\n'; sleep 0.5; } |
		openssl s_client -connect "127.0.0.1:$port" -servername www.example.com "$@" >/dev/null 2>&1 || true
}

one() { # PORT CERTIFICATE WORDS
	serve "$1" "$2" -WWW
	port="$1"
	shift 2
	ask "$port" "$@"
	unserve
}

one 4301 ec -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -alpn h2,http/1.1
one 4302 ec -tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384
one 4303 rsa -tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256
one 4304 ec -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256
one 4305 ec -tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384
one 4306 ec -tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305
one 4307 rsa -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256
one 4308 rsa -tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384
one 4309 rsa -tls1_2 -cipher ECDHE-RSA-CHACHA20-POLY1305

serve 4310 ec -WWW -groups P-384 # the client is asked to try again
ask 4310 -tls1_3 -groups X25519:P-384
unserve

serve 4311 ec -WWW -Verify 1 -alpn http/1.1 # the client shows a certificate too
ask 4311 -tls1_3 -cert rsa.pem -key rsa.key -alpn http/1.1
ask 4311 -tls1_2 -cert rsa.pem -key rsa.key -cipher ECDHE+AESGCM
unserve

serve 4312 ec -WWW # resumed in 1.2
ask 4312 -tls1_2 -cipher ECDHE+AESGCM -sess_out session12
ask 4312 -tls1_2 -cipher ECDHE+AESGCM -sess_in session12
unserve

serve 4313 ec -early_data # resumed in 1.3, with early data taken
ask 4313 -tls1_3 -sess_out session13
ask 4313 -tls1_3 -sess_in session13 -early_data early.txt
unserve
serve 4313 ec -WWW # and refused
ask 4313 -tls1_3 -sess_in session13 -early_data early.txt
unserve

serve 4314 rsa -WWW # keys are changed, both ways
{ sleep 0.3; echo K; sleep 0.3; printf 'GET /small.txt HTTP/1.0\r\n\r\n'; sleep 0.5; } |
	openssl s_client -connect 127.0.0.1:4314 -tls1_3 >/dev/null 2>&1
unserve

one 4315 rsa -tls1_2 -cipher ECDHE-RSA-AES128-SHA # of a suite that we do not have
serve 4316 ec -WWW
openssl s_client -connect 127.0.0.1:4316 -tls1_3 -CAfile rsa.pem -verify_return_error </dev/null >/dev/null 2>&1 || true # refused
unserve
sleep 2 # tcpdump gathers packets for a second
kill $capture
wait $capture 2>/dev/null || true
capture=
"$tulle" dump -r all.pcap --keylog all.keys -w "$out"
