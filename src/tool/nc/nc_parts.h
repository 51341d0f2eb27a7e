/* SPDX-License-Identifier: ISC */
/* nc_parts.h - what the parts of nc share; nobody else includes it. See nc.h. */
#ifndef TULLE_TOOL_NC_PARTS_H
#define TULLE_TOOL_NC_PARTS_H

#include "tool/listen.h"
#include "tool/lookup.h"
#include "tool/nc/nc.h"
#include "tool/secure.h"

#define NC_RANGES_MAX 16   /* words that name ports */
#define NC_WAITING_MAX 128 /* connections that wait for the one before to end (-k) */
#define NC_PEERS_MAX 64    /* those who have sent datagrams and get what is typed (-k) */
#define NC_JOINS_MAX 8
#define NC_PIECE_BYTES 16384 /* of the input in one datagram */

struct nc_options {
	bool listen, keep, udp, zero, verbose, numbers, four, six, broadcast, no_input, finish, crlf, telnet, random;
	bool tls, hex, json, loop, debug, md5, local, pass;
	instant timeout, quit_after, interval; /* NEVER, NEVER, 0: not wanted */
	const char *source, *servername, *proxy, *proxy_kind, *proxy_user, *class_word, *md5_file;
	uint64_t source_port, pieces_max, ttl, ttl_least, receive_bytes, send_bytes; /* 0: not wanted */
	const char *join[NC_JOINS_MAX];
	struct option_texts joins;
	const char *host;                      /* as written; NULL: none */
	uint16_t *port; size_t ports;          /* in the order in which they are tried */
};

enum nc_state { NC_LOOKING_UP, NC_NEXT, NC_CONNECTING, NC_GREETING, NC_SECURING, NC_TALKING, NC_PROBING, NC_LISTENING, NC_LEAVING };

struct nc_peer { struct addr addr; struct ip local; };
struct nc_waiting { net_id id; struct addr peer; bool eof; };

struct nc {
	struct tool tool;
	struct tool_env *env;
	struct secure secure;
	struct nc_options o;
	enum nc_state state;
	/* whom to reach */
	char host[LOOKUP_HOST_MAX + 1];
	struct lookup lookup;
	struct ip ip[LOOKUP_MAX]; size_t ips, next_ip;
	uint16_t interface;
	size_t next_port;
	struct ip source;
	instant give_up_at, next_at; /* next_at: not before that, the next port */
	/* the connection, or the socket for datagrams */
	net_id id, listener;
	struct addr peer;
	struct nc_waiting waiting[NC_WAITING_MAX]; size_t waiting_count;
	struct nc_peer peers[NC_PEERS_MAX]; size_t peer_count, peer_next;
	bool input_over, finished, peer_over;
	bool stopping;               /* asked to end: what has come goes out, nobody new comes */
	instant quit_at, line_at;
	uint8_t last_sent;           /* for -C: was it a CR? */
	uint8_t piece[NC_PIECE_BYTES]; size_t kept; /* kept: of it there was no room for so much yet */
	/* -t: how far into a command we are, and answers that wait for room */
	uint8_t telnet[2], answer[96]; unsigned telnet_len, answer_len;
	/* the proxy: what it has said so far */
	uint8_t heard[1024]; size_t heard_len; unsigned step;
	char proxy_host[LOOKUP_HOST_MAX + 1]; uint16_t proxy_port;
	/* standard output as a stream: 0 if words are all that is lent */
	net_id output;
	bool output_finished, output_failed;
	/* what to tell */
	bool any; int status;        /* any: a port went well; status: of the last that did not */
	uint64_t sent, received, pieces, connections, open_ports, peers_seen, failed;
	uint64_t shown_sent, shown_received;
	instant started_at;
	char who[ADDR_TEXT_MAX];     /* nc_show.c's */
	uint8_t md5_key[NET_MD5_KEY_MAX];
	char words[400];             /* nc_how_why's */
	char service[64];
};

/* nc_options.c: false: said on err. */
bool nc_read_options(struct nc *, int argc, const char *const *argv);
bool nc_service_port(struct tool_env *, const char *name, bool udp, uint16_t *port);
bool nc_split_zone(const char *text, char *host, size_t size, uint16_t *interface); /* "[ff02::1%2]" */

bool nc_number(const char *, uint64_t max, uint64_t *);

/* nc_how.c */
bool nc_how_read(struct nc *);               /* false: said on err */
bool nc_how_datagrams(struct nc *);          /* the socket for them is open: sets it; false: said */
const char *nc_how_why(struct nc *, enum net_why); /* why it could not even be tried */

/* nc.c */
void nc_over(struct nc *, int status);       /* this connection has ended: the next port, the next client, or the end */
void nc_complain(struct nc *, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
int nc_status_of(enum net_why);
void nc_talk(struct nc *, bool peer_over);   /* the stream is ours to use */

/* nc_stream.c */
void nc_pump(struct nc *);                   /* both ways, as far as it goes; then what that means */
void nc_stream_event(struct nc *, const struct net_event *);

/* nc_datagram.c */
bool nc_datagram_open(struct nc *, const struct addr *to); /* to: NULL when listening */
void nc_datagram_peer(struct nc *);          /* the socket has a peer, whose address is n->peer */
void nc_datagram_event(struct nc *, const struct net_event *);
void nc_datagram_pump(struct nc *);
void nc_probe(struct nc *);
void nc_probe_over(struct nc *);

/* nc_local.c */
bool nc_local_check(struct nc *);            /* -U, -F: false: said on err */
bool nc_local_start(struct nc *);
void nc_local_pass(struct nc *);

/* nc_proxy.c */
bool nc_proxy_read(struct nc *);             /* -x, -X: false: said on err */
void nc_proxy_begin(struct nc *);
void nc_proxy_heard(struct nc *);

/* nc_show.c */
static inline bool nc_shows(const struct nc *n) { return n->o.hex || n->o.json; }
void nc_show_data(struct nc *, bool sent, const struct addr *, struct bytes);
void nc_show_event(struct nc *, const char *event, const struct addr *, const char *why);
void nc_show_port(struct nc *, uint16_t port, bool open, const char *why);
void nc_show_received(struct nc *, const struct addr *);
const char *nc_service_name(struct nc *, uint16_t port);

#endif
