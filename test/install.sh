#!/bin/sh
# SPDX-License-Identifier: ISC
# What a developer who embeds Tulle does: install, ask pkg-config, compile, run.
set -u
build=$(dirname "$TULLE")
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
n=0
check() { # WHAT COMMAND...
	what=$1
	shift
	n=$((n + 1))
	if "$@" >"$stage/log" 2>&1; then
		echo "ok $n - $what"
	else
		sed 's/^/# /' "$stage/log"
		echo "not ok $n - $what"
	fi
}

check "meson installs" env DESTDIR="$stage/root" meson install -C "$build" --no-rebuild
prefix=$(find "$stage/root" -type d -name pkgconfig -path '*lib*' | head -n 1)
check "there is a pkg-config file" test -f "$prefix/tulle.pc"
check "there are the command and its man page" sh -c "
	find '$stage/root' -path '*/bin/tulle' | grep -q . && find '$stage/root' -name tulle.1 | grep -q ."
links=$(dirname "$(find "$stage/root" -path '*/libexec/tulle/nslookup')")
check "each command has a link of its bare name" sh -c "
	all=\$('$TULLE' help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'); test \$(echo \$all | wc -w) -ge 11 &&
	for name in \$all; do test -x '$links'/\$name || { echo \$name; exit 1; }; done"
check "which is that command" sh -c "
	'$links'/nslookup --help >'$stage/help' && '$TULLE' nslookup --help | cmp - '$stage/help'"
# groff gives an .Nm without words the first word alone: "tulle serve"
check "each page names its command in full" sh -c "! grep -x '\.Nm' \$(find '$stage/root' -name 'tulle-*.1')"
cat >"$stage/own.c" <<'EOF'
#include <proto/dns/zone.h>
#include <proto/tls/tls.h>
#include <stack/stack.h>
#include <stdio.h>

int main(void)
{
	struct dns_name name;
	char text[DNS_NAME_TEXT_MAX];
	if (!dns_name_parse("www.example.com", &name)) return 1;
	printf("%s %d\n", dns_name_text(&name, text), stack_size(&stack_limits_small) > 0);
	return 0;
}
EOF
export PKG_CONFIG_PATH="$prefix" PKG_CONFIG_SYSROOT_DIR="$stage/root"
sanitizer=$(nm "$TULLE" 2>/dev/null | grep -q __asan_init && echo "-fsanitize=address,undefined")
compiler=$(nm "$TULLE" 2>/dev/null | grep -q __asan_init && echo clang || echo cc)
# shellcheck disable=SC2046,SC2086 # lists of flags
check "a program of one's own compiles against it" \
	$compiler $sanitizer -o "$stage/own" "$stage/own.c" $(pkg-config --cflags --libs tulle)
check "and runs" sh -c "test \"\$('$stage/own')\" = 'www.example.com. 1'"
echo "1..$n"
