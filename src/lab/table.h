/* SPDX-License-Identifier: ISC */
/* table.h - TCP against UDP, measured in the run: from what programs measured, what stacks counted, and what was
 * captured. Nothing in it is written down beforehand but the names of its rows. */
#ifndef TULLE_LAB_TABLE_H
#define TULLE_LAB_TABLE_H

#include "lab/story.h"

#define TABLE_ROWS 7
#define TABLE_CELL_MAX 160

struct table_row { const char *name; char tcp[TABLE_CELL_MAX], udp[TABLE_CELL_MAX]; };
struct table { struct table_row row[TABLE_ROWS]; size_t rows; };

void table_measure(const struct story *, struct table *);
void table_print(const struct table *, struct text *);

#endif
