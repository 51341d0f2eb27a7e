/* SPDX-License-Identifier: ISC */
/* drain.h - how a server ends that was asked to (tool.stop): nobody new is let in; what has been said is answered; then each
 * connection is finished, and its peer's end waited for, so that no reset takes the last answer away.
 *
 *     stop:   drain_start(&s->drain, now); close the listeners
 *     event:  if (drain_quiet(&s->drain, now)) finish each connection as soon as it has nothing to be answered
 *             if (nobody is left || drain_over(&s->drain, now)) abort those who are left; done
 *             net_wake(net, instant_min(drain_deadline(&s->drain, now), ...))
 *
 * What was on its way when the signal came has DRAIN_LISTEN_FOR to arrive. Who does not read, or does not leave, is waited for
 * no longer than TOOL_DRAIN_WITHIN (tool.h) in all.
 */
#ifndef TULLE_TOOL_DRAIN_H
#define TULLE_TOOL_DRAIN_H

#include "tool/tool.h"

#define DRAIN_LISTEN_FOR (250 * MILLISECOND)

struct drain { bool on; instant quiet_at, over_at; }; /* zeroed before */

static inline void drain_start(struct drain *d, instant now)
{
	if (!d->on) *d = (struct drain){ true, now + DRAIN_LISTEN_FOR, now + TOOL_DRAIN_WITHIN };
}
static inline bool drain_quiet(const struct drain *d, instant now) { return d->on && now >= d->quiet_at; }
static inline bool drain_over(const struct drain *d, instant now) { return d->on && now >= d->over_at; }
static inline instant drain_deadline(const struct drain *d, instant now)
{
	return !d->on ? NEVER : now < d->quiet_at ? d->quiet_at : d->over_at;
}

#endif
