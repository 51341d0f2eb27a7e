/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "lab/record.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "wire/pcapng.h"

#define NAMES_MAX 4096 /* of a name resolution block */

/* How far into the buffer whole blocks reach that begin in it; blocks say their length at both ends. */
static size_t whole_blocks(const uint8_t *at, size_t written)
{
	size_t whole = 0;
	while (written - whole >= 8) {
		const uint8_t *p = at + whole + 4;
		size_t len = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
		if (len > written - whole) break;
		whole += len;
	}
	return whole;
}

/* The buffer begins with a block; what is written of it is counted up to the last whole one. */
static void flush(struct record *r)
{
	size_t done = 0;
	while (done < r->used && r->error == 0) {
		ssize_t n = write(r->fd, r->buffer + done, r->used - done);
		if (n > 0) done += (size_t)n;
		else if (n == 0) r->error = ENOSPC;
		else if (errno != EINTR) r->error = errno;
	}
	r->written += done;
	r->whole += whole_blocks(r->buffer, done);
	r->used = 0;
}

static struct room room_of(struct record *r, size_t need)
{
	if (RECORD_BUFFER_BYTES - r->used < need) flush(r);
	return (struct room){ r->buffer + r->used, RECORD_BUFFER_BYTES - r->used };
}

static void put_interfaces(struct record *r, const struct lab *lab)
{
	const struct scenario *s = lab->scenario;
	char name[160], description[200];

	for (uint32_t i = 0; i < lab->ends; i++) {
		const struct scenario_host *host = &s->host[lab->end[i].host];
		const struct scenario_link *link = &s->link[lab->end[i].link];
		struct text n = text_in(name, sizeof name), d = text_in(description, sizeof description);
		text_printf(&n, "%s:%s", host->name, link->name);
		text_printf(&d, "where %s is on the link %s", host->name, link->name);
		r->used += pcapng_interface(&(struct pcapng_interface){ .name = name, .description = description,
		                            .bits_per_second = link->wire.bits_per_second },
		                            room_of(r, 1024));
	}
}

static void put_names(struct record *r, const struct scenario *s)
{
	struct pcapng_name *name = calloc(NAMES_MAX, sizeof *name);
	size_t count = 0;

	assert(name != NULL);
	for (uint32_t h = 0; h < s->hosts; h++)
		for (size_t i = 0; i < s->host[h].interfaces; i++)
			for (size_t a = 0; a < s->host[h].interface[i].addresses && count < NAMES_MAX; a++)
				name[count++] = (struct pcapng_name){ s->host[h].interface[i].address[a].ip, s->host[h].name };
	if (count > 0) r->used += pcapng_names(name, count, room_of(r, RECORD_BUFFER_BYTES / 2));
	free(name);
}

bool record_open(struct record *r, int fd, const struct lab *lab, uint64_t seed)
{
	char words[200];
	struct text t = text_in(words, sizeof words);

	*r = (struct record){ .fd = fd, .date = lab->scenario->date, .buffer = malloc(RECORD_BUFFER_BYTES) };
	assert(r->buffer != NULL);
	text_printf(&t, "%s; seed %llu", lab->scenario->name, (unsigned long long)seed);
	r->used += pcapng_section("tulle lab", words, room_of(r, 1024));
	put_interfaces(r, lab);
	put_names(r, lab->scenario);
	flush(r);
	return r->error == 0;
}

const char *record_words(const struct captured *p, struct text *words)
{
	if (p->story) text_puts(words, p->story);
	if (p->story && p->fate != SIM_DELIVERED) text_puts(words, "; ");
	if (p->fate != SIM_DELIVERED) text_puts(words, sim_fate_words(p->fate));
	return words->len > 0 ? words->at : NULL;
}

/* In blocks that the buffer has room for, of whole lines. */
void record_secrets(struct record *r, struct bytes key_log)
{
	while (r->secrets < key_log.len && r->error == 0) {
		struct bytes fresh = bytes_skip(key_log, r->secrets);
		fresh.len = size_min(fresh.len, RECORD_BUFFER_BYTES / 4);
		const uint8_t *end = memrchr(fresh.at, '\n', fresh.len);
		if (end == NULL) return;
		fresh.len = (size_t)(end + 1 - fresh.at);
		r->used += pcapng_secrets(fresh, room_of(r, pcapng_secrets_size(fresh.len)));
		r->secrets += fresh.len;
	}
}

void record_frame(struct record *r, const struct captured *p)
{
	char buffer[512];
	struct text words = text_in(buffer, sizeof buffer);
	if (r->error != 0) return;
	struct pcapng_packet packet = { .interface = p->end, .at = r->date * SECOND + p->at, .data = p->data, .outbound = true,
	                                .comment = record_words(p, &words) };
	r->used += pcapng_packet(&packet, room_of(r, pcapng_packet_size(&packet)));
}

bool record_close(struct record *r)
{
	if (r->error == 0) flush(r);
	if (r->error != 0 && r->whole < r->written && ftruncate(r->fd, (off_t)r->whole) != 0) { /* nothing better is left */ }
	if (close(r->fd) != 0 && r->error == 0) r->error = errno;
	free(r->buffer);
	r->buffer = NULL;
	return r->error == 0;
}
