/* SPDX-License-Identifier: ISC */
/* pcap.h - frames from a device that is watched or from a capture file, into a capture file, and filters, all
 * through libpcap.
 *
 *     struct pcap_link l;
 *     if (!pcap_link_file(&l, "x.pcap", &err)) ...
 *     while (link_recv(&l.link, 0, &frame, 1) > 0) look(frame.data, l.at, l.original_len);
 *
 * A frame is libpcap's own buffer, so that each call hands up one, whatever `max` says; its time and length
 * stand beside the link. A file has no `wait`: when it hands up nothing it is at its end (`error` says if that
 * came too early). Errors are said in words on `err`, with what to do.
 */
#ifndef TULLE_LINK_PCAP_H
#define TULLE_LINK_PCAP_H

#include "base/text.h"
#include "link/link.h"

#define PCAP_SNAPLEN 262144 /* as tcpdump's: longer than any frame */
#define PCAP_ERROR_MAX 300

enum pcap_kind { PCAP_ETHERNET, PCAP_RAW_IP }; /* what a frame begins with */

struct pcap_link {
	struct link link;
	void *handle;                /* libpcap's */
	enum pcap_kind kind;
	uint32_t snaplen;
	instant at;                  /* when the last frame came, since 1970 */
	size_t original_len;         /* before the capture cut it */
	bool ended;                  /* nothing more will come */
	char error[PCAP_ERROR_MAX];  /* why, if not because it is at its end */
};

struct pcap_live {
	const char *device;          /* NULL: the first there is */
	uint32_t snaplen;
	bool promiscuous;
	bool at_once;                /* each frame as it comes; else the kernel gathers some */
};

/* The name is told in device_name, which has room for 64 bytes. */
bool pcap_link_live(struct pcap_link *, const struct pcap_live *, char device_name[64], struct text *err);
bool pcap_link_file(struct pcap_link *, const char *name, struct text *err); /* "-": standard input */
void pcap_link_close(struct pcap_link *);
void pcap_link_counts(const struct pcap_link *, uint64_t *received, uint64_t *dropped); /* live: by the kernel */
bool pcap_link_list(struct text *out, struct text *err); /* the devices that can be watched, one a line */

/* A filter as tcpdump's (pcap-filter(7)). Compiled once, it is only numbers. */
struct filter { void *instructions; uint32_t count; };
bool filter_compile(struct filter *, enum pcap_kind, const char *expression, struct text *err);
bool filter_match(const struct filter *, struct bytes frame, size_t original_len);
void filter_free(struct filter *);
bool pcap_link_filter(struct pcap_link *, const struct filter *, struct text *err); /* what does not match is not handed up */

/* A file of what passed by, as libpcap writes it (nanoseconds); "-": standard output. */
struct pcap_file { void *dumper, *handle; };
bool pcap_file_create(struct pcap_file *, const char *name, enum pcap_kind, uint32_t snaplen, struct text *err);
bool pcap_file_write(struct pcap_file *, instant at, struct bytes frame, size_t original_len); /* false: errno says why */
bool pcap_file_flush(struct pcap_file *);
bool pcap_file_close(struct pcap_file *);

#endif
