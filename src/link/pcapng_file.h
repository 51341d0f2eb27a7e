/* SPDX-License-Identifier: ISC */
/* pcapng_file.h - a capture file of our own making, in which secrets can stand ahead of the packets that need them; and the
 * secrets somebody else has put into one.
 *
 *     pcapng_file_create(&f, "x.pcapng", PCAP_ETHERNET, &err);
 *     pcapng_file_secrets(&f, lines); pcapng_file_write(&f, at, frame, original_len); ...
 *     pcapng_file_close(&f);
 */
#ifndef TULLE_LINK_PCAPNG_FILE_H
#define TULLE_LINK_PCAPNG_FILE_H

#include "link/pcap.h"

#define PCAPNG_FILE_SECRETS_MAX (16u << 20) /* bytes of key log that are read from a file */

struct pcapng_file { void *stream; };

bool pcapng_file_create(struct pcapng_file *, const char *name, enum pcap_kind, struct text *err); /* "-": standard output */
/* False of these: errno says why. */
bool pcapng_file_secrets(struct pcapng_file *, struct bytes lines);
bool pcapng_file_write(struct pcapng_file *, instant at, struct bytes frame, size_t original_len);
bool pcapng_file_flush(struct pcapng_file *);
bool pcapng_file_close(struct pcapng_file *);

/* The key log lines in a pcapng file, one block's after another; their length, which may exceed the room: what fits is there.
 * 0 for a file of another kind. */
size_t pcapng_file_read_secrets(const char *name, struct room);

#endif
