/* SPDX-License-Identifier: ISC */
/* sockets.c - `tulle sockets`: the kernel's list and the processes, read into a table; tool/sockets/sockets.h decides and prints.
 *
 * One pass: the kernel is asked for what may match (four questions), then /proc is walked once and each descriptor that
 * is a socket is looked up by its inode. */
#define _GNU_SOURCE
#include "tool/sockets/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "host/processes.h"
#include "host/sock_diag.h"
#include "main/command.h"
#include "main/sandbox.h"
#include "main/sink.h"

#define NAMES_MAX (1u << 20) /* bytes of /etc/passwd and /etc/services that are looked at */

struct looking {
	struct sockets_options options;
	struct sockets_names names;
	struct sockets_table table;
	size_t row_room, owner_room, process_room, slot_room;
	struct index by_inode;
	struct index_slot *slot;
	struct sock_diag kernel;
	struct processes processes;
	struct sink out;
	struct text err;
};

static volatile sig_atomic_t stop;
static void on_signal(int number) { stop = number; }

static int complain(const struct text *err, int status)
{
	fprintf(stderr, "tulle sockets: %s\n", err->at);
	return status;
}

/* One more place at the end of an array; NULL: no memory. */
static void *one_more(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room) return array;
	size_t more = *room * 2 + 256;
	void *larger = reallocarray(array, more, size);
	if (larger != NULL) *room = more;
	return larger;
}

static bool no_memory(struct looking *l) { return text_puts(&l->err, "no memory"), false; }

/* --- the kernel's list --- */

static bool add_row(struct looking *l, const struct diag_socket *s)
{
	struct sockets_row *row = one_more(l->table.row, l->table.rows, &l->row_room, sizeof *row);

	if (row == NULL) return no_memory(l);
	l->table.row = row;
	row[l->table.rows++] = (struct sockets_row){ *s, SOCKETS_NONE };
	return true;
}

static bool refused(struct looking *l, const struct diag_question *q, int error)
{
	const char *protocol = q->protocol == DIAG_TCP ? "TCP" : "UDP";

	if (error == ENOENT) {
		fprintf(stderr, "tulle sockets: this kernel does not tell of %s sockets (it has no %s_diag)\n", protocol,
		        q->protocol == DIAG_TCP ? "tcp" : "udp");
		return true;
	}
	text_printf(&l->err, "the kernel does not list its %s sockets: %s", protocol, strerror(error));
	return false;
}

static bool ask(struct looking *l, const struct diag_question *q)
{
	static uint8_t room[SOCK_DIAG_ROOM];
	uint8_t question[DIAG_QUESTION_BYTES];
	struct diag_answer answer;
	struct bytes datagram;

	if (!sock_diag_ask(&l->kernel, (struct bytes){ question, diag_ask((struct room){ question, sizeof question }, q) }, &l->err))
		return false;
	while (sock_diag_read(&l->kernel, (struct room){ room, sizeof room }, &datagram, &l->err)) {
		while (diag_next(&datagram, q->protocol, &answer)) {
			if (answer.what == DIAG_DONE) return true;
			if (answer.what == DIAG_REFUSED) return refused(l, q, answer.error);
			if (sockets_match(&l->options, &answer.socket) && !add_row(l, &answer.socket)) return false;
		}
	}
	return false;
}

/* --- who holds them --- */

static uint64_t hash_of(uint32_t inode)
{
	uint64_t h = inode * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

static bool index_rows(struct looking *l)
{
	size_t slots = index_slots(l->table.rows + 1);

	if (slots > l->slot_room) {
		free(l->slot);
		l->slot = malloc(slots * sizeof *l->slot);
		l->slot_room = l->slot != NULL ? slots : 0;
	}
	if (l->slot == NULL) return no_memory(l);
	memset(l->slot, 0, slots * sizeof *l->slot);
	index_init(&l->by_inode, l->slot, slots);
	for (size_t i = 0; i < l->table.rows; i++) {
		uint32_t inode = l->table.row[i].socket.inode;
		if (inode != 0) index_add(&l->by_inode, hash_of(inode), (uint32_t)i);
	}
	return true;
}

static struct sockets_row *find_row(const struct looking *l, uint32_t inode)
{
	for (uint32_t at = INDEX_START, i; index_find(&l->by_inode, hash_of(inode), &at, &i);)
		if (l->table.row[i].socket.inode == inode) return &l->table.row[i];
	return NULL;
}

/* Its list is in reverse until all are known. */
static bool add_owner(struct looking *l, struct sockets_row *row, int fd)
{
	struct sockets_table *t = &l->table;
	struct sockets_owner *owner = one_more(t->owner, t->owners, &l->owner_room, sizeof *owner);

	if (owner == NULL) return no_memory(l);
	t->owner = owner;
	owner[t->owners] = (struct sockets_owner){ (uint32_t)t->processes, row->owner, fd };
	row->owner = (uint32_t)t->owners++;
	return true;
}

static void reverse_owners(struct sockets_table *t, struct sockets_row *row)
{
	uint32_t before = SOCKETS_NONE;

	for (uint32_t at = row->owner, next; at != SOCKETS_NONE; at = next) {
		next = t->owner[at].next;
		t->owner[at].next = before;
		before = at;
	}
	row->owner = before;
}

/* The one at hand, whose owners have been added. */
static bool add_process(struct looking *l, const struct process *p)
{
	struct sockets_table *t = &l->table;
	struct sockets_process *process = one_more(t->process, t->processes, &l->process_room, sizeof *process);

	if (process == NULL) return no_memory(l);
	t->process = process;
	process += t->processes++;
	*process = (struct sockets_process){ .pid = p->pid, .uid = p->uid, .used = p->descriptors, .counted = p->counted,
	                                     .hidden = p->hidden };
	processes_command(&l->processes, p->pid, process->command);
	if (l->options.limits) process->limited = processes_limits(&l->processes, p->pid, &process->soft, &process->hard);
	process->chosen = sockets_choose(&l->options, &l->names, process);
	return true;
}

static bool find_owners(struct looking *l)
{
	struct process p;
	uint32_t inode;
	int fd;

	processes_again(&l->processes);
	while (processes_next(&l->processes, &p)) {
		size_t before = l->table.owners;
		while (processes_socket(&l->processes, &fd, &inode)) {
			struct sockets_row *row = find_row(l, inode);
			if (row != NULL && !add_owner(l, row, fd)) return false;
		}
		l->table.hidden += p.hidden;
		bool listed = l->options.limits && (p.descriptors > 0 || !p.counted); /* the kernel's own threads have none */
		if ((listed || l->table.owners > before) && !add_process(l, &p)) return false;
	}
	for (size_t i = 0; i < l->table.rows; i++) reverse_owners(&l->table, &l->table.row[i]);
	return true;
}

static bool gather(struct looking *l)
{
	struct sockets_table *t = &l->table;
	struct diag_question question;

	t->rows = t->owners = t->processes = t->hidden = 0;
	for (size_t i = 0; !l->options.limits && sockets_wanted(&l->options, i, &question); i++)
		if (question.states != 0 && !ask(l, &question)) return false;
	if (!index_rows(l) || !find_owners(l)) return false;
	if (t->rows > 0) qsort(t->row, t->rows, sizeof *t->row, sockets_row_order);
	if (l->options.limits && t->processes > 0) qsort(t->process, t->processes, sizeof *t->process, sockets_process_order);
	return true;
}

/* --- telling --- */

/* What could not be seen, for a table without it would seem whole. */
static void say_hidden(const struct looking *l)
{
	const struct sockets_table *t = &l->table;
	size_t unknown = 0;

	for (size_t i = 0; i < t->rows; i++) unknown += t->row[i].owner == SOCKETS_NONE && t->row[i].socket.inode != 0;
	if (t->hidden > 0 && unknown > 0)
		fprintf(stderr, "tulle sockets: who holds %zu of these sockets is not shown: %zu process%s may not be looked into "
		        "without CAP_SYS_PTRACE, which root has\n", unknown, t->hidden, t->hidden == 1 ? "" : "es");
}

static int once(struct looking *l)
{
	if (!gather(l)) return complain(&l->err, SOCKETS_FAILED);
	size_t shown = sockets_print(&l->options, &l->table, &l->out.text);
	text_flush(&l->out.text);
	if (l->out.error != 0) {
		text_printf(&l->err, "standard output cannot be written: %s", strerror(l->out.error));
		return complain(&l->err, SOCKETS_FAILED);
	}
	if (!l->options.json) say_hidden(l);
	return shown > 0 ? SOCKETS_SOME : SOCKETS_NOBODY;
}

static int again_and_again(struct looking *l)
{
	struct sigaction action = { .sa_handler = on_signal };
	bool terminal = isatty(STDOUT_FILENO) && !l->options.json;
	int status = SOCKETS_SOME;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	for (bool first = true; stop == 0 && status != SOCKETS_FAILED; first = false) {
		if (terminal) text_puts(&l->out.text, "\033[H\033[2J");
		else if (!first && !l->options.json) text_puts(&l->out.text, "\n");
		status = once(l);
		instant pause = l->options.every / MILLISECOND;
		if (status != SOCKETS_FAILED && stop == 0) poll(NULL, 0, pause < INT32_MAX ? (int)pause : INT32_MAX);
	}
	return status;
}

/* --- preparing --- */

/* A small file's text; empty if it cannot be read. */
static struct bytes read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t room = 0, len = 0;
	uint8_t *at = NULL;

	for (ssize_t n = 1; fd >= 0 && n > 0 && len < NAMES_MAX; len += n > 0 ? (size_t)n : 0) {
		if (room - len < 4096) {
			uint8_t *larger = realloc(at, room = room * 2 + 16384);
			if (larger == NULL) break;
			at = larger;
		}
		n = read(fd, at + len, room - len);
	}
	if (fd >= 0) close(fd);
	return (struct bytes){ at, len };
}

/* Numbers in a file of /proc/sys; those that are not there stay as they are. */
static void read_numbers(const char *path, unsigned *a, unsigned *b)
{
	FILE *f = fopen(path, "re");
	unsigned x, y;

	if (f == NULL) return;
	int n = fscanf(f, "%u %u", &x, &y);
	fclose(f);
	if (n >= 1) *a = x;
	if (n >= 2 && b != NULL) *b = y;
}

/* As Linux has them unless told otherwise. */
static void read_ports(struct sockets_table *t)
{
	unsigned unprivileged = 1024, first = 32768, last = 60999;

	read_numbers("/proc/sys/net/ipv4/ip_unprivileged_port_start", &unprivileged, NULL);
	read_numbers("/proc/sys/net/ipv4/ip_local_port_range", &first, &last);
	t->unprivileged_port = unprivileged;
	t->ephemeral_first = (uint16_t)first;
	t->ephemeral_last = (uint16_t)last;
}

static const char *namespace_path(const char *name, char path[256])
{
	struct text t = text_in(path, 256);

	if (name == NULL || strchr(name, '/') != NULL) return name;
	if (strspn(name, "0123456789") == strlen(name)) text_printf(&t, "/proc/%s/ns/net", name);
	else text_printf(&t, "/run/netns/%s", name);
	return path;
}

static bool prepare(struct looking *l)
{
	char path[256];
	const char *why = "";

	if (!sock_diag_open(&l->kernel, namespace_path(l->options.namespace, path), &l->err)) return false;
	if (!processes_open(&l->processes, &l->err)) return false;
	read_ports(&l->table);
	if (sandbox_enter(SANDBOX_LOOK, &why)) return true;
	text_puts(&l->err, why);
	return false;
}

int main_sockets(int argc, char **argv)
{
	static struct looking l;
	static char words[512];
	int status;

	l.err = text_in(words, sizeof words);
	l.kernel.fd = -1;
	l.names = (struct sockets_names){ read_text("/etc/passwd"), read_text("/etc/services") };
	l.table.names = &l.names;
	sink_init(&l.out, STDOUT_FILENO);
	if (!sockets_parse(argc, (const char *const *)argv, &l.names, &l.options, &l.err)) return complain(&l.err, SOCKETS_USAGE);
	if (!prepare(&l)) return complain(&l.err, SOCKETS_FAILED);
	status = l.options.every > 0 ? again_and_again(&l) : once(&l);
	processes_close(&l.processes);
	sock_diag_close(&l.kernel);
	free(l.table.row), free(l.table.owner), free(l.table.process), free(l.slot);
	free((void *)(uintptr_t)l.names.passwd.at), free((void *)(uintptr_t)l.names.services.at);
	return status;
}
