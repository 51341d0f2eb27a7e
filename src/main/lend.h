/* SPDX-License-Identifier: ISC */
/* lend.h - what a tool on the command line is lent besides its network: chance, files, the date; and for who asks for
 * it, libcrypto, the system's roots, standard input, the terminal, this host's files about names, and files to write.
 *
 * Roots come from the file that SSL_CERT_FILE names, or from Debian's. TLS secrets go to the end of the file that
 * SSLKEYLOGFILE names, if it names one. Standard input is read by a child, which passes it on through a socket: so it
 * is a stream like any other, whatever it is; and standard output can be one in the same way. Root's files that a tool wants to read again are
 * kept for it by another child (keeper.h). All of this is opened before the process locks itself in.
 */
#ifndef TULLE_MAIN_LEND_H
#define TULLE_MAIN_LEND_H

#include "main/cores.h"
#include "main/keeper.h"
#include "main/sink.h"
#include "net/beside.h"
#include "proto/tls/keylog.h"
#include "tool/dns/system.h"
#include "tool/tool.h"

#define LEND_FILES_MAX 4

struct lend {
	struct tool_env env; /* first: what the tool is given */
	struct arena memory;
	struct rng rng;
	struct sink out, err, keys, file[LEND_FILES_MAX]; size_t files; /* keys: fd -1 if there is no such file */
	struct tls_keylog keylog;
	struct system_texts system;
	struct x509_trust *trust;
	struct cores cores;
	struct keeper keeper;
	struct net *host; /* the net, if it is that of this host's sockets; else NULL */
	struct beside *beside; /* or else where standard input and output can be streams; or NULL */
};

void lend_start(struct lend *, struct net *, bool host, struct room memory); /* the next is due */
bool lend_seed(struct lend *); /* chance from the kernel */
void lend_flush(struct lend *); /* what was written goes out */
void lend_end(struct lend *);   /* after the tool's own end */

/* A whole file, up to `max` bytes of it; malloc'ed. NULL: errno says why. */
uint8_t *lend_read(const char *path, size_t max, size_t *len);

#endif
