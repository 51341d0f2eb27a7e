/* SPDX-License-Identifier: ISC */
/* scenario.h - a scenario file, read: what there is, what runs on it, what is shown, what must be true.
 *
 *     struct scenario *s = scenario_load(text, &complaints);    // NULL: complaints say what and where
 *     ...
 *     scenario_free(s);
 *
 * The format is YAML; doc/tulle-lab.1 describes it. scenario_load reads the file and looks at everything that
 * needs nothing but the file (words, numbers, names that refer to each other, addresses). Whether zones, filters
 * and command lines are good is looked at by check.h.
 */
#ifndef TULLE_LAB_SCENARIO_H
#define TULLE_LAB_SCENARIO_H

#include "base/address.h"
#include "base/arena.h"
#include "lab/complaint.h"
#include "sim/sim.h"
#include "wire/drop.h"

#define SCENARIO_BYTES_MAX (4u << 20)  /* of the file */
#define SCENARIO_HOSTS_MAX 4096
#define SCENARIO_LINKS_MAX 4096
#define SCENARIO_ADDRESSES_MAX 8       /* of an interface */
#define SCENARIO_SERVERS_MAX 3
#define SCENARIO_FILTERS_MAX 12        /* of an expectation */
#define SCENARIO_RUNS_NAMED_MAX 12     /* of an expectation */
#define SCENARIO_NAMES_MAX 16          /* of a certificate */
#define SCENARIO_NONE UINT32_MAX       /* no such link, host, run */

/* A command line: NULL after the last word. */
struct words { const char *const *word; size_t count; const char *line; struct place at; };

struct scenario_link { const char *name; struct place at; struct sim_wire_config wire; };

struct scenario_interface {
	uint32_t link;
	struct mac mac;
	struct prefix address[SCENARIO_ADDRESSES_MAX]; size_t addresses;
	struct place at;
};
struct scenario_route { struct prefix to; struct ip gateway; struct place at; };
struct scenario_host {
	const char *name; struct place at;
	struct scenario_interface *interface; size_t interfaces;
	struct scenario_route *route; size_t routes; /* the gateways among them, as ::/0 and 0.0.0.0/0 */
	struct ip server[SCENARIO_SERVERS_MAX]; size_t servers; /* of names */
	bool forward;
	bool unsure; /* something in it is wrong, and complained about already */
};

struct scenario_zone { const char *name; struct place at; struct bytes text; unsigned first_line, indent; bool exact; };
struct scenario_file { const char *name; struct place at; const char *folder; struct bytes text; }; /* one or the other */

/* A host's certificate: what its servers show who ask for TLS and name none. */
struct scenario_certificate {
	uint32_t host; struct place at;
	const char *name[SCENARIO_NAMES_MAX]; size_t names; /* DNS names and addresses */
	int64_t not_before, not_after;                     /* seconds since 1970; 0: around the run's date */
	const char *from;                                  /* another authority, that nobody trusts; or NULL: the lab's */
	const char *key;                                   /* "ecdsa", "rsa", "ed25519" */
};

/* A datagram whose checksum is wrong on purpose. */
struct scenario_inject { struct addr to; uint16_t from_port; const char *text; };

/* What somebody listened to, said again by a host that it does not come from. */
struct scenario_replay { const char *filter; struct place filter_at; struct addr to; };

/* Something a host does: a program that runs from the start, or a command of a scene. */
struct scenario_run {
	uint32_t host;
	uint32_t scene;          /* SCENARIO_NONE: from the start to the end */
	instant at;              /* after the scene's start */
	instant stop_at;         /* NEVER: it ends by itself, or with the scene */
	const char *id;          /* or NULL */
	struct place place;
	struct words words;      /* none: it is one of the two below */
	struct scenario_inject inject; /* text NULL: it is not */
	struct scenario_replay replay; /* filter NULL: it is not */
	const char *input;       /* what it reads as standard input; NULL: it has none */
	bool quiet;              /* its lines are not printed */
};

/* It has a net of its own on its host, a beginning and an end. */
static inline bool scenario_run_is_program(const struct scenario_run *r) { return r->words.count > 0 || r->replay.filter != NULL; }

enum scenario_fault_kind { FAULT_CUT, FAULT_HEAL, FAULT_CHANGE, FAULT_FLIP };
struct scenario_fault {
	instant at;
	enum scenario_fault_kind kind;
	uint32_t link, host;     /* one of them is SCENARIO_NONE */
	struct sim_wire_config wire; /* CHANGE: all of the link's numbers from then on */
	const char *filter; struct place filter_at; /* FLIP: a bit of the first TCP segment it takes */
	struct place place;
};

struct scenario_count { enum { IS, AT_LEAST, AT_MOST, ABOVE, BELOW, NOT } how; int64_t number; };

enum expect_kind { EXPECT_EXIT, EXPECT_OUTPUT, EXPECT_MATCHES, EXPECT_LACKS, EXPECT_MEASURE, EXPECT_PACKETS,
                   EXPECT_ORDER, EXPECT_HANDSHAKE, EXPECT_CLOSE, EXPECT_CHECKSUM, EXPECT_DROPS, EXPECT_FATE,
                   EXPECT_ROTATED, EXPECT_CWND, EXPECT_WIRE, EXPECT_DECRYPTED };
#define EXPECT_KINDS (EXPECT_DECRYPTED + 1)
struct expectation {
	enum expect_kind kind;
	struct place at;
	const char *say;         /* in the file's words, or NULL */
	const char *text;        /* OUTPUT, MATCHES, LACKS, WIRE, DECRYPTED; a measure's name */
	uint32_t run[SCENARIO_RUNS_NAMED_MAX]; size_t runs;
	const char *filter[SCENARIO_FILTERS_MAX]; size_t filters;
	struct place filter_at[SCENARIO_FILTERS_MAX];
	uint32_t link, host;     /* SCENARIO_NONE: all */
	struct scenario_count count;
	enum drop drop;
	enum sim_fate fate;
};

struct scenario_show {
	uint32_t *link; size_t links; /* none: all */
	bool nothing;
	const char *filter; struct place filter_at;
	uint64_t head, tail;     /* packets printed at most, first and last */
};

struct scenario_scene {
	const char *name, *text; struct place at;
	instant lasts;           /* 0: until its runs have ended */
	uint32_t first_run, runs;/* in scenario.run */
	struct scenario_fault *fault; size_t faults;
	struct scenario_show show;
	struct expectation *expect; size_t expects;
	uint32_t *plot; size_t plots; /* hosts whose congestion windows are kept */
	bool drawn;              /* in the page: a sequence diagram */
};

/* What the table TCP against UDP is measured from, for each of the two. */
struct scenario_side {
	uint32_t stream;         /* the run that sent numbered messages over the bad link */
	uint32_t largest[SCENARIO_RUNS_NAMED_MAX]; size_t largests; /* runs that sent messages of growing size */
	uint32_t server;         /* the program that served */
	uint32_t clients;        /* the scene in which several clients talked to it */
	const char *filter; struct place filter_at; /* the packets of one of the talks */
	uint32_t link;           /* on which they are counted */
	struct place at;
};
struct scenario_table { bool wanted; struct scenario_side tcp, udp; };

struct scenario {
	const char *name;
	uint64_t seed;
	int64_t date;
	struct scenario_link *link; uint32_t links;
	struct scenario_host *host; uint32_t hosts;
	struct scenario_zone *zone; size_t zones;
	struct scenario_file *file; size_t files;
	struct scenario_certificate *certificate; size_t certificates; bool has_authority; /* `certificates:` was there */
	struct scenario_run *run; uint32_t runs; /* programs first, then scene by scene */
	uint32_t programs;
	struct scenario_scene *scene; uint32_t scenes;
	struct scenario_fault *fault; size_t faults;   /* of the whole run */
	struct expectation *expect; size_t expects;    /* of the whole run */
	struct scenario_table table;
	struct arena memory;
};

struct scenario *scenario_load(struct bytes text, struct complaints *);
void scenario_free(struct scenario *);

uint32_t scenario_find_host(const struct scenario *, const char *name); /* SCENARIO_NONE: no such */
uint32_t scenario_find_link(const struct scenario *, const char *name);
uint32_t scenario_find_run(const struct scenario *, const char *id);
uint32_t scenario_find_scene(const struct scenario *, const char *name);
/* The host that has this address, or NULL; and one of a host's own addresses of a family. */
const struct scenario_host *scenario_host_of(const struct scenario *, struct ip);

#endif
