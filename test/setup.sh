#!/bin/sh
# SPDX-License-Identifier: ISC
# scripts/setup where there is no apt-get, and where there is no root: it says exactly what is missing, and what to do.
set -u
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
n=0
result() { # STATUS WHAT
	n=$((n + 1))
	[ "$1" = 0 ] && echo "ok $n - $2" || { sed 's/^/# /' "$stage/log"; echo "not ok $n - $2"; }
}

# A system with nothing but these; `gcc` is there, the rest is not.
mkdir "$stage/bin"
for program in sh cat env mktemp rm dirname uname; do ln -s "$(command -v $program)" "$stage/bin/$program"; done
printf '#!/bin/sh\necho 1000\n' >"$stage/bin/id"
printf '#!/bin/sh\n' >"$stage/bin/gcc"
chmod +x "$stage/bin/id" "$stage/bin/gcc"
# The script looks in /usr/sbin too: what lies there is found, and that is right; none of its needs does.
setup() { env -i PATH="$stage/bin" "$stage/bin/sh" "$SOURCE/scripts/setup" build >"$stage/log" 2>&1; }

setup
[ $? = 1 ]
result $? "elsewhere it ends with 1"
grep -q 'missing: .*meson.*ninja' "$stage/log" && ! grep -q ' gcc' "$stage/log"
result $? "it names what is missing, and only that"
grep -q 'libpcap-dev' "$stage/log" && grep -q 'no apt-get' "$stage/log"
result $? "and Debian's names for it"

printf '#!/bin/sh\nexit 1\n' >"$stage/bin/apt-get"
chmod +x "$stage/bin/apt-get"
setup
[ $? = 1 ] && grep -q 'As root: apt-get install .*meson' "$stage/log"
result $? "without root or sudo it says the command"

printf '#!/bin/sh\necho 0\n' >"$stage/bin/id"
printf '#!/bin/sh\necho "E: no network"; exit 100\n' >"$stage/bin/apt-get"
setup
[ $? = 1 ] && grep -q 'E: no network' "$stage/log" && grep -q 'could not install:.* meson' "$stage/log"
result $? "when apt-get fails, its words and ours are told"
echo "1..$n"
