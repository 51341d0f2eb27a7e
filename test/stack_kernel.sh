#!/bin/sh
# SPDX-License-Identifier: ISC
# Our stack against the kernel's, in a namespace of its own: what stack_kernel.py does.
set -u
skip() { echo "1..0 # SKIP $1"; exit 0; }
if [ -z "${IN_NAMESPACE:-}" ]; then
	[ -w /dev/net/tun ] || skip '/dev/net/tun cannot be opened'
	. "$(dirname "$0")/namespace.sh"
	[ -n "$own_network" ] || skip 'user namespaces are forbidden here'
	IN_NAMESPACE=1 exec unshare $own_network sh "$0"
fi
exec python3 "$(dirname "$0")/stack_kernel.py"
