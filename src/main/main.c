/* SPDX-License-Identifier: ISC */
#include <stdio.h>

int main(void)
{
	fputs("tulle: nothing here yet\n", stderr);
	return 64;
}
