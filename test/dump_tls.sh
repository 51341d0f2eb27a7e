#!/bin/sh
# SPDX-License-Identifier: ISC
# dump_tls.sh - what `tulle dump` sees in TLS beside Debian's tshark: openssl's conversations with itself (tls/make.sh
# made them), in every suite and both versions, with secrets and without.
set -u
all="$SOURCE/test/tls/conversations.pcapng"
dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
count=0

result() { # "ok" or "not ok", what
	count=$((count + 1))
	echo "$1 $count - $2"
}

equal() { # WHAT: $dir/ours is $dir/theirs, and not empty
	if [ -s "$dir/theirs" ] && diff "$dir/theirs" "$dir/ours" >"$dir/diff"; then
		result ok "$1: $(wc -l <"$dir/ours") alike"
	else
		head -n 20 "$dir/diff" | sed 's/^/# /'
		result "not ok" "$1"
	fi
}

# "port value" lines, in the order of the packets. Port 4315 has a suite that only tshark opens.
theirs() { # a field of tshark's, and its column in $dir/fields
	awk -F '\t' -v column="$1" '{
		port = $1 > 4300 && $1 < 4400 ? $1 : $2
		count = split($column, value, ",")
		for (i = 1; i <= count; i++) if (port != 4315) print port, value[i]
	}' "$dir/fields" >"$dir/theirs"
}

ours() { # the field's name, as an expression; what is taken is the last word or what is in brackets behind it
	awk -v name="$1" '
		/^ .* > / { split($1, from, "."); split($3, to, "[.:]"); port = from[5] > 4300 && from[5] < 4400 ? from[5] : to[5] }
		port != 4315 && $0 ~ "^\t +" name ": " {
			sub("  - .*", "")
			sub("^\t +" name ": ", "")
			if (match($0, "\\(0x[0-9a-f]+\\)$")) $0 = substr($0, RSTART + 1, RLENGTH - 2)
			print port, $0
		}' "$dir/dump" >"$dir/ours"
}

if ! command -v tshark >/dev/null; then
	echo "1..0 # SKIP there is no tshark here"
	exit 0
fi

tshark -r "$all" -Y tls -T fields -e tcp.srcport -e tcp.dstport -e tls.handshake.type -e tls.handshake.ciphersuite \
	-e tls.handshake.extensions_server_name -e tls.handshake.extensions_alpn_str -e tls.handshake.extensions_supported_group \
	-e tls.handshake.sig_hash_alg -e tls.alert_message.desc -e tls.handshake.extensions_key_share_group 2>/dev/null >"$dir/fields"
"$TULLE" dump -n -vvv -r "$all" >"$dir/dump" 2>"$dir/err"
theirs 3
ours msg_type
equal "handshake messages"
theirs 4
ours "(suite|cipher_suite)"
equal "cipher suites"
theirs 5
ours HostName
equal "names asked for"
theirs 6
ours ProtocolName
equal "protocols offered and chosen"
theirs 7
ours "group" && grep -v "key_exchange" "$dir/ours" >"$dir/numbers" && mv "$dir/numbers" "$dir/ours"
sort -u "$dir/theirs" >"$dir/numbers" && mv "$dir/numbers" "$dir/theirs"
sort -u "$dir/ours" >"$dir/numbers" && mv "$dir/numbers" "$dir/ours"
equal "groups offered"
theirs 8
ours "(scheme|algorithm)"
equal "signatures offered and made"
theirs 9
ours description
while read -r port hex; do echo "$port $((hex))"; done <"$dir/ours" | sort -u >"$dir/numbers" && mv "$dir/numbers" "$dir/ours"
sort -u "$dir/theirs" >"$dir/numbers" && mv "$dir/numbers" "$dir/theirs" # tshark 4.4 leaves out those that end an HTTP response
equal "alerts"

# What was said inside, without the ends of lines: they are cut differently. No two connections speak at once.
follow=
for stream in $(tshark -r "$all" -Y "tls && tcp.port != 4315" -T fields -e tcp.stream 2>/dev/null | uniq); do
	follow="$follow -z follow,tls,raw,$stream"
done
# shellcheck disable=SC2086
tshark -r "$all" -q $follow 2>/dev/null | sed -n 's/^\t*\([0-9a-f]*\)$/\1/p' | xxd -r -p | tr -d '\r\n\t ' | sed 's/GET/\n&/g' | sort >"$dir/theirs"
sed -n 's/^\t    | //p' "$dir/dump" | tr -d '\r\n\t ' | sed 's/GET/\n&/g' | sort >"$dir/ours"
equal "application data"
if grep -q "its cipher suite is not read here" "$dir/dump"; then
	result ok "of a suite that we do not have it is said"
else
	result "not ok" "of a suite that we do not have it is said"
fi

# Without the secrets the same connections are followed, and nothing of what they hide is shown.
if command -v editcap >/dev/null && editcap --discard-all-secrets "$all" "$dir/bare.pcapng" 2>/dev/null; then
	"$TULLE" dump -n -vv -r "$dir/bare.pcapng" >"$dir/dump" 2>/dev/null
	if grep -q "small.txt\|through the glass\|decrypted" "$dir/dump"; then
		result "not ok" "without secrets nothing is opened"
	else
		result ok "without secrets nothing is opened"
	fi
	if grep -q "encrypted: there is no key log" "$dir/dump"; then result ok "and it is said why"; else result "not ok" "and it is said why"; fi
	# A key log of somebody else's is of no use; the right one opens them; and in the file it does so for tshark too.
	sed -n '/^CLIENT_RANDOM/p;/_TRAFFIC_SECRET/p' "$all" | tr -d '\000' | grep -a '^[A-Z_0-9]* [0-9a-f]\{64\} [0-9a-f]*$' >"$dir/keys"
	"$TULLE" dump -n -v -r "$dir/bare.pcapng" --keylog "$dir/keys" tcp port 4307 >"$dir/dump" 2>/dev/null
	if grep -q "through the glass" "$dir/dump"; then result ok "a key log opens them"; else result "not ok" "a key log opens them"; fi
	"$TULLE" dump -r "$dir/bare.pcapng" --keylog "$dir/keys" -w "$dir/again.pcapng" 2>/dev/null
	tshark -r "$dir/again.pcapng" -Y 'http.response.code == 200 || http.request' -T fields -e tcp.port 2>/dev/null >"$dir/ours"
	tshark -r "$all" -Y 'http.response.code == 200 || http.request' -T fields -e tcp.port 2>/dev/null >"$dir/theirs"
	equal "tshark shows http in the file we wrote, without any option"
	sed 's/ [0-9a-f]\{8\}/ 00000000/' "$dir/keys" >"$dir/strange"
	"$TULLE" dump -n -v -r "$dir/bare.pcapng" --keylog "$dir/strange" >"$dir/dump" 2>/dev/null
	if grep -q "the key log has no secret for it" "$dir/dump" && ! grep -q decrypted "$dir/dump"; then
		result ok "a stranger's key log opens nothing"
	else
		result "not ok" "a stranger's key log opens nothing"
	fi
fi
if "$TULLE" dump -r "$all" --keylog "$dir/none" >/dev/null 2>"$dir/err"; then
	result "not ok" "a key log that is not there is an error"
else
	grep -q "key log.*No such file" "$dir/err" && result ok "a key log that is not there is an error"
fi
echo "1..$count"
