/* SPDX-License-Identifier: ISC */
/* Scenario files as people mistype them: read, or refused with at least one complaint. */
#include "lab/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct complaints complaints;
	char said[4096];
	struct text out = text_in(said, sizeof said);

	complaints = (struct complaints){ 0 };
	struct scenario *s = scenario_load((struct bytes){ data, size }, &complaints);
	assert((s != NULL) == (complaints.count == 0));
	complaints_print(&complaints, "x", &out);
	if (s != NULL) scenario_free(s);
	return 0;
}
