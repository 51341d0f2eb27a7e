/* SPDX-License-Identifier: ISC */
/* telnet_peer.c - our Telnet machine as a server, for telnet.py: `telnet_peer PORT` serves one connection after another on
 * 127.0.0.1.
 *
 * It asks for all that a client can tell and says what it was told: "terminal xterm", "window 80x24", "variable USER=me". Lines
 * are echoed key by key, and "you said ..." follows; `line` goes to the client's own editing, `bye` ends.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/telnet/telnet.h"

static struct telnet machine;
static int connection;
static char line[200];
static size_t len;
static bool over;

static void flush(void)
{
	for (struct bytes b; (b = telnet_peek(&machine)).len > 0;) {
		ssize_t n = write(connection, b.at, b.len);
		if (n <= 0) over = true;
		telnet_take(&machine, n > 0 ? (size_t)n : b.len);
	}
}

static void say(const char *words)
{
	telnet_send(&machine, bytes_of(words), false);
	flush();
}

static void tell(const char *what, struct bytes b)
{
	char words[300];
	struct text t = text_in(words, sizeof words);

	text_printf(&t, "%s %.*s\n", what, (int)b.len, (const char *)b.at);
	say(words);
}

/* "USER" 1 "me" behind IS VAR. */
static void variable(struct bytes b)
{
	uint8_t text[TELNET_WORDS_MAX];

	if (b.len < 2) return;
	b = bytes_skip(b, 2);
	for (size_t i = 0; i < b.len; i++) text[i] = b.at[i] == TELNET_VALUE ? '=' : b.at[i];
	tell("variable", (struct bytes){ text, b.len });
}

static void told(const struct telnet_item *item)
{
	static const uint8_t send[] = { TELNET_SEND };
	char size[40];
	struct text t = text_in(size, sizeof size);
	struct bytes b = item->bytes;

	if (item->what == TELNET_NEGOTIATION && item->verb == TELNET_WILL && telnet_is(&machine, TELNET_HIM, item->option) &&
	    (item->option == TELNET_TTYPE || item->option == TELNET_NEW_ENVIRON))
		telnet_words(&machine, item->option, (struct bytes){ send, sizeof send });
	if (item->what != TELNET_WORDS) return;
	if (item->option == TELNET_TTYPE && b.len > 1) tell("terminal", bytes_skip(b, 1));
	if (item->option == TELNET_NEW_ENVIRON) variable(b);
	if (item->option != TELNET_NAWS || b.len != 4) return;
	text_printf(&t, "%ux%u", load_be16(b.at), load_be16(b.at + 2));
	tell("window", text_bytes(&t));
}

static void whole_line(void)
{
	line[len] = '\0';
	if (strcmp(line, "bye") == 0) over = true;
	else if (strcmp(line, "line") == 0) {
		telnet_want(&machine, TELNET_US, TELNET_ECHO, false);
		telnet_want(&machine, TELNET_US, TELNET_SGA, false);
		say("linewise\n");
	} else tell("you said", bytes_of(line));
	len = 0;
}

static void typed(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		bool ends = b.at[i] == '\r';
		if (telnet_is(&machine, TELNET_US, TELNET_ECHO)) telnet_send(&machine, ends ? bytes_of("\n") : (struct bytes){ b.at + i, 1 }, true);
		if (ends) whole_line();
		else if (b.at[i] != '\n' && len + 1 < sizeof line) line[len++] = (char)b.at[i];
	}
}

static void begin(void)
{
	static const uint8_t us[] = { TELNET_ECHO, TELNET_SGA }, him[] = { TELNET_SGA, TELNET_TTYPE, TELNET_NAWS, TELNET_NEW_ENVIRON };

	telnet_init(&machine);
	len = 0, over = false;
	for (size_t i = 0; i < COUNT(us); i++) telnet_agree(&machine, TELNET_US, us[i]), telnet_want(&machine, TELNET_US, us[i], true);
	for (size_t i = 0; i < COUNT(him); i++) telnet_agree(&machine, TELNET_HIM, him[i]), telnet_want(&machine, TELNET_HIM, him[i], true);
	flush();
}

static void serve(void)
{
	uint8_t buffer[1000];
	struct telnet_item item;
	ssize_t n;

	begin();
	while (!over && (n = read(connection, buffer, sizeof buffer)) > 0) {
		struct bytes in = { buffer, (size_t)n };
		while (!over && telnet_next(&machine, &in, &item)) {
			if (item.what == TELNET_DATA) typed(item.bytes);
			else told(&item);
			flush();
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0)),
	                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&name, sizeof name) != 0 || listen(listener, 5) != 0) return perror("telnet_peer"), 1;
	puts("listening");
	fflush(stdout);
	while ((connection = accept(listener, NULL, NULL)) >= 0) {
		setsockopt(connection, SOL_SOCKET, SO_OOBINLINE, &one, sizeof one);
		serve();
		close(connection);
	}
	return 1;
}
