/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "link/pcap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "link/device.h"

enum { DEVICES_MAX = 64, GATHER_MS = 100 };

/* What a link type is called, and which of them are understood. */
static bool kind_of(pcap_t *handle, enum pcap_kind *kind)
{
	switch (pcap_datalink(handle)) {
	case DLT_EN10MB: *kind = PCAP_ETHERNET; return true;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6: *kind = PCAP_RAW_IP; return true;
	default: return false;
	}
}

static bool open_kind(struct pcap_link *l, const char *name, struct text *err)
{
	pcap_t *handle = l->handle;
	const char *type = pcap_datalink_val_to_name(pcap_datalink(handle));
	char number[20];

	snprintf(number, sizeof number, "number %d", pcap_datalink(handle));
	l->snaplen = (uint32_t)pcap_snapshot(handle);
	if (kind_of(handle, &l->kind)) return true;
	text_printf(err, "%s: its link type is %s; only Ethernet (EN10MB) and plain IP (RAW) are understood%s", name,
	            type != NULL ? type : number, strcmp(name, "any") == 0 ? ": name one interface, not `any`" : "");
	pcap_close(handle);
	l->handle = NULL;
	return false;
}

static size_t pcap_recv(struct link *link, instant now, struct frame *frame, size_t max)
{
	struct pcap_link *l = (struct pcap_link *)link;
	struct pcap_pkthdr *header;
	const u_char *data;

	(void)now;
	if (l->ended || max == 0) return 0;
	int got = pcap_next_ex(l->handle, &header, &data);
	if (got == PCAP_ERROR) snprintf(l->error, sizeof l->error, "%s", pcap_geterr(l->handle));
	if (got < 0) l->ended = true;
	if (got <= 0) return 0;
	l->at = header->ts.tv_sec * SECOND + header->ts.tv_usec; /* nanoseconds were asked for */
	l->original_len = header->len;
	*frame = (struct frame){ .data = { data, header->caplen } };
	return 1;
}

static size_t pcap_send(struct link *link, instant now, const struct frame *frame, size_t count)
{
	struct pcap_link *l = (struct pcap_link *)link;

	(void)now;
	for (size_t i = 0; i < count; i++)
		if (pcap_inject(l->handle, frame[i].data.at, frame[i].data.len) < 0) return i;
	return count;
}

static instant pcap_wait(struct link *link, instant until)
{
	struct pcap_link *l = (struct pcap_link *)link;
	return device_wait(pcap_get_selectable_fd(l->handle), -1, until);
}

static const struct link_ops live_ops = { pcap_recv, pcap_send, pcap_wait };
static const struct link_ops file_ops = { pcap_recv, pcap_send, NULL };

/* The names of what can be watched; how many, and the list itself, which must be freed. */
static size_t devices(const char *name[DEVICES_MAX], pcap_if_t **list, char *error)
{
	size_t n = 0;

	if (pcap_findalldevs(list, error) != 0) *list = NULL;
	for (pcap_if_t *d = *list; d != NULL && n < DEVICES_MAX; d = d->next)
		if (strcmp(d->name, "any") != 0) name[n++] = d->name; /* its frames have no Ethernet header */
	return n;
}

bool pcap_link_list(struct text *out, struct text *err)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	const char *name[DEVICES_MAX];
	pcap_if_t *list;
	size_t n = devices(name, &list, error), number = 1;

	if (n == 0) text_printf(err, "no device can be watched%s%s", error[0] != '\0' ? ": " : "", error);
	for (pcap_if_t *d = list; d != NULL; d = d->next, number++) {
		text_printf(out, "%zu.%s", number, d->name);
		if (d->description != NULL) text_printf(out, " (%s)", d->description);
		text_printf(out, " [%s%s%s]\n", d->flags & PCAP_IF_UP ? "Up" : "Down", d->flags & PCAP_IF_RUNNING ? ", Running" : "",
		            d->flags & PCAP_IF_LOOPBACK ? ", Loopback" : "");
	}
	pcap_freealldevs(list);
	return n > 0;
}

static void say_no_device(const char *device, struct text *err)
{
	char error[PCAP_ERRBUF_SIZE];
	const char *name[DEVICES_MAX];
	pcap_if_t *list;
	size_t n = devices(name, &list, error);
	const char *nearest = text_nearest(device, name, n);

	text_printf(err, "%s: there is no such interface", device);
	if (nearest != NULL) text_printf(err, "; did you mean %s?", nearest);
	else text_puts(err, "; `tulle dump -D` names them");
	pcap_freealldevs(list);
}

static bool activate(pcap_t *handle, const struct pcap_live *live, const char *device, struct text *err)
{
	char error[PCAP_ERRBUF_SIZE];

	pcap_set_snaplen(handle, (int)live->snaplen);
	pcap_set_promisc(handle, live->promiscuous);
	pcap_set_timeout(handle, GATHER_MS);
	pcap_set_immediate_mode(handle, live->at_once);
	pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO);
	int status = pcap_activate(handle);
	if (status >= 0 && pcap_setnonblock(handle, 1, error) == 0) return true;
	if (status == PCAP_ERROR_NO_SUCH_DEVICE) {
		say_no_device(device, err);
	} else if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED) {
		text_printf(err, "%s: you may not watch it; run this as root (sudo), or allow it once and for all: "
		            "setcap cap_net_raw+ep on the tulle binary", device);
	} else if (status == PCAP_ERROR_IFACE_NOT_UP) {
		text_printf(err, "%s: it is down; `ip link set %s up` starts it", device, device);
	} else {
		text_printf(err, "%s: %s", device, status == PCAP_ERROR || status >= 0 ? pcap_geterr(handle) : pcap_statustostr(status));
	}
	return false;
}

bool pcap_link_live(struct pcap_link *l, const struct pcap_live *live, char device_name[64], struct text *err)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	const char *name[DEVICES_MAX];
	pcap_if_t *list = NULL;

	*l = (struct pcap_link){ .link = { .ops = &live_ops } };
	if (live->device == NULL && devices(name, &list, error) == 0) {
		text_printf(err, "no interface can be watched%s%s", error[0] != '\0' ? ": " : "; root can", error);
		return false;
	}
	snprintf(device_name, 64, "%s", live->device != NULL ? live->device : name[0]);
	if (list != NULL) pcap_freealldevs(list);
	l->handle = pcap_create(device_name, error);
	if (l->handle == NULL) {
		text_printf(err, "%s: %s", device_name, error);
		return false;
	}
	if (!activate(l->handle, live, device_name, err)) {
		pcap_close(l->handle);
		l->handle = NULL;
		return false;
	}
	return open_kind(l, device_name, err);
}

bool pcap_link_file(struct pcap_link *l, const char *name, struct text *err)
{
	char error[PCAP_ERRBUF_SIZE] = "";

	*l = (struct pcap_link){ .link = { .ops = &file_ops } };
	l->handle = pcap_open_offline_with_tstamp_precision(name, PCAP_TSTAMP_PRECISION_NANO, error);
	if (l->handle != NULL) return open_kind(l, name, err);
	/* libpcap begins some messages with the name, and others not. */
	size_t len = strlen(name);
	bool named = strncmp(error, name, len) == 0 && error[len] == ':';
	text_printf(err, "%s%s%s", named ? "" : name, named ? "" : ": ", error);
	return false;
}

void pcap_link_close(struct pcap_link *l)
{
	if (l->handle != NULL) pcap_close(l->handle);
	l->handle = NULL;
}

void pcap_link_counts(const struct pcap_link *l, uint64_t *received, uint64_t *dropped)
{
	struct pcap_stat stat = { 0 };

	if (l->link.ops == &live_ops) pcap_stats(l->handle, &stat);
	*received = stat.ps_recv;
	*dropped = stat.ps_drop;
}

bool filter_compile(struct filter *f, enum pcap_kind kind, const char *expression, struct text *err)
{
	pcap_t *dead = pcap_open_dead(kind == PCAP_ETHERNET ? DLT_EN10MB : DLT_RAW, PCAP_SNAPLEN);
	struct bpf_program program;

	*f = (struct filter){ 0 };
	if (dead == NULL) {
		text_puts(err, "no memory for a filter");
		return false;
	}
	bool good = pcap_compile(dead, &program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (good) {
		*f = (struct filter){ program.bf_insns, program.bf_len };
	} else {
		static const char known[] = "can't parse filter expression: "; /* what libpcap begins some messages with */
		const char *why = pcap_geterr(dead);
		if (strncmp(why, known, sizeof known - 1) == 0) why += sizeof known - 1;
		text_printf(err, "filter \"%s\": %s (pcap-filter(7) tells how they are written)", expression, why);
	}
	pcap_close(dead);
	return good;
}

bool filter_match(const struct filter *f, struct bytes frame, size_t original_len)
{
	static const u_char nothing[1];
	return bpf_filter(f->instructions, frame.len > 0 ? frame.at : nothing, (u_int)original_len, (u_int)frame.len) != 0;
}

void filter_free(struct filter *f)
{
	struct bpf_program program = { f->count, f->instructions };

	if (f->instructions != NULL) pcap_freecode(&program);
	*f = (struct filter){ 0 };
}

bool pcap_link_filter(struct pcap_link *l, const struct filter *f, struct text *err)
{
	struct bpf_program program = { f->count, f->instructions };

	if (pcap_setfilter(l->handle, &program) == 0) return true;
	text_printf(err, "the filter cannot be set: %s", pcap_geterr(l->handle));
	return false;
}

bool pcap_file_create(struct pcap_file *f, const char *name, enum pcap_kind kind, uint32_t snaplen, struct text *err)
{
	f->handle = pcap_open_dead_with_tstamp_precision(kind == PCAP_ETHERNET ? DLT_EN10MB : DLT_RAW, (int)snaplen,
	                                                 PCAP_TSTAMP_PRECISION_NANO);
	f->dumper = f->handle != NULL ? pcap_dump_open(f->handle, name) : NULL;
	if (f->dumper != NULL) return true;
	text_printf(err, "%s", f->handle != NULL ? pcap_geterr(f->handle) : "no memory for a capture file");
	if (f->handle != NULL) pcap_close(f->handle);
	return false;
}

bool pcap_file_write(struct pcap_file *f, instant at, struct bytes frame, size_t original_len)
{
	struct pcap_pkthdr header = { .caplen = (bpf_u_int32)frame.len, .len = (bpf_u_int32)original_len };

	header.ts.tv_sec = at / SECOND;
	header.ts.tv_usec = at % SECOND;
	errno = 0;
	pcap_dump(f->dumper, &header, frame.at);
	return !ferror(pcap_dump_file(f->dumper));
}

bool pcap_file_flush(struct pcap_file *f) { return pcap_dump_flush(f->dumper) == 0; }

bool pcap_file_close(struct pcap_file *f)
{
	bool good = pcap_file_flush(f);

	pcap_dump_close(f->dumper);
	pcap_close(f->handle);
	return good;
}
