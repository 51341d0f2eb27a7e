/* SPDX-License-Identifier: ISC */
/* dump.c - `tulle dump` with what the operating system lends it. */
#define _GNU_SOURCE
#include "tool/dump/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "link/device.h"
#include "link/pcap.h"
#include "link/pcapng_file.h"
#include "main/command.h"
#include "main/sandbox.h"
#include "main/sink.h"
#include "tool/tool.h"

#define KEYLOG_MAX (64u << 20) /* bytes; what is beyond is not read */

/* The secrets: those in the capture, then those of the key log, which may grow while we watch. */
struct secrets {
	int fd;                 /* -1: no key log, or it cannot be read */
	struct bytes lines;     /* malloc'ed */
	size_t room;
	size_t written;         /* of them, into the file we write */
};

struct dumping {
	struct dump_lent lent;  /* first: lent functions find the rest by it */
	struct pcap_link link;
	struct pcap_file file;
	struct pcapng_file with_secrets; /* is written instead, if there are secrets to put in */
	struct secrets secrets;
	struct crypt *crypt;    /* NULL: there are no secrets */
	struct rng rng;
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

/* Takes what the key log has got since. */
static void read_secrets(struct secrets *s)
{
	ssize_t n = 0;

	while (s->fd >= 0 && s->lines.len < KEYLOG_MAX) {
		if (s->room - s->lines.len < 4096) {
			uint8_t *more = realloc((void *)(uintptr_t)s->lines.at, s->room * 2 + 65536);
			if (more == NULL) return;
			s->lines.at = more;
			s->room = s->room * 2 + 65536;
		}
		n = read(s->fd, (uint8_t *)(uintptr_t)s->lines.at + s->lines.len, s->room - s->lines.len);
		if (n <= 0) return;
		s->lines.len += (size_t)n;
	}
}

static enum dump_next next(struct dump_lent *lent, struct dump_packet *p)
{
	struct dumping *d = (struct dumping *)lent;
	struct frame frame;

	if (link_recv(&d->link.link, 0, &frame, 1) == 0) return d->link.ended ? DUMP_END : DUMP_NOTHING;
	read_secrets(&d->secrets);
	*p = (struct dump_packet){ d->link.at, frame.data, d->link.original_len };
	return DUMP_PACKET;
}

/* A second at most: a signal that comes just before the sleep would else wait for a packet. */
static void wait_for_packet(struct dump_lent *lent)
{
	struct dumping *d = (struct dumping *)lent;

	bool good = d->lent.write == NULL ||
	            (d->with_secrets.stream != NULL ? pcapng_file_flush(&d->with_secrets) : pcap_file_flush(&d->file));
	if (!good) d->failed = true, d->error = errno;
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

/* The secrets that have come since stand ahead of the packet; whole lines only. */
static bool write_with_secrets(struct dump_lent *lent, const struct dump_packet *p)
{
	struct dumping *d = (struct dumping *)lent;
	struct secrets *s = &d->secrets;
	struct bytes fresh = bytes_skip(s->lines, s->written);
	const uint8_t *end = fresh.len > 0 ? memrchr(fresh.at, '\n', fresh.len) : NULL;

	if (end != NULL) {
		fresh.len = (size_t)(end + 1 - fresh.at);
		s->written += fresh.len;
	}
	if ((end == NULL || pcapng_file_secrets(&d->with_secrets, fresh)) &&
	    pcapng_file_write(&d->with_secrets, p->at, p->data, p->original_len))
		return true;
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

/* Those in the capture itself come first. */
static bool open_secrets(const struct dump_options *o, struct secrets *s, struct text *err)
{
	s->fd = -1;
	if (o->read != NULL && (s->room = pcapng_file_read_secrets(o->read, (struct room){ NULL, 0 })) > 0) {
		s->room = size_min(s->room, PCAPNG_FILE_SECRETS_MAX);
		uint8_t *at = malloc(s->room);
		if (at == NULL) s->room = 0;
		s->lines = (struct bytes){ at, size_min(pcapng_file_read_secrets(o->read, (struct room){ at, s->room }), s->room) };
	}
	if (o->keylog == NULL) return true;
	s->fd = open(o->keylog, O_RDONLY | O_CLOEXEC);
	if (s->fd >= 0) {
		read_secrets(s);
		return true;
	}
	text_printf(err, "the key log %s cannot be read: %s", o->keylog, strerror(errno));
	return false;
}

/* With -v TLS is followed; it is opened if there are secrets. */
static bool open_follow(const struct dump_options *o, struct dumping *d, struct text *err)
{
	uint8_t seed[RNG_SEED_BYTES];
	struct room room = { NULL, follow_size() };

	if (o->write != NULL || o->print.verbose == 0 || o->print.quiet) return true;
	if (d->secrets.lines.len > 0 || d->secrets.fd >= 0) {
		bool seeded = getrandom(seed, sizeof seed, 0) == sizeof seed;
		if (seeded) rng_init(&d->rng, seed);
		d->crypt = seeded ? crypt_open(&d->rng) : NULL;
		if (d->crypt == NULL) {
			text_printf(err, "TLS cannot be opened: %s", seeded ? crypt_why() : "no chance from the kernel");
			return false;
		}
	}
	room.at = malloc(room.len);
	if (room.at != NULL) d->lent.follow = follow_init(room, d->crypt, &d->secrets.lines);
	else text_puts(err, "no memory");
	return room.at != NULL;
}

static bool open_output(const struct dump_options *o, struct dumping *d, struct text *err)
{
	bool secrets = d->secrets.lines.len > 0 || d->secrets.fd >= 0;

	if (o->write == NULL) return true;
	d->lent.write = secrets ? write_with_secrets : write_packet;
	return secrets ? pcapng_file_create(&d->with_secrets, o->write, d->link.kind, err)
	               : pcap_file_create(&d->file, o->write, d->link.kind, d->link.snaplen, err);
}

static bool prepare(struct dump_options *o, struct dumping *d, struct text *err)
{
	/* When the kernel gathers packets for a moment, the programs have written their secrets before we look. */
	const struct pcap_live live = { o->interface, o->snaplen, !o->not_promiscuous, o->write == NULL && o->keylog == NULL };
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
	if (!open_secrets(o, &d->secrets, err) || !open_output(o, d, err) || !open_follow(o, d, err)) return false;
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

static void say_given_up(const struct follow *follow)
{
	struct follow_counts c = follow_counts(follow);

	if (c.evicted + c.gaps + c.lost == 0) return;
	fprintf(stderr, "of %llu TLS connections, %llu were given up because bytes are missing, %llu because what came is no TLS, "
	        "%llu because there were too many at once\n", (unsigned long long)c.connections, (unsigned long long)c.gaps,
	        (unsigned long long)c.lost, (unsigned long long)c.evicted);
}

/* The exit status: what was shown is right only if all of it could be read and written. */
static int finish(const struct dump_options *o, struct dumping *d, uint64_t count)
{
	bool closed = d->lent.write == NULL ||
	              (d->with_secrets.stream != NULL ? pcapng_file_close(&d->with_secrets) : pcap_file_close(&d->file));
	if (!closed && !d->failed) d->failed = true, d->error = errno;
	if (d->lent.follow != NULL) say_given_up(d->lent.follow);
	follow_end(d->lent.follow);
	crypt_close(d->crypt);
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
	d.lent = (struct dump_lent){ next, wait_for_packet, stopped, NULL, NULL, &d.lines.text };
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
