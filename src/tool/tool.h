/* SPDX-License-Identifier: ISC */
/* tool.h - programs over net.h that are started by words: `echo serve tcp://:6666`.
 *
 * The command line and a scenario start them the same way, over the host's sockets, our stack or a simulated
 * internet. A tool does no I/O of its own: network, words, files and chance are lent in its environment.
 *
 *     struct tool *t = tool_open(argc, argv, &env);        // NULL: env.err says why; env.status is the exit status
 *     while (!t->done && net_wait(net)) app_turn(net, t->app);
 *     exit(t->status);
 */
#ifndef TULLE_TOOL_TOOL_H
#define TULLE_TOOL_TOOL_H

#include "base/arena.h"
#include "base/chance.h"
#include "base/files.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/net.h"

struct crypt;        /* crypt/crypt.h */
struct system_texts; /* tool/dns/system.h */
struct x509_trust;   /* crypt/x509.h */
struct tls_identity; /* proto/tls/tls.h */
struct tls_keylog;   /* proto/tls/keylog.h */

#define TOOL_SERVERS_MAX 3
#define TOOL_MEMORY_BYTES (32u << 20) /* what main/ and the lab lend unless a tool asks for more */
#define TOOL_DRAIN_WITHIN (5 * SECOND) /* a tool that is asked to end finishes what is under way; for no longer than this */

#define TOOL_CORES_MAX 64

/* Exit statuses of every tool. */
enum { TOOL_OK = 0, TOOL_FAILED = 1, TOOL_USAGE = 64 };

/* What is only lent to a tool that asks for it, for it costs something. */
enum tool_want { TOOL_WANT_CRYPT /* and the key log */, TOOL_WANT_TRUST, TOOL_WANT_INPUT, TOOL_WANT_OUTPUT, TOOL_WANT_TERMINAL,
                 TOOL_WANT_SYSTEM };

/* What can be opened in the file system: a stream to who listens there, a listener, datagrams to who takes them there, or there. */
enum tool_local { TOOL_LOCAL_STREAM, TOOL_LOCAL_LISTEN, TOOL_LOCAL_SEND, TOOL_LOCAL_RECEIVE, TOOL_LOCAL_RECEIVE_ALL };

/* A terminal that somebody sits at, reads `out` and types what comes as `input`. It is given back as it was found. */
struct terminal {
	const char *kind;       /* "xterm"; "": it is not known */
	uint16_t columns, rows; /* 0: not known; when they change, the tool's `resized` is called */
	void (*stop)(struct terminal *); /* this program, and those of its group, until somebody has it go on (SIGTSTP) */
	void (*raw)(struct terminal *, bool on); /* each key comes at once and by itself, nothing is echoed, "\n" goes down only */
};

enum tool_readers { TOOL_OWNER_READS, TOOL_ALL_READ }; /* who may read a file that is made */

/* What ran is told to whoever started it (the lab's table, a test) as named numbers. */
#define TOOL_MEASURES_MAX 24
struct tool_measure { const char *name; int64_t value; };

struct tool_env {
	struct net *net;           /* a tool may put a net over it in its place: who lent it drives what stands here then */
	struct arena *memory;      /* for the tool's life */
	struct text *out, *err;
	struct files *files;       /* may be NULL: there are none */
	struct rng *rng;
	struct ip servers[TOOL_SERVERS_MAX]; size_t servers_count; /* resolv.conf's name servers */
	uint16_t server_port;      /* of theirs: 53 */
	int64_t date;              /* seconds since 1970 when net_now was `date_at` */
	instant date_at;
	struct trace *trace;       /* or NULL: a tool's machines say why here, just before the packet they send for it */
	const struct system_texts *system; /* this machine's files about names; NULL: the net has only `servers` */
	bool screen;               /* out is a terminal */
	bool color;                /* out is a terminal that shows colour */
	/* for TLS; each may be NULL */
	struct crypt *crypt;       /* there is no TLS without */
	const struct x509_trust *trust;          /* whom to believe unless the command says otherwise: the system's roots, the lab's */
	const struct tls_identity *identity;     /* this host's certificate: what a server shows that is given none */
	struct tls_keylog *keylog; /* secrets for the capture, or for SSLKEYLOGFILE */
	net_id input;              /* standard input, as a stream of the net's; 0: there is none */
	struct terminal *terminal; /* or NULL: there is none */
	bool input_typed;          /* by a person at a terminal */
	net_id output;             /* standard output, the same; finished by us and then closed by the other side, which has said
	                            * nothing: all is written; it says a byte or breaks off if that could not be */
	void (*want)(struct tool_env *, enum tool_want); /* fills in the above, or says on err why not; NULL: it is there already */
	/* A new file, or an old one emptied; while tools are opened only. What is put into the text
	 * is in the file by the end of the turn. NULL: it cannot be, and err says why; the pointer may be NULL too. */
	struct text *(*create)(struct tool_env *, const char *path, enum tool_readers);
	/* Files that are to be read again some day (a renewed certificate): these paths, opened anew each time, though root may have
	 * been given up by then. While tools are opened only; the paths stay the tool's. NULL: `files` is as good. */
	struct files *(*keep)(struct tool_env *, const char *const *path, size_t count);
	/* The environment's value of that name, or NULL; while tools are opened only. NULL: there is no environment. */
	const char *(*variable)(struct tool_env *, const char *name);
	/* An interface's number by its name; 0: there is none of that name. NULL: here they have numbers only. */
	uint16_t (*interface)(struct tool_env *, const char *name);
	/* This process becomes several, one a core, which all open the tool's ports and share them (`cores` of them; 0: as many as there
	 * are). While tools are opened only, before the net has any id. True: this is one of them, `core` says which. False: this is the
	 * one that was there before. They have ended, `status` is what came of it and `sum` what they measured, each number of all of them
	 * added up; or it could not be, and err says why, and sum is empty. NULL: there is one core only. */
	bool (*spread)(struct tool_env *, unsigned cores, struct tool_measure *sum);
	unsigned core, cores;      /* 0 of 0: it is alone */
	/* Sockets in the file system, or of names alone ("@name"); while tools are opened only. The ids are as those of net_connect,
	 * net_listen and net_bind; everybody's address is the unspecified one. TOOL_LOCAL_RECEIVE answers to whoever sends first,
	 * TOOL_LOCAL_RECEIVE_ALL to nobody. own: of TOOL_LOCAL_SEND, where answers arrive; NULL: a name is chosen. What is
	 * made in the file system goes when the process ends. 0: said on err, and env->status is set. NULL: here there are none. */
	net_id (*local)(struct tool_env *, enum tool_local, const char *path, const char *own);
	/* Hands a stream to whoever holds the other end of standard output, which has to be a socket: it is the net's no more.
	 * False: said on err. NULL: a stream is nothing here that could be handed on. */
	bool (*pass)(struct tool_env *, net_id);
	uint32_t connections_max;  /* that a server should keep to, for file descriptors are few; 0: as many as the net has room for */
	int status;                /* set when tool_open fails */
};

struct tool {
	struct app app;
	bool done;   /* nothing more will come of it; `status` is its exit status */
	int status;
	/* Asked to end (SIGTERM): closes what is open; a server lets what is under way finish, and is done by itself within
	 * TOOL_DRAIN_WITHIN (drain.h). NULL: just drop it. */
	void (*stop)(struct tool *);
	void (*reload)(struct tool *); /* SIGHUP: reads its certificates again; NULL: it has none to read, and SIGHUP ends it */
	void (*resized)(struct tool *); /* the terminal it was lent has another size; NULL: it does not mind */
	void (*end)(struct tool *);  /* before its memory goes: wipes secrets, gives back what is libcrypto's; NULL: nothing to */
	struct tool_measure measure[TOOL_MEASURES_MAX]; /* name NULL: the end */
};

bool tool_want_crypt(struct tool_env *); /* false: said on err */
const struct x509_trust *tool_want_trust(struct tool_env *); /* NULL: said on err */
net_id tool_want_input(struct tool_env *); /* 0: there is none */
struct terminal *tool_want_terminal(struct tool_env *); /* NULL: there is none */
net_id tool_want_output(struct tool_env *); /* 0: there is only `out` */
const struct system_texts *tool_want_system(struct tool_env *); /* NULL: there are none */
struct text *tool_create(struct tool_env *, const char *path, enum tool_readers); /* NULL: said on err */

/* argv[0] is the tool's name: "echo", "serve", "tcp://:6666". */
struct tool *tool_open(int argc, const char *const *argv, struct tool_env *);

/* For a tool's open: says why not as a line on env->err, sets the status to TOOL_USAGE, returns NULL. */
struct tool *tool_usage(struct tool_env *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Every tool there is: for help, completion and "did you mean". */
struct tool_kind {
	const char *name;    /* "echo" */
	const char *summary; /* a line */
	const char *help;    /* a screen */
	struct tool *(*open)(int argc, const char *const *argv, struct tool_env *);
};
extern const struct tool_kind tool_kinds[];
extern const size_t tool_kinds_count;
const struct tool_kind *tool_find(const char *name); /* NULL: there is none of that name */
const char *tool_nearest(const char *misspelt);      /* the name that was probably meant, or NULL */

#endif
