/* SPDX-License-Identifier: ISC */
#include "proto/tcp/rtt.h"

void tcp_rtt_init(struct tcp_rtt *r)
{
	*r = (struct tcp_rtt){ .rto = TCP_RTO_FIRST, .timed_at = NEVER };
}

static instant distance(instant a, instant b) { return a < b ? b - a : a - b; }

/* RFC 6298, 2.2 and 2.3: alpha is 1/8, beta 1/4, K is 4. The clock ticks in nanoseconds, so G does not matter. */
void tcp_rtt_sample(struct tcp_rtt *r, instant measured)
{
	if (measured < 1) measured = 1; /* on a virtual clock a round trip may take no time; srtt 0 means "none yet" */
	if (r->srtt == 0) {
		r->srtt = measured;
		r->rttvar = measured / 2;
	} else {
		r->rttvar += (distance(r->srtt, measured) - r->rttvar) / 4;
		r->srtt += (measured - r->srtt) / 8;
	}
	r->rto = instant_min(instant_max(r->srtt + 4 * r->rttvar, TCP_RTO_MIN), TCP_RTO_MAX);
	r->backoffs = 0;
}

/* RFC 6298, 5.5. The doubled time holds until something sent only once was measured. */
void tcp_rtt_expired(struct tcp_rtt *r)
{
	r->rto = instant_min(2 * r->rto, TCP_RTO_MAX);
	if (r->backoffs < UINT8_MAX) r->backoffs++;
	tcp_rtt_forget(r);
}

/* RFC 6298, 5.7 */
void tcp_rtt_opened(struct tcp_rtt *r)
{
	if (r->srtt == 0 && r->backoffs > 0) r->rto = TCP_RTO_AFTER_SYN;
	r->backoffs = 0;
}
