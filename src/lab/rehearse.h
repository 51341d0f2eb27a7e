/* SPDX-License-Identifier: ISC */
/* rehearse.h - looks, before anything is started, whether what a scenario says can be done: its zones are read,
 * its filters compiled, its command lines opened over a net on which nothing happens. */
#ifndef TULLE_LAB_REHEARSE_H
#define TULLE_LAB_REHEARSE_H

#include "base/files.h"
#include "lab/scenario.h"

void rehearse(const struct scenario *, struct files *, struct complaints *);

#endif
