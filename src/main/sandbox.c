/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "main/sandbox.h"

static bool off;

void sandbox_off(void) { off = true; }

bool sandbox_enter(const char **why)
{
	(void)why;
	return true;
}
