/* SPDX-License-Identifier: ISC */
/* The verbs. All that moves are lists: askers hang on tasks; tasks are free, ready, done, or in neither list
 * because they wait for a reply or for each other - those have a deadline in the heap. */
#include "proto/dns/resolver_parts.h"

#include "base/arena.h"

#define DONE_BYTES (2 * (size_t)DNS_MESSAGE_MAX) /* finished messages; a reply is only taken while one more fits */
#define TRY_FOR (800 * MILLISECOND)
#define GIVE_UP_AFTER (10 * SECOND)

uint32_t resolver_slots(const struct resolver_config *c) /* one a task */
{
	return c->recurse ? c->questions_max * 3 + 8 : c->questions_max;
}
static uint32_t servers_for(const struct resolver_config *c)
{
	return c->recurse ? SERVERS_MAX : (uint32_t)size_max(1, size_min(c->servers_count, NS_MAX));
}

size_t resolver_size(const struct resolver_config *c)
{
	size_t tasks = resolver_slots(c), servers = servers_for(c);
	size_t cache = c->cache_bytes ? size_max(c->cache_bytes, CACHE_BYTES_MIN) : 0;
	return arena_cost(sizeof(struct resolver)) + arena_cost(tasks * sizeof(struct task)) +
	       arena_cost(c->questions_max * sizeof(struct asker)) +
	       arena_cost(index_slots(tasks) * sizeof(struct index_slot)) +
	       arena_cost(tasks * sizeof(struct heap_item)) + arena_cost(tasks * sizeof(uint32_t)) +
	       arena_cost(servers * sizeof(struct server)) +
	       arena_cost(index_slots(servers) * sizeof(struct index_slot)) +
	       arena_cost(DONE_BYTES) + arena_cost(DNS_MESSAGE_MAX) + arena_cost(cache);
}

static void lists_init(struct resolver *r)
{
	for (uint32_t i = 0; i < r->tasks; i++)
		r->task[i] = (struct task){ .next = i + 1 < r->tasks ? i + 1 : NONE };
	for (uint32_t i = 0; i < r->askers; i++) r->asker[i].next = i + 1 < r->askers ? i + 1 : NONE;
	r->ready_first = r->ready_last = r->done_first = r->done_last = NONE;
}

struct resolver *resolver_init(struct room memory, const struct resolver_config *config)
{
	struct arena arena;
	uint8_t key[16];
	uint32_t tasks = resolver_slots(config), servers = servers_for(config);

	assert(config->questions_max > 0 && config->rng != NULL && memory.len >= resolver_size(config));
	arena_init(&arena, memory);
	struct resolver *r = arena_zeroed(&arena, 1, sizeof *r);
	r->config = *config;
	if (r->config.try_for == 0) r->config.try_for = TRY_FOR;
	if (r->config.give_up_after == 0) r->config.give_up_after = GIVE_UP_AFTER;
	if (r->config.referral_port == 0) r->config.referral_port = DNS_PORT;
	r->server_list_count = size_min(config->servers_count, NS_MAX);
	for (size_t i = 0; i < r->server_list_count; i++) {
		r->server_list[i] = config->servers[i];
		if (ip_is_loopback(config->servers[i].ip)) r->loopback_ok = true;
	}
	r->config.servers = r->server_list;
	r->tasks = tasks, r->task = arena_take(&arena, tasks * sizeof *r->task);
	r->askers = config->questions_max, r->asker = arena_zeroed(&arena, r->askers, sizeof *r->asker);
	index_init(&r->by_question, arena_zeroed(&arena, index_slots(tasks), sizeof(struct index_slot)), index_slots(tasks));
	struct heap_item *items = arena_take(&arena, tasks * sizeof *items);
	heap_init(&r->due, items, arena_zeroed(&arena, tasks, sizeof(uint32_t)), tasks);
	r->servers_max = servers, r->server = arena_zeroed(&arena, servers, sizeof *r->server);
	index_init(&r->by_addr, arena_zeroed(&arena, index_slots(servers), sizeof(struct index_slot)), index_slots(servers));
	r->done = (struct room){ arena_take(&arena, DONE_BYTES), DONE_BYTES };
	r->scratch = (struct room){ arena_take(&arena, DNS_MESSAGE_MAX), DNS_MESSAGE_MAX };
	rng_fill(config->rng, (struct room){ key, sizeof key });
	memcpy(r->key, key, sizeof key);
	if (config->cache_bytes > 0) {
		size_t bytes = size_max(config->cache_bytes, CACHE_BYTES_MIN);
		rng_fill(config->rng, (struct room){ key, sizeof key });
		r->cache = cache_init((struct room){ arena_take(&arena, bytes), bytes }, key);
	}
	lists_init(r);
	return r;
}

/* The two lists that tasks stand in, by `next`. */
static void list_append(struct resolver *r, uint32_t *first, uint32_t *last, uint32_t i)
{
	r->task[i].next = NONE;
	if (*first == NONE) *first = i;
	else r->task[*last].next = i;
	*last = i;
}

static void list_remove(struct resolver *r, uint32_t *first, uint32_t *last, uint32_t i)
{
	uint32_t before = NONE;
	for (uint32_t at = *first; at != i; at = r->task[at].next) before = at;
	if (before == NONE) *first = r->task[i].next;
	else r->task[before].next = r->task[i].next;
	if (*last == i) *last = before;
}

bool resolver_has_room(const struct resolver *r) { return r->done.len - r->done_used >= DNS_MESSAGE_MAX; }

void resolver_wait_until(struct resolver *r, struct task *t, instant at) { heap_set(&r->due, task_index(r, t), at); }

void resolver_ready(struct resolver *r, struct task *t)
{
	assert(t->state != TASK_READY && t->state != TASK_DONE);
	t->state = TASK_READY;
	resolver_wait_until(r, t, NEVER);
	list_append(r, &r->ready_first, &r->ready_last, task_index(r, t));
}

void resolver_unready(struct resolver *r, struct task *t)
{
	assert(t->state == TASK_READY);
	list_remove(r, &r->ready_first, &r->ready_last, task_index(r, t));
}

static void release(struct resolver *r, struct task *t)
{
	t->state = TASK_FREE;
	t->next = r->task_free;
	r->task_free = task_index(r, t);
}

/* Out of whatever it is in, so that no new asker joins it. */
static void leave(struct resolver *r, struct task *t)
{
	uint32_t i = task_index(r, t);
	if (t->state == TASK_DONE) {
		list_remove(r, &r->done_first, &r->done_last, i);
		if (r->done_first == NONE) r->done_used = 0;
		return;
	}
	if (t->state == TASK_READY) list_remove(r, &r->ready_first, &r->ready_last, i);
	resolver_wait_until(r, t, NEVER);
	index_remove(&r->by_question, t->hash, i);
}

void resolver_done(struct resolver *r, struct task *t)
{
	leave(r, t);
	if (t->asker_first == NONE) {
		release(r, t);
		return;
	}
	r->done_used = t->message_at + t->message_len;
	t->state = TASK_DONE;
	list_append(r, &r->done_first, &r->done_last, task_index(r, t));
}

void task_end(struct resolver *r, struct task *t)
{
	for (;;) {
		uint32_t sub = t->waits_for;
		assert(t->asker_first == NONE && t->waiter_first == NONE);
		leave(r, t);
		release(r, t);
		if (sub == NONE) return;
		uint32_t *link = &r->task[sub].waiter_first;
		while (*link != task_index(r, t)) link = &r->task[*link].waiter_next;
		*link = t->waiter_next;
		if (r->task[sub].waiter_first != NONE || r->task[sub].asker_first != NONE) return;
		t = &r->task[sub];
	}
}

static void join(struct resolver *r, struct task *t, const struct dns_question *q, uint64_t who)
{
	uint32_t i = r->asker_free, *link = &t->asker_first;
	r->asker_free = r->asker[i].next;
	while (*link != NONE) link = &r->asker[*link].next;
	*link = i;
	r->asker[i] = (struct asker){ .who = who, .next = NONE, .spelt = q->name };
}

bool resolver_ask(struct resolver *r, instant now, const struct dns_question *q, uint64_t asker)
{
	r->now = now;
	if (r->asker_free == NONE) return false;
	struct task *t = task_find(r, q);
	bool fresh = t == NULL;
	if (fresh) t = task_start(r, now, q, 0);
	if (t == NULL) return false;
	join(r, t, q, asker);
	r->counts.questions++;
	if (!fresh || (resolver_has_room(r) && task_from_cache(r, now, t))) return true;
	resolver_ready(r, t);
	return true;
}

void resolver_forget(struct resolver *r, uint64_t who)
{
	for (uint32_t i = 0; i < r->tasks; i++) {
		struct task *t = &r->task[i];
		if (t->state == TASK_FREE) continue;
		bool any = false;
		for (uint32_t *link = &t->asker_first; *link != NONE;) {
			struct asker *a = &r->asker[*link];
			if (a->who != who) {
				link = &a->next;
				continue;
			}
			uint32_t gone = *link;
			*link = a->next;
			a->next = r->asker_free;
			r->asker_free = gone;
			any = true;
		}
		if (any && t->asker_first == NONE && t->waiter_first == NONE) task_end(r, t);
	}
}

/* What has waited long enough: for a reply, or altogether. */
static void take_due(struct resolver *r, instant now)
{
	for (uint32_t i; resolver_has_room(r) && heap_due(&r->due, now, &i);) {
		struct task *t = &r->task[i];
		if (t->state == TASK_FLYING) task_timeout(r, now, t);
		else {
			assert(t->state == TASK_WAITING && now >= t->give_up_at);
			task_fail(r, now, t, RESOLVER_TIMED_OUT);
		}
	}
}

bool resolver_output(struct resolver *r, instant now, struct resolver_out *out)
{
	r->now = now;
	take_due(r, now);
	while (r->ready_first != NONE && resolver_has_room(r)) {
		struct task *t = &r->task[r->ready_first];
		if (task_step(r, now, t, out)) return true;
	}
	return false;
}

static struct task *flying(const struct resolver *r, uint32_t slot)
{
	struct task *t = &r->task[slot % r->tasks];
	return t->state == TASK_FLYING && t->slot == slot ? t : NULL;
}

bool resolver_slot_busy(const struct resolver *r, uint32_t slot) { return flying(r, slot) != NULL; }

/* RFC 5452, 9.1: the question, the id, and the place it comes from must all be what was sent. A refusal to
 * understand may lack the question. */
static bool fits(const struct task *t, const struct dns_message *m, struct bytes b)
{
	if (!(m->flags & DNS_QR) || m->id != t->id || m->opcode != 0) return false;
	if (m->counts[0] == 0) return m->rcode == DNS_FORMERR || m->rcode == DNS_NOTIMP;
	return m->counts[0] == 1 && m->question.type == t->question.type && m->question.class == t->question.class &&
	       b.len >= DNS_HEADER_BYTES + (size_t)t->sent.len &&
	       memcmp(b.at + DNS_HEADER_BYTES, t->sent.at, t->sent.len) == 0;
}

void resolver_input(struct resolver *r, instant now, const struct addr *from, enum resolver_how how, uint32_t slot,
                    struct bytes b)
{
	struct task *t = flying(r, slot);
	struct dns_message m;

	r->now = now;
	if (t == NULL || b.len > r->scratch.len || !resolver_has_room(r)) return;
	const struct addr *to = &t->at.target[t->target].addr;
	if (t->tcp != (how == RESOLVER_TCP) || !ip_equal(from->ip, to->ip) || from->port != to->port) {
		r->counts.mismatches++;
		return;
	}
	if (b.len > 0) memcpy(r->scratch.at, b.at, b.len);
	b.at = r->scratch.at;
	if (dns_parse(b, &m) != DROP_NONE || !fits(t, &m, b)) {
		trace_say(r->config.trace, "a reply that does not fit the query is passed over");
		r->counts.mismatches++;
		if (t->strange < UINT8_MAX) t->strange++;
		if (t->tcp) resolver_lost(r, now, slot); /* nothing better will come on this connection */
		return;
	}
	/* The question's name again as it was spelt before 0x20, for the names that are compressed into it. */
	if (m.counts[0] > 0) memcpy(r->scratch.at + DNS_HEADER_BYTES, t->name.at, t->name.len);
	if (!t->tcp) servers_heard(r, now, to, now - t->sent_at);
	t->heard = true;
	reply_take(r, now, t, &m);
}

void resolver_lost(struct resolver *r, instant now, uint32_t slot)
{
	struct task *t = flying(r, slot);
	char text[IP_TEXT_MAX];

	r->now = now;
	if (t == NULL) return;
	struct target *target = &t->at.target[t->target];
	trace_say(r->config.trace, "%s cannot be reached", ip_text(target->addr.ip, text));
	servers_missed(r, now, &target->addr, true);
	target->out = true;
	resolver_ready(r, t);
}

/* While no finished message more would fit, nothing goes on until answers are fetched. */
instant resolver_deadline(const struct resolver *r)
{
	if (!resolver_has_room(r)) return NEVER;
	return r->ready_first != NONE ? r->now : heap_first_at(&r->due);
}

bool resolver_answer(struct resolver *r, struct resolver_answer *answer)
{
	if (r->done_first == NONE) return false;
	struct task *t = &r->task[r->done_first];
	uint32_t i = t->asker_first;
	struct asker *a = &r->asker[i];

	*answer = (struct resolver_answer){
		.asker = a->who, .why = t->why, .message = answer_for(r, t, a),
		.tries = (uint8_t)size_min(t->tries, UINT8_MAX), .referrals = t->referrals,
		.from_cache = t->from_cache, .server = t->server,
	};
	r->counts.answers++;
	if (t->from_cache) r->counts.cache_hits++;
	t->asker_first = a->next;
	a->next = r->asker_free;
	r->asker_free = i;
	if (t->asker_first == NONE) {
		leave(r, t);
		release(r, t);
	}
	return true;
}

struct resolver_counts resolver_counts(const struct resolver *r) { return r->counts; }
