/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "link/pcapng_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "wire/pcapng.h"

/* A block that found no room has no length. */
static bool put(struct pcapng_file *f, const void *block, size_t len)
{
	errno = 0;
	return len > 0 && fwrite(block, 1, len, f->stream) == len;
}

bool pcapng_file_create(struct pcapng_file *f, const char *name, enum pcap_kind kind, struct text *err)
{
	uint8_t block[256];
	struct room room = { block, sizeof block };

	f->stream = strcmp(name, "-") == 0 ? stdout : fopen(name, "we");
	if (f->stream == NULL) {
		text_printf(err, "%s: %s", name, strerror(errno));
		return false;
	}
	if (put(f, block, pcapng_section("tulle dump", NULL, room)) &&
	    put(f, block, pcapng_interface(&(struct pcapng_interface){ .raw_ip = kind == PCAP_RAW_IP }, room)))
		return true;
	text_printf(err, "%s: %s", name, strerror(errno));
	return false;
}

bool pcapng_file_secrets(struct pcapng_file *f, struct bytes lines)
{
	size_t size = pcapng_secrets_size(lines.len);
	uint8_t *block = malloc(size);
	bool good = block != NULL && put(f, block, pcapng_secrets(lines, (struct room){ block, size }));

	free(block);
	return good;
}

bool pcapng_file_write(struct pcapng_file *f, instant at, struct bytes frame, size_t original_len)
{
	struct pcapng_packet packet = { .at = at, .data = frame, .original_len = original_len };
	size_t size = pcapng_packet_size(&packet);
	uint8_t small[4096], *block = size <= sizeof small ? small : malloc(size);
	bool good = block != NULL && put(f, block, pcapng_packet(&packet, (struct room){ block, size }));

	if (block != small) free(block);
	return good;
}

bool pcapng_file_flush(struct pcapng_file *f) { return fflush(f->stream) == 0; }

bool pcapng_file_close(struct pcapng_file *f) { return fclose(f->stream) == 0; }

static void keep(struct bytes b, struct room room, size_t *found)
{
	if (*found < room.len) memcpy(room.at + *found, b.at, size_min(b.len, room.len - *found));
	*found += b.len;
}

/* The block that begins where the stream stands is looked at; it stands behind it then. */
static bool read_block(FILE *in, enum pcapng_order *order, struct room room, size_t *found)
{
	uint8_t head[PCAPNG_HEAD_BYTES];
	struct pcapng_block block;
	struct bytes lines;

	if (fread(head, 1, sizeof head, in) != sizeof head || !pcapng_block_read(head, order, &block)) return false;
	if (block.type != PCAPNG_SECRETS || block.len > PCAPNG_FILE_SECRETS_MAX)
		return fseeko(in, (off_t)block.len - (off_t)sizeof head, SEEK_CUR) == 0;
	uint8_t *whole = malloc(block.len);
	if (whole == NULL) return false;
	memcpy(whole, head, sizeof head);
	size_t rest = block.len - sizeof head;
	bool good = fread(whole + sizeof head, 1, rest, in) == rest;
	if (good && pcapng_secrets_read((struct bytes){ whole, block.len }, *order, &lines)) {
		keep(lines, room, found);
		keep(bytes_of("\n"), room, found); /* the last line may have none */
	}
	free(whole);
	return good;
}

size_t pcapng_file_read_secrets(const char *name, struct room room)
{
	enum pcapng_order order = PCAPNG_UNKNOWN;
	size_t found = 0;
	struct stat st;
	/* a pipe can be read once only */
	FILE *in = stat(name, &st) == 0 && S_ISREG(st.st_mode) ? fopen(name, "re") : NULL;

	if (in == NULL) return 0;
	while (read_block(in, &order, room, &found)) continue;
	fclose(in);
	return found;
}
