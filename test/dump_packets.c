/* SPDX-License-Identifier: ISC */
/* dump_packets.c - writes a capture of packets of every kind for test/dump.sh:
 *
 *     dump_packets FILE [SNAPLEN]      // each packet cut to SNAPLEN bytes, as tcpdump -s does
 *     dump_packets -d DIRECTORY        // each in a file of its own: a corpus for the fuzzers
 */
#include <stdio.h>

#include "packets.h"

static FILE *file;
static const char *directory;
static size_t snaplen = 262144;
static uint64_t written;

static void write32(uint32_t v) { fwrite(&v, 4, 1, file); }

static void begin(const char *name)
{
	file = fopen(name, "wb");
	if (file == NULL) exit(1);
	write32(0xa1b23c4d); /* nanoseconds */
	write32(2 | 4 << 16);
	write32(0);
	write32(0);
	write32((uint32_t)snaplen);
	write32(1); /* Ethernet */
}

static void write_alone(struct bytes b)
{
	char name[300];

	snprintf(name, sizeof name, "%s/packet%03u", directory, (unsigned)written++);
	FILE *f = fopen(name, "wb");
	if (f == NULL || fwrite(b.at, 1, b.len, f) != b.len || fclose(f) != 0) exit(1);
}

/* Each comes 1.000234567 s after the one before, starting shortly before midnight. */
static void frame(struct bytes b)
{
	if (directory != NULL) {
		write_alone(b);
		return;
	}
	uint64_t at = UINT64_C(1795391990) * 1000000000 + written++ * 1000234567;
	size_t kept = size_min(b.len, snaplen);

	write32((uint32_t)(at / 1000000000));
	write32((uint32_t)(at % 1000000000));
	write32((uint32_t)kept);
	write32((uint32_t)b.len);
	fwrite(b.at, kept, 1, file);
}

int main(int argc, char **argv)
{
	if (argc < 2) return 64;
	if (argc > 2 && strcmp(argv[1], "-d") == 0) {
		directory = argv[2];
		all_packets();
		return 0;
	}
	if (argc > 2) snaplen = strtoul(argv[2], NULL, 10);
	begin(argv[1]);
	all_packets();
	return fclose(file) == 0 ? 0 : 1;
}
