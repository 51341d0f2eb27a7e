/* SPDX-License-Identifier: ISC */
/* options.h - a tool's words: those that begin with "--" are options, the others stand for themselves.
 *
 *     static const struct option... options[] = { { "count", OPTION_NUMBER, &count }, { "loop", OPTION_FLAG, &loop } };
 *     if (!options_read(env, argc, argv, options, COUNT(options), word, COUNT(word), &words)) return NULL;
 *
 * "--count 3" and "--count=3" are the same; after "--" nothing is an option. What is wrong is said on env->err,
 * with the nearest right word, and env->status is TOOL_USAGE.
 */
#ifndef TULLE_TOOL_OPTIONS_H
#define TULLE_TOOL_OPTIONS_H

#include "tool/tool.h"

enum option_kind {
	OPTION_FLAG,   /* bool: set to true, takes no value */
	OPTION_TEXT,   /* const char * */
	OPTION_TEXTS,  /* struct option_texts: may be given again and again */
	OPTION_NUMBER, /* uint64_t: "3" */
	OPTION_SIZE,   /* uint64_t: "512", "10k", "10M", "1G" (powers of 1,000), "64Ki", "1Mi" (of 1,024) */
	OPTION_SPAN,   /* instant: "2s", "20ms" (instant_parse) */
};
struct option_texts { const char **at; size_t count, max; };
struct option { const char *name; enum option_kind kind; void *value; };

/* argv[0] is the tool's name and is passed over. */
bool options_read(struct tool_env *, int argc, const char *const *argv, const struct option *, size_t count,
                  const char **word, size_t words_max, size_t *words);

bool size_parse(const char *text, uint64_t *size);

#endif
