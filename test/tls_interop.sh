#!/bin/sh
# SPDX-License-Identifier: ISC
# Our TLS against strangers' - OpenSSL, GnuTLS, NSS, wolfSSL, curl, nginx -, as client and as server: 1.2 and 1.3, a full
# handshake, a resumed one, one with a client's certificate, for each kind of key. tls_peer is our side.
#
#     tls_peer client  ----  openssl s_server, gnutls-serv, selfserv, wolfssl_peer, nginx     one server a kind of key
#     tls_peer server  ----  openssl s_client, gnutls-cli, tstclnt, wolfssl_peer, curl        one server, chosen by SNI
#
set -u
. "$(dirname "$0")/ground.sh"
skip() { # WHAT WHY
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
await_line() { # FILE: until it has one
	i=0
	until [ -s "$1" ]; do
		i=$((i + 1))
		[ $i -gt 200 ] && return 1
		sleep 0.05
	done
}
has() { command -v "$1" >/dev/null 2>&1; }

# --- a CA, and a certificate for each kind of key, good for a server and for a client ---
kinds='p256 p384 ed25519 rsa'
certificates() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key &&
	openssl req -x509 -new -key ca.key -subj '/CN=Test CA' -days 30 -addext keyUsage=critical,keyCertSign,cRLSign -out ca.pem || return 1
	serial=1000
	for kind in $kinds; do
		case $kind in
		p256) set -- EC -pkeyopt ec_paramgen_curve:P-256 ;;
		p384) set -- EC -pkeyopt ec_paramgen_curve:P-384 ;;
		ed25519) set -- ED25519 ;;
		rsa) set -- RSA -pkeyopt rsa_keygen_bits:2048 ;;
		esac
		serial=$((serial + 1))
		usage=digitalSignature
		[ $kind = rsa ] && usage=digitalSignature,keyEncipherment # NSS wants it of a server's RSA key
		printf '%s\n' "subjectAltName=DNS:$kind.example" keyUsage=critical,$usage \
			extendedKeyUsage=serverAuth,clientAuth basicConstraints=critical,CA:FALSE >extensions
		openssl genpkey -algorithm "$@" -out $kind.key &&
		openssl req -new -key $kind.key -subj "/CN=$kind.example" -out $kind.csr &&
		openssl x509 -req -in $kind.csr -CA ca.pem -CAkey ca.key -days 30 -set_serial $serial -extfile extensions -out $kind.pem || return 1
	done
}
certificates >log 2>&1
result $? 'a CA and its certificates'
nss_database() {
	for directory in nss nss-keys; do # whoever has keys shows one when asked
		mkdir $directory && certutil -N -d sql:$directory --empty-password &&
		certutil -A -d sql:$directory -n ca -t CT,C,C -i ca.pem || return 1
	done
	for kind in $kinds; do
		[ $kind = ed25519 ] && continue
		openssl pkcs12 -export -in $kind.pem -inkey $kind.key -name $kind -passout pass: -out $kind.p12 &&
		pk12util -i $kind.p12 -d sql:nss-keys -W '' || return 1
	done
}
if has tstclnt; then
	nss_database >log 2>&1
	result $? 'the same for NSS'
fi

# --- our client, their servers ---
calls() { # WHOSE KIND PORT WORD [MODES-THAT-ARE-NOT-ASKED WHY]: six connections to 127.0.0.1
	timeout 30 "$TLS_PEER" client "$3" "$2.example" ca.pem "$2.pem" "$2.key" "$4" >log 2>&1
	for version in 1.2 1.3; do
		for mode in full resumed client; do
			what="our client, $1, $2, TLS $version, $mode"
			case " ${5:-} " in
			*" $mode "* | *" $version-$mode "*) echo "# $what: not asked, $6" ;;
			*) grep -qx "$version $mode ok" log; result $? "$what" ;;
			esac
		done
	done
}
port=4430
next_port() { port=$((port + 1)); }
for kind in $kinds; do
	next_port
	openssl s_server -accept 127.0.0.1:$port -cert $kind.pem -key $kind.key -CAfile ca.pem -verify 1 -www -quiet >/dev/null 2>&1 &
	servers="$servers $!"
	await_port $port
	calls 's_server' $kind $port 'Client certificate'

	if has gnutls-serv; then
		next_port
		gnutls-serv --http -q -p $port --x509certfile $kind.pem --x509keyfile $kind.key --x509cafile ca.pem >/dev/null 2>&1 &
		servers="$servers $!"
		await_port $port
		calls 'gnutls-serv' $kind $port -
	fi

	if has selfserv && [ $kind != ed25519 ]; then
		next_port
		option=-e
		[ $kind = rsa ] && option=-n
		selfserv $option $kind -p $port -d sql:nss-keys -V tls1.2: -r -u -G >/dev/null 2>&1 &
		servers="$servers $!"
		await_port $port
		calls 'selfserv' $kind $port -
	fi

	if [ -x "$WOLFSSL_PEER" ]; then
		"$WOLFSSL_PEER" server ca.pem $kind.pem $kind.key >wolfssl.$kind 2>/dev/null &
		servers="$servers $!"
		await_line wolfssl.$kind
		case $kind in
		ed25519) calls 'wolfSSL' $kind "$(head -1 wolfssl.$kind)" 'client=yes' client 'wolfSSL 5.5 takes no Ed25519 from a client' ;;
		*) calls 'wolfSSL' $kind "$(head -1 wolfssl.$kind)" 'client=yes' ;;
		esac
	fi
done
nginx_conf() {
	echo "user root root; daemon off; master_process off; pid $work/nginx.pid; error_log $work/nginx.log; events {} http { access_log off;"
	for directory in client_body proxy fastcgi uwsgi scgi; do echo "${directory}_temp_path $work/nginx.temp;"; done
	echo 'ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:all:1m; ssl_client_certificate ca.pem; ssl_verify_client optional;'
	for kind in $kinds; do
		echo "server { listen 127.0.0.1:$port ssl; server_name $kind.example; ssl_certificate $kind.pem; ssl_certificate_key $kind.key;"
		echo 'return 200 "version=$ssl_protocol resumed=$ssl_session_reused client=$ssl_client_verify\n"; }'
	done
	echo '}'
}
if has nginx; then
	next_port
	nginx_conf >nginx.conf
	nginx -p "$work" -c "$work/nginx.conf" >/dev/null 2>&1 &
	servers="$servers $!"
	await_port $port
	for kind in $kinds; do calls 'nginx' $kind $port 'client=SUCCESS'; done
fi

# --- their clients, our server ---
set -- ca.pem
for kind in $kinds; do set -- "$@" $kind.example $kind.pem $kind.key; done
"$TLS_PEER" server "$@" >ours 2>&1 &
servers="$servers $!"
await_line ours
port=$(head -1 ours)
request='GET / HTTP/1.0\r\n\r\n'
printf "$request" >request
mkfifo request.fifo
exec 9<>request.fifo # a request that does not end

by_openssl() { # KIND VERSION MODE
	set -- $1 $3 -connect 127.0.0.1:$port -servername $1.example -verify_hostname $1.example -CAfile ca.pem -verify_return_error \
		-quiet -tls$(echo $2 | tr . _)
	kind=$1 mode=$2
	shift 2
	case $mode in
	full) openssl s_client "$@" <request ;;
	resumed) openssl s_client "$@" -sess_out session <request >/dev/null && openssl s_client "$@" -sess_in session <request ;;
	client) openssl s_client "$@" -cert $kind.pem -key $kind.key <request ;;
	esac
}
by_gnutls() {
	set -- $1 $3 -p $port --x509cafile ca.pem --sni-hostname $1.example --verify-hostname $1.example \
		--priority "NORMAL:-VERS-ALL:+VERS-TLS$2" 127.0.0.1
	kind=$1 mode=$2
	shift 2
	printf "$request" >&9
	case $mode in
	full) gnutls-cli "$@" <&9 ;;
	resumed) gnutls-cli --resume "$@" <&9 ;;
	client) gnutls-cli --x509certfile $kind.pem --x509keyfile $kind.key "$@" <&9 ;;
	esac
}
by_nss() {
	set -- $1 $3 -h 127.0.0.1 -p $port -a $1.example -V tls$2:tls$2 -u -G -A request
	kind=$1 mode=$2
	shift 2
	case $mode in
	full) tstclnt -d sql:nss "$@" ;;
	resumed) tstclnt -d sql:nss "$@" -L 2 | tail -1 ;;
	client) tstclnt -d sql:nss-keys "$@" -n $kind ;;
	esac
}
by_wolfssl() { "$WOLFSSL_PEER" client $port $1.example ca.pem $2 $3 $1.pem $1.key; }
by_curl() {
	set -- $1 $3 -s -m 10 -0 --cacert ca.pem --resolve $1.example:$port:127.0.0.1 --tlsv$2 --tls-max $2 https://$1.example:$port/
	kind=$1 mode=$2
	shift 2
	case $mode in
	full) curl "$@" ;;
	resumed) curl "$@" https://$kind.example:$port/ | tail -1 ;;
	client) curl "$@" --cert $kind.pem --key $kind.key ;;
	esac
}
serves() { # WHOSE COMMAND KIND [MODES-THAT-ARE-NOT-ASKED WHY]
	for version in 1.2 1.3; do
		for mode in full resumed client; do
			what="our server, $1, $3, TLS $version, $mode"
			resumed=no client=no
			[ $mode = resumed ] && resumed=yes
			[ $mode = client ] && client=yes
			case " ${4:-} " in
			*" $mode "*) echo "# $what: not asked, $5"; continue ;;
			esac
			$2 $3 $version $mode >log 2>&1
			grep -q "^version=$version resumed=$resumed client=$client" log
			result $? "$what"
		done
	done
}
for kind in $kinds; do
	serves s_client by_openssl $kind
	if has gnutls-cli; then serves gnutls-cli by_gnutls $kind; fi
	if has tstclnt && [ $kind != ed25519 ]; then serves tstclnt by_nss $kind; fi
	if [ -x "$WOLFSSL_PEER" ]; then
		case $kind in
		ed25519) serves wolfSSL by_wolfssl $kind client 'wolfSSL 5.5 shows no Ed25519 as a client' ;;
		*) serves wolfSSL by_wolfssl $kind ;;
		esac
	fi
	serves curl by_curl $kind
done
kill -0 ${servers##* } 2>/dev/null
result $? 'our server is still there'
echo "1..$n"
