/* SPDX-License-Identifier: ISC */
/* dump.c - `tulle dump` with what the operating system lends it. */
#define _GNU_SOURCE
#include "tool/dump.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "link/device.h"
#include "link/pcap.h"
#include "main/command.h"
#include "main/sandbox.h"
#include "main/sink.h"
#include "tool/tool.h"

struct dumping {
	struct dump_lent lent;  /* first: lent functions find the rest by it */
	struct pcap_link link;
	struct pcap_file file;
	char device[64];        /* that is watched */
	struct sink lines;
	bool failed;            /* the capture file could not be written */
	int error;              /* why, as errno */
};

static volatile sig_atomic_t stop;
static void on_signal(int number) { stop = number; }

static bool stopped(struct dump_lent *lent)
{
	const struct dumping *d = (const struct dumping *)lent;
	return stop != 0 || d->failed || d->lines.error != 0;
}

static enum dump_next next(struct dump_lent *lent, struct dump_packet *p)
{
	struct dumping *d = (struct dumping *)lent;
	struct frame frame;

	if (link_recv(&d->link.link, 0, &frame, 1) == 0) return d->link.ended ? DUMP_END : DUMP_NOTHING;
	*p = (struct dump_packet){ d->link.at, frame.data, d->link.original_len };
	return DUMP_PACKET;
}

/* A second at most: a signal that comes just before the sleep would else wait for a packet. */
static void wait_for_packet(struct dump_lent *lent)
{
	struct dumping *d = (struct dumping *)lent;

	if (d->lent.write != NULL && !pcap_file_flush(&d->file)) d->failed = true, d->error = errno;
	d->link.link.ops->wait(&d->link.link, device_now() + SECOND);
}

static bool write_packet(struct dump_lent *lent, const struct dump_packet *p)
{
	struct dumping *d = (struct dumping *)lent;

	if (pcap_file_write(&d->file, p->at, p->data, p->original_len)) return true;
	d->failed = true;
	d->error = errno;
	return false;
}

static instant local(instant at)
{
	time_t seconds = at / SECOND;
	struct tm tm;
	return localtime_r(&seconds, &tm) != NULL ? at + tm.tm_gmtoff * SECOND : at;
}

static int complain(const struct text *err, int status)
{
	fprintf(stderr, "tulle dump: %s\n", err->at);
	return status;
}

static void say_source(const struct dump_options *o, const struct dumping *d)
{
	fprintf(stderr, o->read != NULL ? "reading from file %s, link-type %s, snapshot length %u\n"
	                                : "listening on %s, link-type %s, snapshot length %u bytes\n",
	        o->read != NULL ? o->read : d->device, d->link.kind == PCAP_ETHERNET ? "EN10MB (Ethernet)" : "RAW (Raw IP)",
	        d->link.snaplen);
}

static bool prepare(struct dump_options *o, struct dumping *d, struct text *err)
{
	const struct pcap_live live = { o->interface, o->snaplen, !o->not_promiscuous, o->write == NULL };
	struct filter filter;

	if (o->read != NULL ? !pcap_link_file(&d->link, o->read, err) : !pcap_link_live(&d->link, &live, d->device, err))
		return false;
	o->print.raw_ip = d->link.kind == PCAP_RAW_IP;
	if (o->filter[0] != '\0') {
		if (!filter_compile(&filter, d->link.kind, o->filter, err)) return false;
		bool set = pcap_link_filter(&d->link, &filter, err);
		filter_free(&filter);
		if (!set) return false;
	}
	if (o->write != NULL) {
		if (!pcap_file_create(&d->file, o->write, d->link.kind, d->link.snaplen, err)) return false;
		d->lent.write = write_packet;
	}
	say_source(o, d);
	const char *why = "";
	if (sandbox_enter(SANDBOX_DEVICE, &why)) return true;
	text_puts(err, why);
	return false;
}

/* As tcpdump tells them, so that scripts find them. */
static void say_counts(const struct dumping *d, uint64_t count)
{
	uint64_t received, dropped;

	pcap_link_counts(&d->link, &received, &dropped);
	fprintf(stderr, "%llu packet%s captured\n%llu packet%s received by filter\n%llu packet%s dropped by kernel\n",
	        (unsigned long long)count, count == 1 ? "" : "s", (unsigned long long)received, received == 1 ? "" : "s",
	        (unsigned long long)dropped, dropped == 1 ? "" : "s");
}

/* The exit status: what was shown is right only if all of it could be read and written. */
static int finish(const struct dump_options *o, struct dumping *d, uint64_t count)
{
	if (d->lent.write != NULL && !pcap_file_close(&d->file) && !d->failed) d->failed = true, d->error = errno;
	if (o->read == NULL) say_counts(d, count);
	if (d->link.error[0] != '\0') fprintf(stderr, "tulle dump: %s\n", d->link.error);
	if (d->failed) fprintf(stderr, "tulle dump: %s cannot be written: %s\n", o->write, strerror(d->error));
	if (d->lines.error != 0)
		fprintf(stderr, "tulle dump: standard output cannot be written: %s\n", strerror(d->lines.error));
	return d->link.error[0] != '\0' || d->failed || d->lines.error != 0 ? TOOL_FAILED : TOOL_OK;
}

static int run(struct dump_options *o, struct text *err)
{
	static struct dumping d;
	struct room memory = { NULL, arena_cost(PRINT_FLOWS_BYTES) };
	struct arena arena;
	struct sigaction action = { .sa_handler = on_signal };

	sink_init(&d.lines, STDOUT_FILENO);
	d.lent = (struct dump_lent){ next, wait_for_packet, stopped, NULL, &d.lines.text };
	memory.at = malloc(memory.len);
	arena_init(&arena, memory);
	if (memory.at == NULL || !print_flows(&o->print, &arena)) {
		text_puts(err, "no memory");
		return complain(err, TOOL_FAILED);
	}
	tzset(); /* reads its file before files are forbidden */
	o->print.local = local;
	if (!prepare(o, &d, err)) return complain(err, TOOL_FAILED);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return finish(o, &d, dump_run(o, &d.lent));
}

int main_dump(int argc, char **argv)
{
	static struct dump_options options;
	char words[DUMP_FILTER_MAX + 512];
	struct text err = text_in(words, sizeof words);

	if (!dump_parse(argc, (const char *const *)argv, &options, &err)) return complain(&err, TOOL_USAGE);
	if (!options.list) return run(&options, &err);
	struct sink out;
	sink_init(&out, STDOUT_FILENO);
	if (!pcap_link_list(&out.text, &err)) return complain(&err, TOOL_FAILED);
	text_flush(&out.text);
	if (out.error == 0) return TOOL_OK;
	text_printf(&err, "standard output cannot be written: %s", strerror(out.error));
	return complain(&err, TOOL_FAILED);
}
