/* SPDX-License-Identifier: ISC */
/* idn.c - fuzzes names in other scripts, both ways: what is done fits its buffer and the DNS's lengths, what is asked is ASCII and
 * asked again is the same, and what is shown is asked as what was shown. */
#include <assert.h>

#include "idn/idn.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	char name[2000], ascii[IDN_ASCII_MAX], again[IDN_ASCII_MAX], shown[IDN_UNICODE_MAX];

	if (len >= sizeof name) return 0;
	memcpy(name, at, len);
	name[len] = '\0';
	if (idn_to_ascii(name, ascii) == IDN_DONE) {
		assert(!idn_wanted(ascii) && strlen(ascii) < IDN_ASCII_MAX && strstr(ascii, "..") == NULL);
		assert(idn_to_ascii(ascii, again) == IDN_DONE && strcmp(ascii, again) == 0);
	} else assert(ascii[0] == '\0');
	if (idn_to_unicode(name, shown) != IDN_DONE) {
		assert(shown[0] == '\0' || strcmp(shown, name) == 0);
	} else if (strcmp(shown, name) != 0) {
		assert(strlen(shown) < IDN_UNICODE_MAX && idn_to_ascii(shown, again) == IDN_DONE && strlen(again) == strlen(name));
		for (size_t i = 0; again[i] != '\0'; i++) assert(again[i] == lower(name[i]));
	}
	return 0;
}
