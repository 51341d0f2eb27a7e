# SPDX-License-Identifier: ISC
# Sourced by tests that want a network of their own: $own_network is what to give unshare(1) - as anybody, with a user
# namespace; as root without one, where those are forbidden (a chroot) - or nothing where there is no way.
own_network=$( { unshare -rn true && printf '%s' -rn || { unshare -n true && printf '%s' -n; }; } 2>/dev/null )
