/* SPDX-License-Identifier: ISC */
/* fields.h - what holds of every dissection of a frame, whatever is in it. */
#ifndef TULLE_TEST_FIELDS_H
#define TULLE_TEST_FIELDS_H

#include "wire/dissect.h"

/* What holds of every dissection: fields lie within the frame; those of a layer follow one another without a
 * gap (they may share bytes: flags) and end where the layer ends. NULL, or what does not hold. */
static inline const char *fields_wrong(struct bytes b, const struct field *fields, size_t count)
{
	size_t end = 0, start = 0, layer_end = 0, parts = 0;

	if (count > DISSECT_FIELDS_MAX) return "more fields than there is room for";
	if (b.len > 0 && (count == 0 || fields[0].depth != 0)) return "no layer comes first";
	for (size_t i = 0; i <= count; i++) {
		const struct field *f = i < count ? &fields[i] : NULL;
		if (f == NULL || f->depth == 0) {
			if (parts > 0 && end != layer_end && count < DISSECT_FIELDS_MAX) return "a layer's fields end before it does";
			if (f == NULL) break;
			start = end = f->offset, layer_end = start + f->len, parts = 0;
		}
		if ((size_t)f->offset + f->len > b.len) return "a field lies beyond the frame";
		if (f->name == NULL || memchr(f->value, '\0', sizeof f->value) == NULL) return "a field without name or end";
		if (f->depth != 1) continue;
		if (f->offset < start || f->offset > end) return "a gap between two fields";
		start = f->offset, end = size_max(end, (size_t)f->offset + f->len), parts++;
		if (end > layer_end) return "a field reaches beyond its layer";
	}
	return NULL;
}

#endif
