/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "main/memory.h"

#include <sys/mman.h>

struct room memory_open(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return at != MAP_FAILED ? (struct room){ at, bytes } : (struct room){ NULL, 0 };
}

void memory_close(struct room memory)
{
	if (memory.at != NULL) munmap(memory.at, memory.len);
}
