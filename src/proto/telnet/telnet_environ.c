/* SPDX-License-Identifier: ISC */
/* Variables of the environment (RFC 1572): only those that were defined for the peer are told, whatever it asks for. */
#include "proto/telnet/telnet.h"

#define WORDS_MAX (TELNET_ANSWER_MAX / 2 - 8) /* each byte may have to be doubled */

struct words { uint8_t at[WORDS_MAX]; size_t len; };

static struct telnet_variable *find(struct telnet *t, const char *name)
{
	for (size_t i = 0; i < t->variables; i++) if (strcmp(t->variable[i].name, name) == 0) return &t->variable[i];
	return NULL;
}

bool telnet_define(struct telnet *t, const char *name, const char *value, bool user)
{
	struct telnet_variable *v = find(t, name);

	if (*name == '\0' || strlen(name) > TELNET_NAME_MAX || strlen(value) > TELNET_VALUE_MAX) return false;
	if (v == NULL && t->variables == TELNET_VARIABLES_MAX) return false;
	if (v == NULL) v = &t->variable[t->variables++];
	*v = (struct telnet_variable){ .user = user };
	memcpy(v->name, name, strlen(name));
	memcpy(v->value, value, strlen(value));
	return true;
}

bool telnet_undefine(struct telnet *t, const char *name)
{
	struct telnet_variable *v = find(t, name);

	if (v == NULL) return false;
	*v = t->variable[--t->variables];
	return true;
}

static void put(struct words *w, uint8_t kind, const char *text)
{
	w->at[w->len++] = kind;
	for (; *text != '\0'; text++) {
		if ((uint8_t)*text <= TELNET_USERVAR) w->at[w->len++] = TELNET_ESC;
		w->at[w->len++] = (uint8_t)*text;
	}
}

/* A variable, or that there is none: a name without a value. What does not fit stays untold. */
static void tell(struct words *w, uint8_t kind, const char *name, const char *value)
{
	if (w->len + 2 + 2 * (strlen(name) + (value != NULL ? strlen(value) : 0)) > sizeof w->at) return;
	put(w, kind, name);
	if (value != NULL) put(w, TELNET_VALUE, value);
}

/* All of one kind, or of both (kind TELNET_VALUE). */
static void tell_all(struct telnet *t, struct words *w, uint8_t kind)
{
	for (size_t i = 0; i < t->variables; i++) {
		uint8_t its = t->variable[i].user ? TELNET_USERVAR : TELNET_VAR;
		if (kind == TELNET_VALUE || kind == its) tell(w, its, t->variable[i].name, t->variable[i].value);
	}
}

/* The name at the front, without its escapes; `b` is left behind it. One that is too long is none of ours. */
static void read_name(struct bytes *b, char name[TELNET_NAME_MAX + 1])
{
	size_t len = 0;

	while (b->len > 0 && b->at[0] != TELNET_VAR && b->at[0] != TELNET_USERVAR) {
		if (b->at[0] == TELNET_ESC && b->len > 1) *b = bytes_skip(*b, 1);
		if (len < TELNET_NAME_MAX && b->at[0] != '\0') name[len++] = (char)b->at[0];
		*b = bytes_skip(*b, 1);
	}
	name[len] = '\0';
}

void telnet_environ_words(struct telnet *t, struct bytes b)
{
	struct words w = { .at = { TELNET_IS }, .len = 1 };
	char name[TELNET_NAME_MAX + 1];

	if (b.len == 0 || b.at[0] != TELNET_SEND) return;
	b = bytes_skip(b, 1);
	if (b.len == 0) tell_all(t, &w, TELNET_VALUE);
	while (b.len > 0) {
		uint8_t kind = b.at[0];
		if (kind != TELNET_VAR && kind != TELNET_USERVAR) return; /* it makes no sense: RFC 1572 has no answer to that */
		b = bytes_skip(b, 1);
		read_name(&b, name);
		const struct telnet_variable *v = find(t, name);
		if (*name == '\0') tell_all(t, &w, kind);
		else tell(&w, kind, name, v != NULL && v->user == (kind == TELNET_USERVAR) ? v->value : NULL);
	}
	telnet_words(t, TELNET_NEW_ENVIRON, (struct bytes){ w.at, w.len });
}
