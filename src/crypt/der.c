/* SPDX-License-Identifier: ISC */
#include "crypt/der.h"

bool der_next(struct bytes *rest, struct der *d)
{
	struct bytes b = *rest;
	size_t len, header = 2;

	if (b.len < 2 || (b.at[0] & 0x1f) == 0x1f) return false;
	len = b.at[1];
	if (len >= 0x80) {
		size_t n = len - 0x80;
		if (n < 1 || n > 3 || b.len < 2 + n || b.at[2] == 0) return false;
		len = 0;
		for (size_t i = 0; i < n; i++) len = len << 8 | b.at[2 + i];
		if (len < 0x80) return false;
		header += n;
	}
	if (b.len - header < len) return false;
	*d = (struct der){ b.at[0], { b.at + header, len }, { b.at, header + len } };
	*rest = bytes_skip(b, header + len);
	return true;
}

bool der_is(struct bytes rest, unsigned tag) { return rest.len > 0 && rest.at[0] == tag; }

bool der_take(struct bytes *rest, unsigned tag, struct bytes *body)
{
	struct der d;
	if (!der_is(*rest, tag) || !der_next(rest, &d)) return false;
	*body = d.body;
	return true;
}

bool der_take_whole(struct bytes *rest, unsigned tag, struct bytes *whole)
{
	struct der d;
	if (!der_is(*rest, tag) || !der_next(rest, &d)) return false;
	*whole = d.whole;
	return true;
}

bool der_take_boolean(struct bytes *rest, bool *value)
{
	struct bytes body;
	if (!der_take(rest, DER_BOOLEAN, &body) || body.len != 1 || (body.at[0] != 0 && body.at[0] != 0xff)) return false;
	*value = body.at[0] != 0;
	return true;
}

bool der_take_bits(struct bytes *rest, unsigned *unused, struct bytes *bits)
{
	struct bytes body;
	if (!der_take(rest, DER_BIT_STRING, &body) || body.len < 1) return false;
	*unused = body.at[0];
	*bits = bytes_skip(body, 1);
	if (*unused > 7 || (*unused > 0 && bits->len == 0)) return false;
	return *unused == 0 || (bits->at[bits->len - 1] & ((1u << *unused) - 1)) == 0;
}

bool der_integer_good(struct bytes body)
{
	if (body.len == 0) return false;
	return body.len == 1 || !((body.at[0] == 0 && body.at[1] < 0x80) || (body.at[0] == 0xff && body.at[1] >= 0x80));
}

bool der_take_small(struct bytes *rest, unsigned tag, unsigned *value)
{
	struct bytes body;
	if (!der_take(rest, tag, &body) || !der_integer_good(body) || body.at[0] >= 0x80 || body.len > 4) return false;
	*value = 0;
	for (size_t i = 0; i < body.len; i++) *value = *value << 8 | body.at[i];
	return true;
}

/* Days since 1970 of a day of the Gregorian calendar: years begin in March, so that the odd day comes last. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

int64_t der_seconds(const struct der_date *d)
{
	return ((days_of(d->year, d->month, d->day) * 24 + d->hour) * 60 + d->minute) * 60 + d->second;
}

struct der_date der_date(int64_t seconds)
{
	int64_t days = seconds / 86400, left = seconds % 86400;
	struct der_date d = { .month = 12 };

	if (left < 0) left += 86400, days--;
	d.year = 1970 + days / 366 - (days < 0); /* a first guess, never too late */
	while (days_of(d.year + 1, 1, 1) <= days) d.year++;
	while (days_of(d.year, 1, 1) > days) d.year--;
	while (days_of(d.year, d.month, 1) > days) d.month--;
	d.day = (unsigned)(days - days_of(d.year, d.month, 1)) + 1;
	d.hour = (unsigned)(left / 3600), d.minute = (unsigned)(left / 60 % 60), d.second = (unsigned)(left % 60);
	return d;
}

static unsigned digits(const uint8_t *at, size_t n)
{
	unsigned value = 0;
	for (size_t i = 0; i < n; i++) value = value * 10 + (unsigned)(at[i] - '0');
	return value;
}

static unsigned days_in_month(int64_t year, unsigned month)
{
	static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month == 2 && leap ? 29 : days[month - 1];
}

bool der_time(const struct der *d, int64_t *seconds)
{
	size_t year_digits = d->tag == DER_UTC_TIME ? 2 : 4;
	struct bytes b = d->body;
	struct der_date date;

	if (d->tag != DER_UTC_TIME && d->tag != DER_GENERALIZED_TIME) return false;
	if (b.len != year_digits + 11 || b.at[b.len - 1] != 'Z') return false;
	for (size_t i = 0; i + 1 < b.len; i++)
		if (b.at[i] < '0' || b.at[i] > '9') return false;
	date.year = digits(b.at, year_digits);
	if (year_digits == 2) date.year += date.year < 50 ? 2000 : 1900;
	b = bytes_skip(b, year_digits);
	date.month = digits(b.at, 2), date.day = digits(b.at + 2, 2);
	date.hour = digits(b.at + 4, 2), date.minute = digits(b.at + 6, 2), date.second = digits(b.at + 8, 2);
	if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > days_in_month(date.year, date.month)) return false;
	if (date.hour > 23 || date.minute > 59 || date.second > 59) return false;
	*seconds = der_seconds(&date);
	return true;
}

void der_put(struct der_writer *w, struct bytes b)
{
	if (w->cut || w->size - w->len < b.len) {
		w->cut = true;
		return;
	}
	if (b.len > 0) memcpy(w->at + w->len, b.at, b.len);
	w->len += b.len;
}

static void put_byte(struct der_writer *w, unsigned byte)
{
	der_put(w, (struct bytes){ &(uint8_t){ (uint8_t)byte }, 1 });
}

size_t der_open(struct der_writer *w, unsigned tag)
{
	put_byte(w, tag);
	return w->len;
}

/* The length goes in front of what was written since; that moves over. */
void der_close(struct der_writer *w, size_t mark)
{
	size_t len = w->len - mark, n = 1;
	uint8_t length[4] = { (uint8_t)len };

	if (w->cut) return;
	if (len >= 0x80) {
		for (size_t left = len; left > 0; left >>= 8) n++;
		length[0] = (uint8_t)(0x80 | (n - 1));
		for (size_t i = 1; i < n; i++) length[i] = (uint8_t)(len >> 8 * (n - 1 - i));
	}
	der_put(w, (struct bytes){ length, n });
	if (w->cut) return;
	memmove(w->at + mark + n, w->at + mark, len);
	memcpy(w->at + mark, length, n);
}

void der_put_element(struct der_writer *w, unsigned tag, struct bytes body)
{
	size_t mark = der_open(w, tag);
	der_put(w, body);
	der_close(w, mark);
}

void der_put_small(struct der_writer *w, unsigned tag, unsigned value)
{
	uint8_t body[5] = { 0 };
	size_t skip = 0;
	store_be32(body + 1, value);
	while (skip < 4 && body[skip] == 0 && body[skip + 1] < 0x80) skip++;
	der_put_element(w, tag, (struct bytes){ body + skip, 5 - skip });
}

void der_put_boolean(struct der_writer *w, bool value)
{
	der_put_element(w, DER_BOOLEAN, (struct bytes){ &(uint8_t){ value ? 0xff : 0 }, 1 });
}

void der_put_bits(struct der_writer *w, unsigned unused, struct bytes bits)
{
	size_t mark = der_open(w, DER_BIT_STRING);
	put_byte(w, unused);
	der_put(w, bits);
	der_close(w, mark);
}

static void put_arc(struct der_writer *w, unsigned arc)
{
	unsigned shift = 28;
	while (shift > 0 && arc >> shift == 0) shift -= 7;
	for (; shift > 0; shift -= 7) put_byte(w, 0x80 | (arc >> shift & 0x7f));
	put_byte(w, arc & 0x7f);
}

void der_put_oid(struct der_writer *w, const char *dotted)
{
	size_t mark = der_open(w, DER_OID);
	unsigned arc = 0, first = 0, index = 0;
	for (const char *p = dotted;; p++) {
		if (*p >= '0' && *p <= '9') {
			arc = arc * 10 + (unsigned)(*p - '0');
			continue;
		}
		if (index == 0) first = arc;
		else put_arc(w, index == 1 ? first * 40 + arc : arc);
		index++, arc = 0;
		if (*p == '\0') break;
	}
	der_close(w, mark);
}

static void put_digits(struct der_writer *w, unsigned value, unsigned count)
{
	unsigned scale = 1;
	for (unsigned i = 1; i < count; i++) scale *= 10;
	for (; scale > 0; scale /= 10) put_byte(w, '0' + value / scale % 10);
}

void der_put_time(struct der_writer *w, int64_t seconds, bool generalized)
{
	struct der_date d = der_date(seconds);
	bool utc = !generalized && d.year >= 1950 && d.year < 2050;
	size_t mark = der_open(w, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME);
	const unsigned parts[5] = { d.month, d.day, d.hour, d.minute, d.second };

	put_digits(w, (unsigned)(utc ? d.year % 100 : d.year), utc ? 2 : 4);
	for (size_t i = 0; i < COUNT(parts); i++) put_digits(w, parts[i], 2);
	put_byte(w, 'Z');
	der_close(w, mark);
}
