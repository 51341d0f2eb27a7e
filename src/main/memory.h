/* SPDX-License-Identifier: ISC */
/* memory.h - a large block to lend, straight from the kernel: all zero, and a page of it costs nothing before it is touched.
 *
 * calloc is no such promise: glibc fills what it gives where MALLOC_PERTURB_ is set, as meson does for every test, and a net
 * that has room for 8,000 connections is a gigabyte.
 */
#ifndef TULLE_MAIN_MEMORY_H
#define TULLE_MAIN_MEMORY_H

#include "base/bytes.h"

struct room memory_open(size_t bytes); /* at NULL: there is none, and errno says why */
void memory_close(struct room);        /* at NULL: nothing to do */

#endif
