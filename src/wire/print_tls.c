/* SPDX-License-Identifier: ISC */
#include <ctype.h>

#include "wire/dissect.h"
#include "wire/print.h"
#include "wire/tls.h"

#define SHOWN_BRIEFLY 256 /* bytes of application data with -v, and four times that with -vv; -vvv shows all */

static bool is_text(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (!isprint(b.at[i]) && !isspace(b.at[i]) && b.at[i] < 0x80) return false;
	return true;
}

static void print_text_line(struct text *out, struct bytes line)
{
	text_puts(out, "\t    | ");
	for (size_t i = 0; i < line.len; i++) {
		if (isprint(line.at[i]) || line.at[i] == '\t') text_printf(out, "%c", line.at[i]);
		else if (line.at[i] != '\r') text_printf(out, "\\x%02x", line.at[i]);
	}
	text_puts(out, "\n");
}

static void print_as_text(struct text *out, struct bytes b)
{
	while (b.len > 0) {
		const uint8_t *end = memchr(b.at, '\n', b.len);
		size_t len = end != NULL ? (size_t)(end - b.at) : b.len;
		print_text_line(out, bytes_first(b, len));
		b = bytes_skip(b, len + (end != NULL));
	}
}

static void print_as_hex(struct text *out, struct bytes b)
{
	for (size_t at = 0; at < b.len; at += 16) {
		text_printf(out, "\t    0x%04zx: ", at);
		for (size_t i = at; i < at + 16; i++) {
			if (i % 2 == 0) text_puts(out, " ");
			if (i < b.len) text_printf(out, "%02x", b.at[i]);
			else text_puts(out, "  ");
		}
		text_puts(out, "  ");
		for (size_t i = at; i < at + 16 && i < b.len; i++) text_printf(out, "%c", isgraph(b.at[i]) ? b.at[i] : '.');
		text_puts(out, "\n");
	}
}

static void print_data(const struct print *p, struct bytes b, struct text *out)
{
	size_t most = p->verbose > 2 ? b.len : p->verbose > 1 ? 4 * SHOWN_BRIEFLY : SHOWN_BRIEFLY;
	struct bytes shown = bytes_first(b, size_min(b.len, most));

	if (is_text(shown)) print_as_text(out, shown);
	else print_as_hex(out, shown);
	if (shown.len < b.len) text_printf(out, "\t    ... and %zu bytes more\n", b.len - shown.len);
}

/* With -v the fields of the message and its extensions, with -vv what is in those and why each is there. */
static void print_fields(const struct print *p, const struct field *field, size_t count, struct text *out)
{
	unsigned deepest = 1;

	for (size_t i = 0; i < count; i++) {
		const struct field *f = &field[i];
		if (f->depth == 1 && p->verbose < 2) deepest = strcmp(f->name, "extensions") == 0 ? 2 : 1;
		if (f->depth == 0 || (p->verbose < 2 && f->depth > deepest)) continue;
		text_printf(out, "\t%*s%s", 4 * f->depth, "", f->name);
		if (f->value[0] != '\0') text_printf(out, ": %s", f->value);
		if (p->verbose > 1 && f->why != NULL) text_printf(out, "  - %s", f->why);
		text_puts(out, "\n");
	}
}

static void print_head(const struct tls_watched *s, const struct field *first, struct text *out)
{
	const char *type = tls_content_name(s->type);

	text_printf(out, "\tTLS %s: ", s->from_server ? "server" : "client");
	if (s->closed != NULL)
		text_printf(out, "%s, %zu bytes, encrypted: %s", type, s->sealed_bytes, s->closed);
	else if (s->type == TLS_APPLICATION_DATA || first == NULL)
		text_printf(out, "%s, %zu bytes%s", type != NULL ? type : "unknown content", s->content.len, s->encrypted ? ", decrypted" : "");
	else
		text_printf(out, "%s, %s%s%s%s", first->name, first->value, s->encrypted ? ", decrypted" : "",
		            first->why != NULL ? "  - " : "", first->why != NULL ? first->why : "");
	text_puts(out, "\n");
}

void print_tls(const struct print *p, const struct tls_watched *s, struct text *out)
{
	struct field field[DISSECT_FIELDS_MAX];
	size_t count = s->closed == NULL ? dissect_tls(s, field, COUNT(field)) : 0;

	print_head(s, count > 0 ? field : NULL, out);
	if (s->closed != NULL) return;
	if (s->type == TLS_APPLICATION_DATA) print_data(p, s->content, out);
	else print_fields(p, field, count, out);
}
