/* SPDX-License-Identifier: ISC */
#include <ctype.h>

#include "wire/print_parts.h"

/* Requests of HTTP (RFC 9110, 9.3) and of WebDAV (RFC 4918). */
static const char *const methods[] = { "GET", "PUT", "COPY", "HEAD", "LOCK", "MOVE", "POST", "MKCOL", "TRACE", "DELETE",
	"SEARCH", "UNLOCK", "REPORT", "UPDATE", "NOTIFY", "CONNECT", "OPTIONS", "PROPFIND", "SUBSCRIBE", "PROPPATCH" };

/* The word that starts at *at, and *at behind the blanks that follow; empty if there is none. */
static struct bytes next_word(struct part p, size_t *at)
{
	size_t start = *at, end = start;

	while (end < p.have && isgraph(p.at[end])) end++;
	if (end >= p.have && p.have < p.len) end = start; /* perhaps it goes on */
	*at = end;
	while (*at < p.have && (p.at[*at] == ' ' || p.at[*at] == '\t')) (*at)++;
	return (struct bytes){ p.at + start, end - start };
}

/* Without regard to case, as tcpdump; HTTP itself minds it. */
static bool same_word(struct bytes b, const char *word)
{
	if (b.len != strlen(word)) return false;
	for (size_t i = 0; i < b.len; i++)
		if (toupper(b.at[i]) != word[i]) return false;
	return true;
}

static bool is_message(struct part p)
{
	size_t at = 0;
	struct bytes first = next_word(p, &at);

	for (size_t i = 0; i < COUNT(methods); i++)
		if (same_word(first, methods[i])) return true;
	struct bytes status = next_word(p, &at);
	return first.len > 0 && status.len == 3 && isdigit(status.at[0]) && isdigit(status.at[1]) && isdigit(status.at[2]);
}

/* Prints a line of text from *at on; false if it is none or has no end (*cut), and then it is told only if it is
 * the packet that ends there, not the capture. */
static bool say_line(struct line *l, const char *before, struct part p, size_t *at, bool *cut)
{
	size_t end = *at;

	while (end < p.have && (isprint(p.at[end]) || p.at[end] == '\t')) end++;
	size_t next = end < p.have && p.at[end] == '\r' ? end + 1 : end;
	*cut = next >= p.have;
	if (*cut ? p.have < p.len : p.at[next] != '\n') return false;
	text_puts(l->out, before);
	text_put(l->out, (struct bytes){ p.at + *at, end - *at });
	*at = next + 1;
	return !*cut;
}

bool say_http(struct line *l, struct part p)
{
	size_t at = 0;
	bool cut = false;

	l->layer = "http";
	text_puts(l->out, " HTTP");
	if (!is_message(p)) return true;
	if (l->print->verbose > 0) {
		SAY(l, ", length: %zu", p.len);
		while (at < p.len && say_line(l, "\n\t", p, &at, &cut)) continue;
	} else {
		say_line(l, ": ", p, &at, &cut);
	}
	return !cut;
}
