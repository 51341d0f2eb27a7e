/* SPDX-License-Identifier: ISC */
#include "tool/http/http_message.h"

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970 began on a Thursday */

/* Days since 1970 of a date in the Gregorian calendar; the year begins in March, so that its odd day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

const char *http_date_text(int64_t date, char buffer[HTTP_DATE_MAX])
{
	struct text t = text_in(buffer, HTTP_DATE_MAX);
	const int64_t last = INT64_C(253402300799); /* of the year 9999 */
	date = date < 0 ? 0 : date > last ? last : date;
	int64_t day = date / 86400, second = date % 86400, year = 1970 + day / 366;

	while (days_of(year + 1, 1, 1) <= day) year++;
	int64_t month = 1;
	while (month < 12 && days_of(year, month + 1, 1) <= day) month++;
	text_printf(&t, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * (day % 7), (int)(day - days_of(year, month, 1) + 1),
	            months + 3 * (month - 1), (int)year, (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
	return buffer;
}

/* Reads by a pattern: D a digit of the day, N the month's name, Y y the year in four or two digits, h m s digits of
 * the time, _ a space or a digit of the day, w any letter; all else must stand there. */
static bool matches(struct bytes b, const char *pattern, int64_t value[7])
{
	if (b.len != strlen(pattern)) return false;
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i];
		const char *place = strchr("DYyhms", pattern[i]), *name;
		if (pattern[i] == '_' && c == ' ') continue;
		if (pattern[i] == '_') place = "DYyhms";
		if (pattern[i] == 'w' && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) continue;
		if (pattern[i] == 'N') {
			for (name = months; *name && memcmp(name, b.at + i, 3) != 0; name += 3) ;
			if (*name == '\0') return false;
			value[6] = (name - months) / 3 + 1;
			i += 2;
		} else if (place != NULL) {
			if (c < '0' || c > '9') return false;
			int64_t *v = &value[strchr("DYyhms", *place) - "DYyhms"];
			*v = *v * 10 + c - '0';
		} else if (c != (uint8_t)pattern[i]) {
			return false;
		}
	}
	return true;
}

bool http_date_parse(struct bytes b, int64_t *date)
{
	static const char *const patterns[] = {
		"www, DD NNN YYYY hh:mm:ss GMT",
		"wwwwww, DD-NNN-yy hh:mm:ss GMT", "wwwwwww, DD-NNN-yy hh:mm:ss GMT", "wwwwwwww, DD-NNN-yy hh:mm:ss GMT",
		"wwwwwwwww, DD-NNN-yy hh:mm:ss GMT",
		"www NNN _D hh:mm:ss YYYY",
	};
	for (size_t i = 0; i < COUNT(patterns); i++) {
		int64_t v[7] = { 0 };
		if (!matches(b, patterns[i], v)) continue;
		int64_t year = v[1] > 0 ? v[1] : v[2] < 70 ? 2000 + v[2] : 1900 + v[2];
		bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
		int64_t length = v[6] == 2 ? 28 + leap : 30 + (v[6] + v[6] / 8) % 2;
		if (year < 1970 || v[0] < 1 || v[0] > length || v[3] > 23 || v[4] > 59 || v[5] > 60) return false;
		*date = days_of(year, v[6], v[0]) * 86400 + v[3] * 3600 + v[4] * 60 + v[5];
		return true;
	}
	return false;
}
