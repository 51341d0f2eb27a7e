#!/bin/sh
# SPDX-License-Identifier: ISC
# tls ca new, tls cert issue and tls cert show, seen by openssl (verify, x509, s_server) and by the real curl.
set -u
. "$(dirname "$0")/ground.sh"

# --- the authority ---
wants 'an authority is two files' 0 'ca.key  its key' "$TULLE" tls ca new --name 'Test Authority'
[ "$(stat -c %a ca.key)" = 600 ]
result $? 'its key is for nobody else'
[ "$(stat -c %a ca.pem)" = 644 ]
result $? 'and its certificate for everybody'
wants 'it is not written over' 1 'there already; --force' "$TULLE" tls ca new
wants 'unless one says so' 0 'ca.pem' "$TULLE" tls ca new --name 'Test Authority' --force
wants 'openssl reads the certificate' 0 'Test Authority' openssl x509 -in ca.pem -noout -subject
wants 'it is a CA, critically' 0 'CA:TRUE' openssl x509 -in ca.pem -noout -ext basicConstraints
wants 'and may sign certificates and lists' 0 'Certificate Sign, CRL Sign' openssl x509 -in ca.pem -noout -ext keyUsage
wants 'openssl reads the key' 0 'prime256v1' openssl pkey -in ca.key -noout -text

# --- certificates ---
wants 'a certificate for names and addresses' 0 'www.example.com.key' "$TULLE" tls cert issue www.example.com '*.example.net' 127.0.0.1 ::1
wants 'openssl believes it, strictly' 0 'OK' openssl verify -x509_strict -purpose sslserver -CAfile ca.pem www.example.com.pem
wants 'by name' 0 'OK' openssl verify -verify_hostname www.example.com -CAfile ca.pem www.example.com.pem
wants 'by wildcard' 0 'OK' openssl verify -verify_hostname a.example.net -CAfile ca.pem www.example.com.pem
wants 'by address' 0 'OK' openssl verify -verify_ip ::1 -CAfile ca.pem www.example.com.pem
wants 'and not by another' 2 'ostname mismatch' openssl verify -verify_hostname a.example.org -CAfile ca.pem www.example.com.pem
wants 'nor as a client' 2 'purpose' openssl verify -purpose sslclient -CAfile ca.pem www.example.com.pem
wants 'a client has its own kind' 0 'me.pem' "$TULLE" tls cert issue me.example --client --out me
wants 'which is one for clients' 0 'OK' openssl verify -x509_strict -purpose sslclient -CAfile ca.pem me.pem
for kind in p384 ed25519 rsa; do
	wants "a key of kind $kind" 0 "$kind.pem" "$TULLE" tls cert issue $kind.example --key $kind --out $kind
	wants "openssl believes it" 0 'OK' openssl verify -x509_strict -CAfile ca.pem $kind.pem
	"$TULLE" tls ca new --key $kind --out ca-$kind --name $kind >log 2>&1 && "$TULLE" tls cert issue x.example --ca ca-$kind --out by-$kind >log 2>&1
	wants 'and signed by one' 0 'OK' openssl verify -x509_strict -CAfile ca-$kind.pem by-$kind.pem
done
wants 'must-staple is said' 0 'status_request' sh -c "'$TULLE' tls cert issue s.example --must-staple && openssl x509 -in s.example.pem -noout -text"
wants 'a wildcard makes a name for a file' 0 '^_.w.example.pem' "$TULLE" tls cert issue '*.w.example'

# --- an authority that is bound ---
"$TULLE" tls ca new --out bound --permit example.com --permit 10.0.0.0/8 --exclude no.example.com --path-length 0 >log 2>&1
wants 'its constraints are there' 0 'IP:10.0.0.0/255.0.0.0' openssl x509 -in bound.pem -noout -text
wants 'it certifies what it may' 0 'ok.example.com.pem' "$TULLE" tls cert issue ok.example.com 10.1.2.3 --ca bound
wants 'which openssl believes' 0 'OK' openssl verify -x509_strict -CAfile bound.pem ok.example.com.pem
wants 'what it may not is not even written' 1 'not among those that its issuer' "$TULLE" tls cert issue www.example.org --ca bound
wants 'nor what is excluded' 1 'its issuer CN=Private CA may not certify' "$TULLE" tls cert issue a.no.example.com --ca bound
[ ! -e www.example.org.key ] && [ ! -e www.example.org.pem ]
result $? 'no file of it is left'

# --- words for what is wrong ---
wants 'no authority' 1 'nowhere.pem: there is no such file' "$TULLE" tls cert issue a.example --ca nowhere
wants 'a name that is none' 1 'neither a DNS name nor an IP address' "$TULLE" tls cert issue 'a name'
wants 'a name beyond ASCII' 1 'xn--' "$TULLE" tls cert issue 'bÃ¼cher.example'
wants 'a wildcard that nobody would believe' 1 'two labels to its right' "$TULLE" tls cert issue ok.example '*.com'
wants 'a span that is none' 64 'from 1 to' "$TULLE" tls cert issue a.example --days 0
wants 'a kind of key that is none' 64 'p256, p384' "$TULLE" tls cert issue a.example --key dsa
wants 'no name at all' 64 'usage: tulle tls cert' "$TULLE" tls cert issue
cp me.key torn.key && cp ca.pem torn.pem
wants 'a key of another' 1 'torn.key is not the key of torn.pem' "$TULLE" tls cert issue a.example --ca torn
echo nonsense >torn.pem
wants 'a file that is no certificate' 1 'torn.pem: it holds no certificate' "$TULLE" tls cert issue a.example --ca torn
wants 'a folder that is not there' 1 'none/ca.key cannot be written' "$TULLE" tls ca new --out none/ca

# --- revocation ---
"$TULLE" tls cert issue stolen.example >log 2>&1
wants 'an empty list' 0 'ca.crl' "$TULLE" tls ca crl
wants 'openssl believes all then' 0 'OK' openssl verify -crl_check -CRLfile ca.crl -CAfile ca.pem stolen.example.pem
wants 'a list with one' 0 'ca.crl' "$TULLE" tls ca crl stolen.example.pem --force
wants 'openssl does not believe that one' 2 'certificate revoked' openssl verify -crl_check -CRLfile ca.crl -CAfile ca.pem stolen.example.pem
wants 'but the others' 0 'OK' openssl verify -crl_check -CRLfile ca.crl -CAfile ca.pem www.example.com.pem
wants 'an answer that one is good' 0 'www.example.com.ocsp' "$TULLE" tls cert ocsp www.example.com.pem
wants 'openssl reads it' 0 'www.example.com.pem: good' openssl ocsp -respin www.example.com.ocsp -CAfile ca.pem -issuer ca.pem -cert www.example.com.pem
wants 'and that one is not' 0 'stolen.example.ocsp' "$TULLE" tls cert ocsp stolen.example.pem --revoked
wants 'openssl reads it' 0 'stolen.example.pem: revoked' openssl ocsp -respin stolen.example.ocsp -CAfile ca.pem -issuer ca.pem -cert stolen.example.pem

# --- shown ---
wants 'a certificate is shown' 0 'names      www.example.com, \*.example.net, 127.0.0.1, ::1' "$TULLE" tls cert show www.example.com.pem
[ "$(sed -n 's/^SHA-256 *//p' log)" = "$(openssl x509 -in www.example.com.pem -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)" ]
result $? 'with the fingerprint that openssl gives it'

# --- in use ---
openssl s_server -accept 127.0.0.1:8443 -cert www.example.com.pem -key www.example.com.key -CAfile ca.pem -Verify 1 -verify_return_error -www -quiet >server 2>&1 &
server=$! servers="$servers $!"
await_port 8443
wants 'curl believes the server, and is believed' 0 'TLSv1.3' curl -sS -m 10 --cacert ca.pem --cert me.pem --key me.key --resolve www.example.com:8443:127.0.0.1 https://www.example.com:8443/
wants 'by its address too' 0 'TLSv1.3' curl -sS -m 10 --cacert ca.pem --cert me.pem --key me.key https://127.0.0.1:8443/
wants 'but not by another name' 60 'alternative certificate' curl -sS -m 10 --cacert ca.pem --cert me.pem --key me.key --resolve other.example:8443:127.0.0.1 https://other.example:8443/
kill "$server" && wait "$server" 2>/dev/null

# --- our own client, and revocation ---
serve() { # CERTIFICATE [MORE]: our server with it
	certificate=$1
	shift
	"$TULLE" tls server 127.0.0.1:8443 --quiet --cert "$certificate.pem" --key "$certificate.key" "$@" >server 2>&1 &
	server=$! servers="$servers $!"
	await_port 8443
}
serve www.example.com --ocsp www.example.com.ocsp
wants 'our client wants a staple and gets it' 0 'OCSP response stapled' "$TULLE" tls client 127.0.0.1:8443 --ca ca.pem --must-staple
wants 'and looks into the list' 0 'Finished' "$TULLE" tls client 127.0.0.1:8443 --ca ca.pem --crl ca.crl
wants 'openssl sees the staple' 0 'Cert Status: good' openssl s_client -connect 127.0.0.1:8443 -CAfile ca.pem -status
kill "$server" && wait "$server" 2>/dev/null
serve stolen.example --ocsp stolen.example.ocsp
wants 'a revoked server, by its own staple' 1 'was revoked' "$TULLE" tls client 127.0.0.1:8443 --servername stolen.example --ca ca.pem
kill "$server" && wait "$server" 2>/dev/null
serve stolen.example
wants 'and by the list' 1 'says its issuer.s revocation list' "$TULLE" tls client 127.0.0.1:8443 --servername stolen.example --ca ca.pem --crl ca.crl
wants 'a server that staples nothing' 1 'no OCSP response is stapled, and we want one' "$TULLE" tls client 127.0.0.1:8443 --servername stolen.example --ca ca.pem --must-staple
wants 'a list wants its authority' 64 'wants --ca' "$TULLE" tls client 127.0.0.1:8443 --crl ca.crl
wants 'a list that is none' 1 'ca.pem: it holds no revocation list' "$TULLE" tls client 127.0.0.1:8443 --ca ca.pem --crl ca.pem
echo "1..$n"
