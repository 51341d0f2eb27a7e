/* SPDX-License-Identifier: ISC */
/* net_tls.h - TLS over any net: a net over a net, with the same verbs.
 *
 *     struct net *net = net_tls_init(room, inner, &limits);
 *     net_id id = net_tls_listen(net, &addr, NULL, &config);     // its streams are TLS; ACCEPTED comes when the handshake is complete
 *     net_id id = net_tls_connect(net, &addr, NULL, &config, "www.example.com");
 *
 * Everything else passes through with the same ids: plain streams, datagrams, wake-ups. So one program serves tcp:// and
 * tls:// at once and does not know which is which. A handshake that fails is NET_CLOSED (of a listener's stream: counted
 * only) with NET_NOT_SECURE; net_tls_failure says why in words. A stream that was cut short without close_notify is
 * NET_CLOSED with NET_RESET, never NET_EOF.
 *
 * What the program sends before its stream is connected is not taken; WRITABLE comes when it may. With early data that is
 * before CONNECTED: a client that wants it tries to send at once. A server that takes early data gets ACCEPTED with the first
 * of it, before the handshake is complete.
 *
 * NET_WAKE also comes when a stranger's handshake with a listener has failed, and, where the configuration has a place for
 * messages in the clear (`seen`), when something new is in it.
 *
 * An alert is given the time to get out: a stream that fails is closed beneath when the peer has closed too, or soon
 * after. A handshake for which there is no block waits for one. Of blocks for records there should be two for each stream
 * that is busy at a time: with fewer, programs that pass on what they get can come to wait for each other. The net owns
 * nothing but its tables, cut from lent memory; the pools are the configurations'.
 */
#ifndef TULLE_NET_NET_TLS_H
#define TULLE_NET_NET_TLS_H

#include "net/net.h"
#include "proto/tls/tls.h"

struct net_tls_limits { uint32_t streams_max; uint32_t listeners_max; }; /* 0: 1024, 16 */

size_t net_tls_size(const struct net_tls_limits *);
struct net *net_tls_init(struct room, struct net *inner, const struct net_tls_limits *); /* max_align_t aligned */
void net_tls_end(struct net *); /* wipes what is left of every connection; the inner net stays */

/* On a net made by net_tls_init; 0 as net_listen_how and net_connect_how. The configuration stays lent for as long as a stream
 * of it lives. */
net_id net_tls_listen(struct net *, const struct addr *local, const struct net_how *, const struct tls_config *);
net_id net_tls_connect(struct net *, const struct addr *remote, const struct net_how *, const struct tls_config *, const char *name);
/* From here on a stream of net_connect's, which is connected, is TLS: what has not been taken yet is the peer's first flight. CONNECTED comes
 * once more, when the handshake is complete. False: no room; the stream is as it was. */
bool net_tls_begin(struct net *, net_id, const struct tls_config *, const char *name);

void net_tls_update_keys(struct net *, net_id, bool ask_peer);    /* TLS 1.3: ours now, and the peer's too */
const struct tls *net_tls_of(struct net *, net_id);              /* to look at; NULL: not a TLS stream */
const struct tls_failure *net_tls_failure(struct net *);         /* of the last NET_NOT_SECURE; NULL: none yet */
struct addr net_tls_failed_peer(struct net *);                   /* whose that was */

struct net_tls_counts { uint64_t handshakes, resumed, failed, truncated, refused_full; uint64_t plain_bytes_in, plain_bytes_out; };
struct net_tls_counts net_tls_counts(const struct net *);

#endif
