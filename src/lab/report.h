/* SPDX-License-Identifier: ISC */
/* report.h - the run as one page that a browser opens from disk: the topology, each scene as a sequence diagram
 * whose packets can be looked into, the congestion window over time, and the table. The page is web/report.html
 * with what happened put in as JSON; it asks no network for anything. */
#ifndef TULLE_LAB_REPORT_H
#define TULLE_LAB_REPORT_H

#include "lab/story.h"
#include "lab/table.h"

#define REPORT_PACKETS_MAX 120   /* drawn of a scene; the page says how many more there were */
#define REPORT_SAMPLES_MAX 1500  /* of a connection's window; more are thinned out */

bool report_write(const struct story *, const struct table *, int fd, int *error); /* closes it. False: *error is errno */

#endif
