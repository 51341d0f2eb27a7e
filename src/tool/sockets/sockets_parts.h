/* SPDX-License-Identifier: ISC */
/* sockets_parts.h - what the parts of `sockets` share; nobody else includes it. */
#ifndef TULLE_TOOL_SOCKETS_PARTS_H
#define TULLE_TOOL_SOCKETS_PARTS_H

#include "tool/sockets/sockets.h"

/* ss's words ("state established ( sport = :https or dport = :https )") and lsof's -i and -s become tests; all of them
 * must hold. */
bool sockets_add_words(struct sockets_options *, const struct sockets_names *, int argc, const char *const *argv,
                       struct text *err);
bool sockets_add_internet(struct sockets_options *, const struct sockets_names *, const char *value, bool first,
                          uint8_t *any, struct text *err); /* -i; several are joined by "or" in *any */
bool sockets_is_internet(const struct sockets_names *, const char *value); /* what -i takes */
bool sockets_add_state(struct sockets_options *, const char *value, struct text *err);    /* -s */
bool sockets_add_test(struct sockets_options *, struct sockets_test, uint8_t *index, struct text *err);
bool sockets_require(struct sockets_options *, uint8_t index, struct text *err);

/* Names: their buffers are the caller's, and they return them. */
#define SOCKETS_NAME_MAX 32
const char *sockets_user(const struct sockets_names *, uint32_t uid, char name[SOCKETS_NAME_MAX]);
bool sockets_uid(const struct sockets_names *, const char *name, size_t len, uint32_t *uid);
bool sockets_service(const struct sockets_names *, uint16_t port, uint8_t protocol, char name[SOCKETS_NAME_MAX]);
bool sockets_port(const struct sockets_names *, const char *name, size_t len, uint16_t *port);
const char *sockets_protocol(const struct diag_socket *); /* "TCP" */

void sockets_explain(const struct sockets_options *, const struct sockets_table *, struct text *out);
size_t sockets_print_json(const struct sockets_options *, const struct sockets_table *, struct text *out);

#endif
