/* SPDX-License-Identifier: ISC */
#include "proto/tls/watch.h"

#include "proto/tls/inside.h"
#include "proto/tls/keylog.h"

#define EXPLICIT_NONCE_BYTES 8 /* RFC 5288, 3 */

bool tls_watch_looks(struct bytes b)
{
	if (b.len > 0 && b.at[0] != TLS_HANDSHAKE) return false;
	if (b.len > 1 && b.at[1] != 3) return false;
	if (b.len > 2 && b.at[2] > 4) return false;
	if (b.len > 4 && (load_be16(b.at + 3) < TLS_MESSAGE_HEADER || load_be16(b.at + 3) > TLS_PLAINTEXT_MAX)) return false;
	return b.len <= 5 || b.at[5] == TLS_CLIENT_HELLO;
}

void tls_watch_init(struct tls_watch *w, struct crypt *crypt, const struct bytes *keylog)
{
	memset(w, 0, offsetof(struct tls_watch, side));
	for (int i = 0; i < 2; i++) memset(&w->side[i], 0, offsetof(struct tls_watch_side, record));
	memset((uint8_t *)w + offsetof(struct tls_watch, client_random), 0, sizeof *w - offsetof(struct tls_watch, client_random));
	w->crypt = crypt;
	w->keylog = keylog;
}

static void end_keys(struct tls_watch_keys *keys)
{
	crypt_aead_end(&keys->aead);
	crypt_wipe(keys, sizeof *keys);
}

void tls_watch_end(struct tls_watch *w)
{
	for (int i = 0; i < 2; i++) end_keys(&w->side[i].keys);
}

/* ---- keys ---- */

/* The secret of this connection under that label; its length, or 0: the log has none. */
static size_t find_secret(const struct tls_watch *w, const char *label, uint8_t *secret)
{
	struct bytes rest = w->keylog != NULL ? *w->keylog : (struct bytes){ NULL, 0 };
	struct tls_keylog_line line;
	size_t len = 0;

	while (len == 0 && tls_keylog_next(&rest, &line)) {
		if (!bytes_equal(line.label, bytes_of(label)) || line.secret_len > TLS_WATCH_SECRET_MAX) continue;
		if (memcmp(line.client_random, w->client_random, TLS_RANDOM_BYTES) != 0) continue;
		memcpy(secret, line.secret, line.secret_len);
		len = line.secret_len;
	}
	crypt_wipe(&line, sizeof line);
	return len;
}

/* RFC 8446, 7.3: the keys that follow from keys->secret. */
static void set_keys13(const struct tls_watch *w, struct tls_watch_keys *keys, enum crypt_aead_kind aead, enum crypt_hash hash)
{
	const struct bytes none = { NULL, 0 };
	uint8_t key[CRYPT_AEAD_KEY_MAX];

	tls_expand_label(w->crypt, hash, keys->secret, "key", none, (struct room){ key, crypt_aead_key_len(aead) });
	tls_expand_label(w->crypt, hash, keys->secret, "iv", none, (struct room){ keys->iv, sizeof keys->iv });
	crypt_aead_end(&keys->aead);
	crypt_aead_open_key(&keys->aead, w->crypt, aead, key);
	crypt_wipe(key, sizeof key);
}

static const char *label_of(enum tls_watch_stage stage, bool from_server)
{
	switch (stage) {
	case TLS_WATCH_EARLY: return "CLIENT_EARLY_TRAFFIC_SECRET";
	case TLS_WATCH_HANDSHAKE: return from_server ? "SERVER_HANDSHAKE_TRAFFIC_SECRET" : "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
	case TLS_WATCH_APPLICATION: return from_server ? "SERVER_TRAFFIC_SECRET_0" : "CLIENT_TRAFFIC_SECRET_0";
	default: return "CLIENT_RANDOM";
	}
}

/* The secret of a side's stage; 0: the log has none, or had none and has not grown since. */
static size_t secret_of(struct tls_watch *w, bool from_server, enum tls_watch_stage stage, uint8_t *secret)
{
	size_t *missed = &w->side[from_server].missed[stage], now = 1 + (w->keylog != NULL ? w->keylog->len : 0);
	size_t len = *missed != now ? find_secret(w, label_of(stage, from_server), secret) : 0;

	if (len == 0) *missed = now;
	return len;
}

/* RFC 5246, 6.3: both sides' keys, then both sides' initialization vectors. */
static bool key12(struct tls_watch *w, bool from_server, const struct tls_suite_info *suite)
{
	const struct bytes seeds[] = { { w->server_random, TLS_RANDOM_BYTES }, { w->client_random, TLS_RANDOM_BYTES } };
	uint8_t master[TLS_WATCH_SECRET_MAX], block[2 * (CRYPT_AEAD_KEY_MAX + CRYPT_NONCE_BYTES)];
	struct tls_watch_keys *keys = &w->side[from_server].keys;
	size_t key_len = crypt_aead_key_len(suite->aead);
	size_t iv_len = suite->aead == CRYPT_CHACHA20_POLY1305 ? CRYPT_NONCE_BYTES : CRYPT_NONCE_BYTES - EXPLICIT_NONCE_BYTES;
	size_t len = secret_of(w, from_server, TLS_WATCH_12, master);

	if (len == 0) return false;
	tls_prf12(w->crypt, suite->hash, (struct bytes){ master, len }, "key expansion", seeds, 2,
	          (struct room){ block, 2 * (key_len + iv_len) });
	end_keys(keys);
	memcpy(keys->iv, block + 2 * key_len + (from_server ? iv_len : 0), iv_len);
	crypt_aead_open_key(&keys->aead, w->crypt, suite->aead, block + (from_server ? key_len : 0));
	keys->stage = TLS_WATCH_12;
	crypt_wipe(master, sizeof master);
	crypt_wipe(block, sizeof block);
	return true;
}

/* ---- records ---- */

/* Opens a record's body; *plain is where it was. The body is untouched if that fails. */
static bool open_body(struct tls_watch_side *side, struct tls_watch_keys *keys, bool v13, struct bytes *plain)
{
	bool explicit_nonce = !v13 && keys->aead.kind != CRYPT_CHACHA20_POLY1305;
	size_t skip = explicit_nonce ? EXPLICIT_NONCE_BYTES : 0, body_len = side->collected - TLS_RECORD_HEADER;
	uint8_t scratch[TLS_WATCH_RECORD_MAX], nonce[CRYPT_NONCE_BYTES], ad[13], *body = side->record + TLS_RECORD_HEADER;
	struct bytes associated = { side->record, TLS_RECORD_HEADER };

	if (body_len < skip + CRYPT_TAG_BYTES) return false;
	memcpy(nonce, keys->iv, sizeof nonce);
	if (explicit_nonce) memcpy(nonce + 4, body, EXPLICIT_NONCE_BYTES);
	else for (unsigned i = 0; i < 8; i++) nonce[CRYPT_NONCE_BYTES - 1 - i] ^= (uint8_t)(keys->sequence >> 8 * i);
	if (!v13) {
		store_be64(ad, keys->sequence);
		memcpy(ad + 8, side->record, 3);
		store_be16(ad + 11, (uint16_t)(body_len - skip - CRYPT_TAG_BYTES));
		associated = (struct bytes){ ad, sizeof ad };
	}
	if (!crypt_aead_open(&keys->aead, nonce, associated, (struct bytes){ body + skip, body_len - skip }, scratch)) return false;
	*plain = (struct bytes){ body + skip, body_len - skip - CRYPT_TAG_BYTES };
	memcpy(body + skip, scratch, plain->len);
	return true;
}

/* With the keys of a stage of 1.3, taken from the log if the side has others. Early data may be of any suite that fits. */
static bool open_at_stage(struct tls_watch *w, bool from_server, enum tls_watch_stage stage, struct bytes *plain)
{
	static const unsigned suites[] = { TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 };
	struct tls_watch_side *side = &w->side[from_server];
	struct tls_watch_keys keys = { .stage = stage, .sequence = stage == side->stage ? side->sequence : 0 };
	bool opened = false;

	if (side->keys.stage == stage) {
		side->keys.sequence = side->sequence;
		return open_body(side, &side->keys, true, plain);
	}
	size_t len = secret_of(w, from_server, stage, keys.secret);
	for (size_t i = 0; i < COUNT(suites) && len > 0 && !opened; i++) {
		const struct tls_suite_info *suite = tls_suite_find(suites[i]);
		if (suite == NULL || crypt_hash_len(suite->hash) != len) continue;
		if (stage != TLS_WATCH_EARLY && w->suite != suites[i]) continue;
		set_keys13(w, &keys, suite->aead, suite->hash);
		opened = open_body(side, &keys, true, plain);
	}
	if (!opened) {
		end_keys(&keys);
		return false;
	}
	end_keys(&side->keys);
	side->keys = keys;
	side->stage = stage;
	side->sequence = keys.sequence;
	crypt_wipe(&keys, sizeof keys);
	return true;
}

/* A step of the handshake that could not be read is passed over: whatever stage's keys open the record is where we are. */
static bool open13(struct tls_watch *w, bool from_server, struct bytes *plain)
{
	struct tls_watch_side *side = &w->side[from_server];
	bool opened = false;

	for (enum tls_watch_stage s = side->stage; s <= TLS_WATCH_APPLICATION && !opened; s++)
		if (s != TLS_WATCH_PLAIN && (w->version != 0 || s == TLS_WATCH_EARLY)) opened = open_at_stage(w, from_server, s, plain);
	side->sequence++;
	if (!opened) return false;
	while (plain->len > 0 && plain->at[plain->len - 1] == 0) plain->len--; /* padding: RFC 8446, 5.4 */
	return plain->len > 0;
}

static bool open12(struct tls_watch *w, bool from_server, struct bytes *plain)
{
	const struct tls_suite_info *suite = tls_suite_find(w->suite);
	struct tls_watch_side *side = &w->side[from_server];
	bool opened = false;

	if (suite != NULL && !suite->v13 && (side->keys.stage == TLS_WATCH_12 || key12(w, from_server, suite))) {
		side->keys.sequence = side->sequence;
		opened = open_body(side, &side->keys, false, plain);
	}
	side->sequence++;
	return opened;
}

static const char *why_closed(const struct tls_watch *w, bool from_server)
{
	const struct tls_watch_side *side = &w->side[from_server];

	if (w->suite != 0 && tls_suite_find(w->suite) == NULL) return "its cipher suite is not read here";
	if (w->keylog == NULL || w->keylog->len == 0) return "there is no key log";
	return side->keys.stage == side->stage ? "its authentication tag is not right" : "the key log has no secret for it";
}

static void open_record(struct tls_watch *w, bool from_server, struct bytes *body)
{
	struct bytes plain;
	bool v12 = w->side[from_server].stage == TLS_WATCH_12;

	w->seen.encrypted = true;
	if (w->crypt == NULL || !(v12 ? open12(w, from_server, &plain) : open13(w, from_server, &plain))) {
		w->seen.closed = why_closed(w, from_server);
		w->closed++;
		return;
	}
	w->opened++;
	*body = plain;
	if (v12) return;
	w->seen.type = plain.at[plain.len - 1]; /* RFC 8446, 5.2: the true type comes behind */
	body->len--;
}

/* A whole record is there. */
static void take_record(struct tls_watch *w, bool from_server)
{
	struct tls_watch_side *side = &w->side[from_server];
	struct tls_record record;
	struct bytes body = { side->record + TLS_RECORD_HEADER, side->collected - TLS_RECORD_HEADER };

	tls_parse_record(side->record, &record);
	w->seen = (struct tls_watched){ .from_server = from_server, .type = record.type, .outer = record.type,
		.version = record.version, .sealed_bytes = body.len, .v13 = w->version == TLS_1_3 };
	w->records++;
	bool v12 = side->stage == TLS_WATCH_12;
	if (side->stage == TLS_WATCH_EARLY) w->seen.v13 = true;
	if (v12 ? record.type != TLS_CHANGE_CIPHER_SPEC : record.type == TLS_APPLICATION_DATA) open_record(w, from_server, &body);
	w->rest = body;
	w->pending = true;
}

static bool lose(struct tls_watch *w, const char *words)
{
	w->lost = words;
	w->pending = false;
	return false;
}

static bool header_is_sound(struct tls_watch *w, const uint8_t *header)
{
	if (header[0] < TLS_CHANGE_CIPHER_SPEC || header[0] > TLS_APPLICATION_DATA || header[1] != 3)
		return lose(w, "these bytes are no TLS record");
	if (load_be16(header + 3) > TLS_WATCH_RECORD_MAX - TLS_RECORD_HEADER) return lose(w, "a record is longer than TLS allows");
	return true;
}

static void collect(struct tls_watch_side *side, struct bytes *from, size_t up_to)
{
	size_t n = size_min(from->len, up_to - size_min(up_to, side->collected));
	if (n > 0) memcpy(side->record + side->collected, from->at, n);
	side->collected += n;
	*from = bytes_skip(*from, n);
}

size_t tls_watch_input(struct tls_watch *w, bool from_server, struct bytes in)
{
	struct tls_watch_side *side = &w->side[from_server];
	struct bytes left = in;

	assert(!w->pending);
	if (w->lost != NULL) return in.len;
	collect(side, &left, TLS_RECORD_HEADER);
	if (side->collected < TLS_RECORD_HEADER) return in.len;
	if (!header_is_sound(w, side->record)) return in.len;
	size_t whole = TLS_RECORD_HEADER + load_be16(side->record + 3);
	collect(side, &left, whole);
	if (side->collected == whole) take_record(w, from_server);
	return in.len - left.len;
}

/* ---- messages: what follows from them ---- */

static void enter(struct tls_watch *w, bool of_server, enum tls_watch_stage stage)
{
	w->side[of_server].stage = stage;
	w->side[of_server].sequence = 0;
	w->side[of_server].missed[stage] = 0;
	if (stage == TLS_WATCH_12) end_keys(&w->side[of_server].keys); /* each change makes new ones */
}

static void on_client_hello(struct tls_watch *w, struct bytes body)
{
	struct tls_client_hello hello;
	struct tls_fault fault;

	if (body.len < 2 + TLS_RANDOM_BYTES) return;
	memcpy(w->client_random, body.at + 2, TLS_RANDOM_BYTES);
	if (w->version == TLS_1_3 || !tls_parse_client_hello(body, &hello, &fault)) return;
	bool early = (hello.has & TLS_HAS(TLS_EXT_EARLY_DATA)) != 0;
	if (early && w->side[0].stage == TLS_WATCH_PLAIN) enter(w, false, TLS_WATCH_EARLY);
}

static void on_server_hello(struct tls_watch *w, struct bytes body)
{
	struct tls_server_hello hello;
	struct tls_fault fault;

	if (!tls_parse_server_hello(body, &hello, &fault)) return;
	memcpy(w->server_random, hello.random.at, TLS_RANDOM_BYTES);
	w->suite = hello.suite;
	w->version = hello.version != 0 ? hello.version : hello.legacy_version;
	if (hello.retry || w->version != TLS_1_3) return;
	enter(w, true, TLS_WATCH_HANDSHAKE);
	if (w->side[0].stage == TLS_WATCH_PLAIN) enter(w, false, TLS_WATCH_HANDSHAKE);
}

/* RFC 8446, 7.2. */
static void on_key_update(struct tls_watch *w, bool from_server)
{
	struct tls_watch_side *side = &w->side[from_server];
	const struct tls_suite_info *suite = tls_suite_find(w->suite);
	uint8_t next[TLS_WATCH_SECRET_MAX];

	if (suite == NULL || side->keys.stage != TLS_WATCH_APPLICATION) return;
	size_t len = crypt_hash_len(suite->hash);
	tls_expand_label(w->crypt, suite->hash, side->keys.secret, "traffic upd", (struct bytes){ NULL, 0 }, (struct room){ next, len });
	memcpy(side->keys.secret, next, len);
	crypt_wipe(next, sizeof next);
	set_keys13(w, &side->keys, suite->aead, suite->hash);
	side->sequence = 0;
}

static void on_message(struct tls_watch *w, bool from_server, struct bytes message)
{
	struct bytes body = bytes_skip(message, TLS_MESSAGE_HEADER);
	bool v13 = w->version == TLS_1_3;

	switch (message.at[0]) {
	case TLS_CLIENT_HELLO:
		if (!from_server) on_client_hello(w, body);
		break;
	case TLS_SERVER_HELLO:
		if (from_server) on_server_hello(w, body);
		break;
	case TLS_END_OF_EARLY_DATA:
		if (v13 && w->side[0].stage == TLS_WATCH_EARLY && !from_server) enter(w, false, TLS_WATCH_HANDSHAKE);
		break;
	case TLS_FINISHED:
		if (v13 && w->side[from_server].stage == TLS_WATCH_HANDSHAKE) enter(w, from_server, TLS_WATCH_APPLICATION);
		break;
	case TLS_KEY_UPDATE:
		if (v13) on_key_update(w, from_server);
		break;
	default: break;
	}
}

/* ---- handing out ---- */

/* Moves a part of the record into the message, up to `total` bytes of it; what is beyond the room is passed over. */
static bool gather(struct tls_watch *w, struct tls_watch_side *side, size_t total)
{
	size_t n = size_min(w->rest.len, total - size_min(total, side->message_total));
	size_t kept = size_min(n, TLS_WATCH_MESSAGE_MAX - side->message_len);

	if (kept > 0) memcpy(side->message + side->message_len, w->rest.at, kept);
	side->message_len += kept;
	side->message_total += n;
	w->rest = bytes_skip(w->rest, n);
	return side->message_total >= total;
}

static bool next_message(struct tls_watch *w, struct tls_watched *seen)
{
	struct tls_watch_side *side = &w->side[w->seen.from_server];

	if (side->message_total == 0) side->message_len = 0;
	if (!gather(w, side, TLS_MESSAGE_HEADER)) return false;
	size_t total = TLS_MESSAGE_HEADER + (load_be32(side->message) & 0xffffff);
	if (!gather(w, side, total)) return false;
	*seen = w->seen;
	seen->content = (struct bytes){ side->message, side->message_len };
	seen->cut = side->message_len < total;
	side->message_total = 0;
	if (!seen->cut) on_message(w, w->seen.from_server, seen->content);
	seen->v13 = w->version == TLS_1_3;
	return true;
}

static void record_done(struct tls_watch *w)
{
	w->side[w->seen.from_server].collected = 0;
	w->pending = false;
}

bool tls_watch_next(struct tls_watch *w, struct tls_watched *seen)
{
	if (!w->pending) return false;
	if (w->seen.type == TLS_HANDSHAKE && w->seen.closed == NULL) {
		if (w->rest.len > 0 && next_message(w, seen)) return true;
		record_done(w);
		return false;
	}
	*seen = w->seen;
	seen->content = w->rest;
	record_done(w);
	if (seen->type == TLS_CHANGE_CIPHER_SPEC && w->version != TLS_1_3 && w->version != 0)
		enter(w, seen->from_server, TLS_WATCH_12);
	return true;
}
