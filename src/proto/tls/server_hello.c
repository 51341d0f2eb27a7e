/* SPDX-License-Identifier: ISC */
/* The server, from the ClientHello to the choice of version: what the hello says is checked in the order in which it can be
 * wrong, what both versions want is noted, and tls_server12_start or tls_server13_start goes on. */
#include "proto/tls/inside.h"

/* ---- version ---- */

/* RFC 8446, 4.2.1: with supported_versions, that alone counts. Without it, legacy_version is the highest one. */
static bool client_speaks(const struct tls_client_hello *hello, unsigned version)
{
	if (tls_asks(hello, TLS_EXT_SUPPORTED_VERSIONS)) return tls_has_u16(hello->versions, version);
	return version <= TLS_1_2 && hello->legacy_version >= version;
}

static bool choose_version(struct tls *t, const struct tls_client_hello *hello)
{
	bool is_list = tls_asks(hello, TLS_EXT_SUPPORTED_VERSIONS), fallback = tls_has_u16(hello->suites, TLS_FALLBACK_SCSV);

	if (hello->legacy_version <= 0x0300) /* D.5 */
		return tls_fail(t, TLS_PROTOCOL_VERSION, "ClientHello: legacy_version %04x is SSL, not TLS", hello->legacy_version);
	for (unsigned version = TLS_1_3; version >= TLS_1_2; version--) {
		if (!tls_offers_version(t->config, version)) continue;
		if (client_speaks(hello, version)) {
			t->version = (uint16_t)version;
			return true;
		}
		if (fallback) /* RFC 7507, 3 */
			return tls_fail(t, TLS_INAPPROPRIATE_FALLBACK, "the client fell back from %s, but we speak it: somebody may be between us",
			                tls_version_name(version));
	}
	return tls_fail(t, TLS_PROTOCOL_VERSION, "no version in common: the client offers %s%s", is_list ? "a list without " : "at most ",
	                is_list ? "any of ours" : hello->legacy_version >= TLS_1_2 ? "TLS 1.2" : "TLS 1.1 or 1.0");
}

/* ---- names ---- */

/* RFC 6066, 3: a name without a dot at its end, in ASCII. What is in it is compared, never looked up. */
static bool note_server_name(struct tls *t, const struct tls_client_hello *hello)
{
	struct bytes name = hello->server_name;

	t->server_name[0] = '\0';
	if (name.len == 0) return true; /* none, or names of other kinds only */
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= ' ' || name.at[i] > '~')
			return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: server_name: byte 0x%02x in a name", name.at[i]);
	if (name.len > TLS_NAME_MAX) return tls_fail(t, TLS_UNRECOGNIZED_NAME, "ClientHello: server_name: a name of %zu bytes", name.len);
	memcpy(t->server_name, name.at, name.len);
	t->server_name[name.len] = '\0';
	return true;
}

static bool list_has(struct bytes names, struct bytes wanted)
{
	for (struct bytes name; tls_next_name(&names, &name);)
		if (bytes_equal(name, wanted)) return true;
	return false;
}

/* RFC 7301, 3.2: our preference decides. */
static bool choose_alpn(struct tls *t, const struct tls_client_hello *hello)
{
	const struct tls_config *config = t->config;

	tls_set_alpn(t, (struct bytes){ NULL, 0 });
	for (size_t i = 0; tls_asks(hello, TLS_EXT_ALPN) && i < config->alpn_count; i++) {
		struct bytes ours = bytes_of(config->alpn[i]);
		if (ours.len > TLS_ALPN_MAX || !list_has(hello->alpn, ours)) continue;
		tls_set_alpn(t, ours);
		return true;
	}
	if (config->alpn_count == 0 || !(tls_asks(hello, TLS_EXT_ALPN) || config->alpn_needed)) return true;
	return tls_fail(t, TLS_NO_APPLICATION_PROTOCOL, "ClientHello: %s",
	                tls_asks(hello, TLS_EXT_ALPN) ? "it takes none of our protocols (ALPN)" : "it names no protocol (ALPN), and one is needed");
}

/* ---- what else both versions want to know ---- */

static void note(struct tls *t, const struct tls_client_hello *hello)
{
	struct tls_handshake *h = t->handshake;

	memcpy(h->client_random, hello->random.at, TLS_RANDOM_BYTES);
	h->session_id_len = (uint8_t)hello->session_id.len;
	if (h->session_id_len > 0) memcpy(h->session_id, hello->session_id.at, h->session_id_len);
	h->received = hello->has;
	h->peer_wants_ocsp = hello->ocsp_wanted;
	tls_note_schemes(h, hello->schemes);
	tls_note_packing(t, hello->packings);
}

/* ---- what TLS 1.3 asks of a hello ---- */

/* RFC 8446, 4.2.8: shares come in the order of the groups. That each is of one of them, and of another, the parser has seen. */
static bool shares_in_order(const struct tls_client_hello *hello)
{
	struct bytes groups = hello->groups, shares = hello->shares, key;
	unsigned group, share;

	while (tls_next_share(&shares, &share, &key)) {
		do {
			if (!tls_next_u16(&groups, &group)) return false;
		} while (group != share);
	}
	return true;
}

static bool check13(struct tls *t, const struct tls_client_hello *hello)
{
	bool groups = tls_asks(hello, TLS_EXT_SUPPORTED_GROUPS), shares = tls_asks(hello, TLS_EXT_KEY_SHARE);

	if (hello->compressions.len != 1 || hello->compressions.at[0] != 0) /* 4.1.2 */
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: TLS 1.3 with compression methods");
	if (tls_asks(hello, TLS_EXT_PRE_SHARED_KEY) && !groups && !shares)
		return tls_fail(t, TLS_HANDSHAKE_FAILURE, "the client offers a PSK without a key exchange, which we do not do");
	if (groups != shares || !groups) /* 9.2 */
		return tls_fail(t, TLS_MISSING_EXTENSION, "ClientHello: no %s", groups ? "key_share" : "supported_groups");
	if (!tls_asks(hello, TLS_EXT_PRE_SHARED_KEY) && !tls_asks(hello, TLS_EXT_SIGNATURE_ALGORITHMS))
		return tls_fail(t, TLS_MISSING_EXTENSION, "ClientHello: no signature_algorithms, and no PSK either");
	if (!shares_in_order(hello)) return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: key_share: not in the order of supported_groups");
	return true;
}

bool tls_server_on_hello(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	struct tls_client_hello hello;
	struct tls_fault fault;

	if (!tls_expect(t, type, TLS_CLIENT_HELLO)) return false;
	if (!tls_parse_client_hello(body, &hello, &fault)) return tls_fail_fault(t, "ClientHello", &fault);
	if (!choose_version(t, &hello) || !note_server_name(t, &hello)) return false;
	note(t, &hello);
	if (t->version == TLS_1_2 && t->state == TLS_SERVER_WAIT_CH) return choose_alpn(t, &hello) && tls_server12_start(t, now, &hello, raw);
	if (t->version == TLS_1_2) return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: the second one does not offer TLS 1.3 any more");
	return check13(t, &hello) && choose_alpn(t, &hello) && tls_server13_start(t, now, &hello, raw);
}
