# SPDX-License-Identifier: ISC
# Sourced first by tests of servers and their clients: a network namespace of its own where that may be made, so that no port is
# taken; a new folder that goes when the test ends, and with it every process named in $servers; and what they all say.
. "$(dirname "$0")/namespace.sh"
if [ -z "${IN_NAMESPACE:-}" ] && [ -n "$own_network" ]; then
	IN_NAMESPACE=1 exec unshare $own_network sh "$0"
fi
[ -n "${IN_NAMESPACE:-}" ] && ip link set lo up
PATH=$PATH:/usr/sbin:/sbin
unset SSLKEYLOGFILE SSL_CERT_FILE
work=$(mktemp -d)
cd "$work" || exit 1
servers=''
trap 'for s in $servers; do kill "$s" 2>/dev/null; done; wait 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
n=0
result() { # STATUS WHAT: what failed shows the files log and server, if they are there
	n=$((n + 1))
	[ "$1" = 0 ] && { echo "ok $n - $2"; return; }
	cat log server 2>/dev/null | head -c 6000 | tr -d '\000\r' | awk '{ print "# " $0 }'
	echo "not ok $n - $2"
}
await() { # FILE WORDS: until they stand in it
	i=0
	until grep -aq "$2" "$1" 2>/dev/null; do
		i=$((i + 1))
		[ $i -gt 200 ] && return 1
		sleep 0.05
	done
}
await_port() { # NUMBER: until somebody listens there
	i=0
	until ss -Hltn "sport = :$1" | grep -q .; do
		i=$((i + 1))
		[ $i -gt 200 ] && return 1
		sleep 0.05
	done
}
own() { # PROGRAM: a copy of it in the work folder. AppArmor confines the system's own to the system's folders, by their path
	cp "$(command -v "$1")" "$work/$1"
}
wants() { # WHAT STATUS WORDS COMMAND...: its exit status, and words it says
	what=$1 status=$2 words=$3
	shift 3
	timeout 20 "$@" >log 2>&1 </dev/null
	[ $? = "$status" ] && grep -q -- "$words" log
	result $? "$what"
}
