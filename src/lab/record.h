/* SPDX-License-Identifier: ISC */
/* record.h - the run as a capture file: pcapng, an interface for each end of each wire, names, a comment on
 * each frame that has a story, the secrets of TLS ahead of the frames that need them. What cannot be written whole is taken off again, so that the file always ends
 * with a whole block.
 *
 *     record_open(&r, open("out/internet.pcapng", ...), scenario, ...)
 *     record_frame(&r, &frame)...
 *     if (!record_close(&r)) ... r.error is errno
 */
#ifndef TULLE_LAB_RECORD_H
#define TULLE_LAB_RECORD_H

#include "lab/build.h"
#include "lab/capture.h"

#define RECORD_BUFFER_BYTES (1u << 20)

struct record {
	int fd;
	int error;              /* errno of what went wrong first; 0: nothing */
	uint64_t written;       /* bytes in the file: whole blocks only, and what came of a write that stopped short */
	uint64_t whole;         /* of them, those up to the end of a block */
	int64_t date;
	size_t used;
	size_t secrets;         /* bytes of the key log that are in it */
	uint8_t *buffer;
};

bool record_open(struct record *, int fd, const struct lab *, uint64_t seed); /* the file is its own. False: .error */
void record_secrets(struct record *, struct bytes key_log); /* the whole of it: what is new is written */
void record_frame(struct record *, const struct captured *);
bool record_close(struct record *);

/* What a capture's comment says of a frame: its story, and what became of it. NULL: nothing to say. */
const char *record_words(const struct captured *, struct text *);

#endif
