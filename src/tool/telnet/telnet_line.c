/* SPDX-License-Identifier: ISC */
#include "tool/telnet/telnet_line.h"

enum { CTRL_H = 8, CTRL_R = 18, CTRL_U = 21, CTRL_V = 22, CTRL_W = 23, DEL = 127 };

static bool is_hidden(uint8_t c) { return c < ' ' || c == DEL; }
static bool continues(char c) { return ((uint8_t)c & 0xc0) == 0x80; } /* a later byte of a character of UTF-8 */

static void show(const struct line *l, struct text *t, uint8_t key)
{
	if (l->plain) text_put(t, (struct bytes){ &key, 1 });
	else line_show_key(t, key);
}

void line_show_key(struct text *t, uint8_t key)
{
	if (is_hidden(key)) text_printf(t, "^%c", key ^ 0x40);
	else text_put(t, (struct bytes){ &key, 1 });
}

void line_clear(struct line *l) { l->len = 0, l->literal = false, l->at[0] = '\0'; }

static void erase(struct line *l, struct text *echo)
{
	if (l->len == 0) return;
	while (l->len > 1 && continues(l->at[l->len - 1])) l->len--;
	bool wide = is_hidden((uint8_t)l->at[--l->len]) && !l->plain;
	l->at[l->len] = '\0';
	if (echo != NULL) text_puts(echo, wide ? "\b\b  \b\b" : "\b \b");
}

static void erase_word(struct line *l, struct text *echo)
{
	while (l->len > 0 && l->at[l->len - 1] == ' ') erase(l, echo);
	while (l->len > 0 && l->at[l->len - 1] != ' ') erase(l, echo);
}

static void show_again(const struct line *l, struct text *echo)
{
	if (echo == NULL) return;
	text_puts(echo, "^R\r\n");
	for (size_t i = 0; i < l->len; i++) show(l, echo, (uint8_t)l->at[i]);
}

static enum line_news add(struct line *l, uint8_t key, struct text *echo)
{
	l->literal = false;
	if (l->len == LINE_BYTES_MAX) {
		if (echo != NULL) text_puts(echo, "\a");
		return LINE_FULL;
	}
	l->at[l->len++] = (char)key, l->at[l->len] = '\0';
	if (echo != NULL) show(l, echo, key);
	return LINE_MORE;
}

enum line_news line_key(struct line *l, uint8_t key, struct text *echo)
{
	if (l->literal) return add(l, key, echo);
	switch (key) {
	case CTRL_H: case DEL: erase(l, echo); break;
	case CTRL_U: while (l->len > 0) erase(l, echo); break;
	case CTRL_W: erase_word(l, echo); break;
	case CTRL_R: show_again(l, echo); break;
	case CTRL_V: l->literal = true; break;
	case '\r': case '\n':
		if (echo != NULL) text_puts(echo, "\r\n");
		return LINE_WHOLE;
	default: return add(l, key, echo);
	}
	return LINE_MORE;
}
