/* SPDX-License-Identifier: ISC */
#include "tool/options.h"

#define NAMES_MAX 32

static bool number_parse(const char *s, uint64_t *number, const char **rest)
{
	uint64_t v = 0;

	if (*s < '0' || *s > '9') return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		uint64_t digit = (uint64_t)(*s - '0');
		if (v > (UINT64_MAX - digit) / 10) return false;
		v = v * 10 + digit;
	}
	*number = v;
	*rest = s;
	return true;
}

bool size_parse(const char *text, uint64_t *size)
{
	static const char units[] = "kMG";
	uint64_t v, by = 1;
	const char *rest, *unit;

	if (!number_parse(text, &v, &rest)) return false;
	if (*rest == 'K') rest = rest[1] == 'i' ? "ki" : "k";
	if (*rest != '\0') {
		if ((unit = strchr(units, *rest)) == NULL) return false;
		uint64_t step = rest[1] == 'i' ? 1024 : 1000;
		for (const char *u = units; u <= unit; u++) by *= step;
		rest += rest[1] == 'i' ? 2 : 1;
	}
	if (*rest != '\0' || v > UINT64_MAX / by) return false;
	*size = v * by;
	return true;
}

static bool read_value(const struct option *o, const char *text)
{
	const char *rest;
	uint64_t number;
	struct option_texts *texts;

	switch (o->kind) {
	case OPTION_TEXT: *(const char **)o->value = text; return true;
	case OPTION_TEXTS:
		texts = o->value;
		if (texts->count == texts->max) return false;
		texts->at[texts->count++] = text;
		return true;
	case OPTION_SIZE: return size_parse(text, o->value);
	case OPTION_SPAN: return instant_parse(text, o->value);
	case OPTION_NUMBER:
		if (!number_parse(text, &number, &rest) || *rest != '\0') return false;
		*(uint64_t *)o->value = number;
		return true;
	default: return false;
	}
}

static void unknown_option(struct tool_env *env, const char *tool, const char *name, size_t len,
                           const struct option *option, size_t count)
{
	const char *names[NAMES_MAX] = { NULL };
	char word[64];
	struct text t = text_in(word, sizeof word);

	text_put(&t, (struct bytes){ (const uint8_t *)name, len });
	for (size_t i = 0; i < count && i < NAMES_MAX; i++) names[i] = option[i].name;
	const char *nearest = text_nearest(word, names, size_min(count, NAMES_MAX));
	if (nearest != NULL) tool_usage(env, "%s: there is no option --%s; did you mean --%s?", tool, word, nearest);
	else tool_usage(env, "%s: there is no option --%s", tool, word);
}

bool options_read(struct tool_env *env, int argc, const char *const *argv, const struct option *option, size_t count,
                  const char **word, size_t words_max, size_t *words)
{
	static const char *const expected[] = {
		[OPTION_FLAG] = "no value", [OPTION_TEXT] = "a word",
		[OPTION_TEXTS] = "a word, and not as often as that", [OPTION_NUMBER] = "a number",
		[OPTION_SIZE] = "a size like 512, 64Ki or 10M", [OPTION_SPAN] = "a time like 20ms or 2s",
	};
	bool ended = false;

	*words = 0;
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i] + 2, *value = strchr(argv[i], '=');
		if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
			if (*words == words_max) return tool_usage(env, "%s: one word too many: %s", argv[0], argv[i]), false;
			word[(*words)++] = argv[i];
			continue;
		}
		if (argv[i][1] != '-') return tool_usage(env, "%s: options begin with two dashes: %s", argv[0], argv[i]), false;
		if (*name == '\0') {
			ended = true;
			continue;
		}
		size_t len = value != NULL ? (size_t)(value - name) : strlen(name), k = 0;
		while (k < count && (strlen(option[k].name) != len || memcmp(option[k].name, name, len) != 0)) k++;
		if (k == count) return unknown_option(env, argv[0], name, len, option, count), false;
		const struct option *o = &option[k];
		if (o->kind == OPTION_FLAG && value == NULL) {
			*(bool *)o->value = true;
			continue;
		}
		value = value != NULL ? value + 1 : o->kind != OPTION_FLAG && i + 1 < argc ? argv[++i] : NULL;
		if (value == NULL || !read_value(o, value))
			return tool_usage(env, "%s: --%s takes %s%s%s", argv[0], o->name, expected[o->kind],
			                  value ? ", not " : "", value ? value : ""), false;
	}
	return true;
}
