/* SPDX-License-Identifier: ISC */
/* complaint.h - what is wrong with a scenario file, and where: all of it at once, in the order of the file. */
#ifndef TULLE_LAB_COMPLAINT_H
#define TULLE_LAB_COMPLAINT_H

#include "base/text.h"

#define COMPLAINTS_MAX 20 /* more than a person reads; the rest is counted */
#define COMPLAINT_WORDS_MAX 400

struct place { unsigned line, column; }; /* from 1; 0: nowhere in particular */

struct complaint { struct place at; char words[COMPLAINT_WORDS_MAX]; };
struct complaints { struct complaint list[COMPLAINTS_MAX]; size_t count, beyond; };

void complain(struct complaints *, struct place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* How many there have been: what reads a part of the file sees by it whether something was wrong there. */
static inline size_t complaints_all(const struct complaints *c) { return c->count + c->beyond; }

/* "FILE:12:7: expected a span of time, found 'soon'" a line. */
void complaints_print(struct complaints *, const char *path, struct text *);

#endif
