/* SPDX-License-Identifier: ISC */
#include "base/hash.h"
#include "proto/tcp/tcp.h"

/* RFC 6528, 3: a clock, so that an old connection's segments do not fit a new one; and a secret function of
 * the four names, so that nobody guesses one connection's numbers from another's. */
uint32_t tcp_iss(const uint8_t secret[16], instant now, const struct addr *local, const struct addr *remote)
{
	uint8_t names[2 * 18];

	memcpy(names, local->ip.byte, 16);
	store_be16(names + 16, local->port);
	memcpy(names + 18, remote->ip.byte, 16);
	store_be16(names + 34, remote->port);
	return (uint32_t)(now / (4 * MICROSECOND)) + (uint32_t)siphash(secret, (struct bytes){ names, sizeof names });
}
