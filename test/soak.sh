#!/bin/sh
# SPDX-License-Identifier: ISC
# soak: connections to `echo serve` that are used, and half of them killed; nothing is lost and nothing kept. COUNT (1,000) of each kind,
# by SEED (the day's); scripts/soak runs it with a hundred thousand.
set -u
. "$(dirname "$0")/ground.sh"
command -v python3 >/dev/null || { echo '1..0 # SKIP no python3'; exit 0; }
count=${COUNT:-1000}
seed=${SEED:-$(date +%Y%m%d)}
soak() { # KIND DESCRIPTORS WHAT
	python3 "$SOURCE/test/soak.py" "$TULLE" "$1" "$count" "$seed" "$2" >log 2>&1
	status=$?
	awk '/./ { print "# " $0 }' log
	rm -f server
	[ $status = 0 ]
	result $? "$3"
}
soak tcp 256 "TCP: $count connections, half of them killed"
soak tcp 64 'with descriptors for fewer than there are clients'
soak udp 256 'UDP'
soak tls 256 'TLS'
echo "1..$n"
