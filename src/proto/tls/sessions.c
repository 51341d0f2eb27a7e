/* SPDX-License-Identifier: ISC */
/* Sessions lie in an array; an index by the hash of the key finds them, and two lists run through them: all, by last use, and the
 * free ones. Keys are this program's own names or ids that it drew itself, so a stranger cannot choose them to collide, and the
 * hash needs no secret. */
#include <stdalign.h>

#include "base/hash.h"
#include "proto/tls/sessions.h"

#define NOBODY UINT32_MAX
#define DAY_S 86400u

struct remembered {
	uint64_t hash, number;   /* number: in the order of putting */
	uint32_t newer, older;   /* in the order of use; of free ones, `older` is the next */
	uint16_t key_len;
	uint8_t key[TLS_SESSION_KEY_MAX];
	struct tls_session session;
};

struct tls_sessions {
	struct index index;
	struct remembered *at;
	uint64_t number;
	uint32_t newest, oldest, free, max, count, per_name_max;
};

static const uint8_t hash_key[16];

static size_t up(size_t n) { return (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1); }

size_t tls_sessions_size(unsigned sessions_max)
{
	if (sessions_max == 0 || sessions_max > 1u << 24) return 0;
	return up(sizeof(struct tls_sessions)) + up(index_slots(sessions_max) * sizeof(struct index_slot)) +
	       sessions_max * sizeof(struct remembered);
}

struct tls_sessions *tls_sessions_init(struct room room, unsigned sessions_max, unsigned per_name_max)
{
	struct tls_sessions *s = (struct tls_sessions *)(void *)room.at;
	size_t slots = index_slots(sessions_max), size = tls_sessions_size(sessions_max);

	assert(size > 0 && room.len >= size && (uintptr_t)room.at % alignof(max_align_t) == 0 && per_name_max > 0);
	memset(room.at, 0, size);
	struct index_slot *slot = (struct index_slot *)(void *)(room.at + up(sizeof *s));
	*s = (struct tls_sessions){ .newest = NOBODY, .oldest = NOBODY, .max = sessions_max, .per_name_max = per_name_max };
	s->at = (struct remembered *)(void *)(room.at + up(sizeof *s) + up(slots * sizeof *slot));
	index_init(&s->index, slot, slots);
	for (uint32_t i = 0; i < sessions_max; i++) s->at[i].older = i + 1 < sessions_max ? i + 1 : NOBODY;
	return s;
}

void tls_sessions_end(struct tls_sessions *s)
{
	if (s != NULL) crypt_wipe(s->at, s->max * sizeof *s->at), s->count = 0, s->max = 0;
}

unsigned tls_sessions_count(const struct tls_sessions *s) { return s->count; }

static void unlink_used(struct tls_sessions *s, uint32_t i)
{
	struct remembered *r = &s->at[i];
	*(r->newer == NOBODY ? &s->newest : &s->at[r->newer].older) = r->older;
	*(r->older == NOBODY ? &s->oldest : &s->at[r->older].newer) = r->newer;
}

static void link_newest(struct tls_sessions *s, uint32_t i)
{
	struct remembered *r = &s->at[i];
	r->newer = NOBODY, r->older = s->newest;
	*(s->newest == NOBODY ? &s->oldest : &s->at[s->newest].newer) = i;
	s->newest = i;
}

static void drop(struct tls_sessions *s, uint32_t i)
{
	struct remembered *r = &s->at[i];
	unlink_used(s, i);
	index_remove(&s->index, r->hash, i);
	crypt_wipe(r, sizeof *r);
	r->older = s->free;
	s->free = i;
	s->count--;
}

static bool is_key(const struct remembered *r, struct bytes key)
{
	return bytes_equal((struct bytes){ r->key, r->key_len }, key);
}

/* The newest of a key's sessions, or the oldest, and how many there are. */
static uint32_t find(const struct tls_sessions *s, uint64_t hash, struct bytes key, bool newest, unsigned *count)
{
	uint32_t found = NOBODY, i;
	*count = 0;
	for (uint32_t at = INDEX_START; index_find(&s->index, hash, &at, &i);) {
		if (!is_key(&s->at[i], key)) continue;
		++*count;
		if (found == NOBODY || (s->at[i].number > s->at[found].number) == newest) found = i;
	}
	return found;
}

void tls_sessions_put(struct tls_sessions *s, struct bytes key, const struct tls_session *session)
{
	uint64_t hash = siphash13(hash_key, key);
	unsigned count;
	uint32_t i = find(s, hash, key, false, &count);

	if (key.len > TLS_SESSION_KEY_MAX) return;
	if (count >= s->per_name_max) drop(s, i);
	if (s->free == NOBODY) drop(s, s->oldest);
	i = s->free;
	struct remembered *r = &s->at[i];
	s->free = r->older;
	*r = (struct remembered){ .hash = hash, .number = s->number++, .key_len = (uint16_t)key.len, .session = *session };
	if (key.len > 0) memcpy(r->key, key.at, key.len);
	link_newest(s, i);
	index_add(&s->index, hash, i);
	s->count++;
}

bool tls_session_is_fresh(const struct tls_session *session, int64_t date_ms)
{
	int64_t lifetime_s = session->lifetime_s > 0 ? session->lifetime_s : DAY_S;
	if (lifetime_s > TLS_SESSION_LIFETIME_MAX_S) lifetime_s = TLS_SESSION_LIFETIME_MAX_S;
	return date_ms >= session->got_at_ms && date_ms - session->got_at_ms < lifetime_s * 1000;
}

bool tls_sessions_take(struct tls_sessions *s, struct bytes key, int64_t date_ms, struct tls_session *session)
{
	uint64_t hash = siphash13(hash_key, key);
	unsigned count;

	for (uint32_t i; (i = find(s, hash, key, true, &count)) != NOBODY; drop(s, i)) {
		if (!tls_session_is_fresh(&s->at[i].session, date_ms)) continue;
		*session = s->at[i].session;
		if (session->version >= TLS_1_3) drop(s, i);
		else unlink_used(s, i), link_newest(s, i);
		return true;
	}
	return false;
}

void tls_sessions_forget(struct tls_sessions *s, struct bytes key)
{
	unsigned count;
	for (uint32_t i; (i = find(s, siphash13(hash_key, key), key, true, &count)) != NOBODY;) drop(s, i);
}

static const char file_head[] = "tulle tls session 1\n";
enum { CHECK_BYTES = 8 };

static void put_vector(struct tls_writer *w, struct bytes b)
{
	tls_put_number(w, 2, b.len);
	tls_put(w, b);
}

size_t tls_session_write(const struct tls_session *session, struct room room)
{
	struct tls_writer w = { .at = room.at, .size = room.len };

	tls_put(&w, bytes_of(file_head));
	tls_put_number(&w, 2, session->version);
	tls_put_number(&w, 2, session->suite);
	tls_put_number(&w, 1, session->extended_master_secret | session->client_authenticated << 1 | session->unverified << 2);
	tls_put_number(&w, 4, session->lifetime_s);
	tls_put_number(&w, 4, session->age_add);
	tls_put_number(&w, 4, session->early_data_max);
	tls_put_number(&w, 8, (uint64_t)session->got_at_ms);
	put_vector(&w, (struct bytes){ session->secret, session->secret_len });
	put_vector(&w, (struct bytes){ session->session_id, session->session_id_len });
	put_vector(&w, bytes_of(session->alpn));
	put_vector(&w, bytes_of(session->server_name));
	put_vector(&w, (struct bytes){ session->ticket, session->ticket_len });
	tls_put_number(&w, CHECK_BYTES, siphash(hash_key, (struct bytes){ w.at, w.len }));
	return w.cut ? 0 : w.len;
}

static uint64_t get_number(struct bytes *from, size_t bytes, bool *good)
{
	uint64_t n = 0;
	if (from->len < bytes) *good = false, bytes = 0;
	for (size_t i = 0; i < bytes; i++) n = n << 8 | from->at[i];
	*from = bytes_skip(*from, bytes);
	return n;
}

static size_t get_vector(struct bytes *from, void *to, size_t max, bool *good)
{
	size_t len = get_number(from, 2, good);
	if (len > max || len > from->len) *good = false, len = 0;
	if (len > 0) memcpy(to, from->at, len);
	*from = bytes_skip(*from, len);
	return len;
}

bool tls_session_read(struct bytes file, struct tls_session *session)
{
	size_t head = sizeof file_head - 1;
	struct tls_session s = { 0 };
	bool good = true;

	if (file.len < head + CHECK_BYTES || memcmp(file.at, file_head, head) != 0) return false;
	struct bytes b = bytes_first(file, file.len - CHECK_BYTES);
	if (siphash(hash_key, b) != load_be64(file.at + b.len)) return false;
	b = bytes_skip(b, head);
	s.version = (uint16_t)get_number(&b, 2, &good);
	s.suite = (uint16_t)get_number(&b, 2, &good);
	uint64_t flags = get_number(&b, 1, &good);
	s.extended_master_secret = flags & 1, s.client_authenticated = flags & 2, s.unverified = flags & 4;
	s.lifetime_s = (uint32_t)get_number(&b, 4, &good);
	s.age_add = (uint32_t)get_number(&b, 4, &good);
	s.early_data_max = (uint32_t)get_number(&b, 4, &good);
	s.got_at_ms = (int64_t)get_number(&b, 8, &good);
	s.secret_len = (uint8_t)get_vector(&b, s.secret, sizeof s.secret, &good);
	s.session_id_len = (uint8_t)get_vector(&b, s.session_id, sizeof s.session_id, &good);
	get_vector(&b, s.alpn, sizeof s.alpn - 1, &good);
	get_vector(&b, s.server_name, sizeof s.server_name - 1, &good);
	s.ticket_len = (uint16_t)get_vector(&b, s.ticket, sizeof s.ticket, &good);
	bool known = (s.version == TLS_1_2 || s.version == TLS_1_3) && s.secret_len > 0 && flags <= 7 && s.got_at_ms >= 0;
	if (good && known && b.len == 0) *session = s;
	else good = false;
	crypt_wipe(&s, sizeof s);
	return good && known;
}
