/* SPDX-License-Identifier: ISC */
#include "lab/story.h"

#include <stdlib.h>

void *story_grow(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room) return array;
	*room = *room ? *room * 2 : 64;
	void *more = realloc(array, *room * size);
	assert(more != NULL);
	return more;
}

void story_free(struct story *s)
{
	capture_free(&s->capture);
	for (size_t i = 0; i < s->lines; i++) free((void *)(uintptr_t)s->line[i].text);
	for (uint32_t i = 0; s->scene && i <= s->scenario->scenes; i++) {
		free(s->scene[i].before);
		free(s->scene[i].after);
		free(s->scene[i].first);
		free(s->scene[i].peak);
		free(s->scene[i].verdict);
	}
	free(s->line);
	free(s->moment);
	free(s->sample);
	free(s->flow);
	free(s->fault);
	free(s->scene);
}

uint32_t story_sender(const struct story *s, const struct captured *p) { return s->lab->end[p->end].host; }

struct filter story_filter(const char *expression)
{
	struct filter f = { 0 };
	char why[PCAP_ERROR_MAX];
	struct text err = text_in(why, sizeof why);
	bool good = expression == NULL || filter_compile(&f, PCAP_ETHERNET, expression, &err);
	assert(good);
	return f;
}

const char *story_name(void *scenario, struct ip ip)
{
	const struct scenario_host *h = scenario_host_of(scenario, ip);
	return h ? h->name : NULL;
}
