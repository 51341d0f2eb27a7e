/* SPDX-License-Identifier: ISC */
/* shelf.h - the files of a scenario, as its hosts see them: `zones/NAME` for each zone, and what `files:` names,
 * out of memory or below a folder beside the scenario file. Nothing else of the host can be reached. */
#ifndef TULLE_LAB_SHELF_H
#define TULLE_LAB_SHELF_H

#include "base/files.h"
#include "lab/scenario.h"

struct shelf {
	struct files files; /* first: what tools are lent */
	const struct scenario *scenario;
	struct files **below; /* by scenario file; NULL for texts */
};

/* `beside` is the folder the scenario file lies in, `path` what it is called. Complains about folders that are not
 * there, or that lead out of it. */
struct shelf *shelf_open(struct arena *, const struct scenario *, struct files *beside, const char *path, struct complaints *);

#endif
