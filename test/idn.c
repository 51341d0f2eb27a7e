/* SPDX-License-Identifier: ISC */
/* idn.c - tests of src/idn: facts of RFC 5891 to 5893, of UTS 46 and of RFC 3492's samples, and lengths to the byte. */
#include "idn/idn.h"
#include "tap.h"

static void to_the_dns(void)
{
	static const struct { const char *typed, *asked; } facts[] = {
		{ "bücher.example", "xn--bcher-kva.example" },
		{ "Bücher.EXAMPLE", "xn--bcher-kva.example" },         /* UTS 46 folds case */
		{ "bu\u0308cher.example", "xn--bcher-kva.example" },   /* and composes (NFC) */
		{ "faß.de", "xn--fa-hia.de" },                         /* not transitional: UTS 46, table 4 */
		{ "βόλος.com", "xn--nxasmm1c.com" },
		{ "ශ්\u200dරී.com", "xn--10cl1a0b660p.com" },
		{ "نامه\u200cای.com", "xn--mgba3gch31f060k.com" },
		{ "点心和烤鸭.w3.mag.keio.ac.jp", "xn--0trv4xfvn8el34t.w3.mag.keio.ac.jp" },
		{ "他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye" }, /* RFC 3492, 7.1 (B) */
		{ "почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l" }, /* (J), lower case as UTS 46 has it */
		{ "ü。example．com｡", "xn--tda.example.com." },         /* UTS 46, 4.5: the other full stops */
		{ "_sip._udp.bücher.example", "_sip._udp.xn--bcher-kva.example" },
		{ "*.bücher.example", "*.xn--bcher-kva.example" },
		{ "bücher.xn--bcher-kva.example", "xn--bcher-kva.xn--bcher-kva.example" },
		{ "☃.net", "xn--n3h.net" },                            /* not RFC 5892's, but there */
		{ "WWW.Example.COM.", "www.example.com." },
	};
	char out[IDN_ASCII_MAX];

	for (size_t i = 0; i < COUNT(facts); i++) {
		CHECK_EQ(idn_to_ascii(facts[i].typed, out), IDN_DONE);
		CHECK_STR(out, facts[i].asked);
	}
	CHECK(idn_wanted("bücher") && idn_wanted("\x80") && !idn_wanted("xn--bcher-kva.example") && !idn_wanted(""));
}

static void what_is_no_name(void)
{
	static const struct { const char *typed; enum idn_why why; } wrong[] = {
		{ "b\xfc""cher.example", IDN_NOT_UTF8 },
		{ "b\xc3", IDN_NOT_UTF8 },
		{ "ü..example", IDN_LABEL_EMPTY },
		{ ".ü", IDN_LABEL_EMPTY },
		{ "ü..", IDN_LABEL_EMPTY },
		{ "\u00ad.example", IDN_LABEL_EMPTY },       /* the soft hyphen is mapped to nothing */
		{ "-ü", IDN_HYPHENS },
		{ "ü-.example", IDN_HYPHENS },
		{ "ab--ü", IDN_HYPHENS },
		{ "\u0301e.example", IDN_COMBINING },
		{ "ü\u200d.example", IDN_CONTEXT },          /* RFC 5892, appendix A.2 */
		{ "נ1a.example", IDN_BIDI },                 /* RFC 5893, 2, rule 2 */
		{ "ß☃.example", IDN_NOT_ALLOWED },           /* the older mapping would ask for "ss" */
		{ "ü b.example", IDN_NOT_ALLOWED },
		{ "ü\\.b.example", IDN_NOT_ALLOWED },
		{ "xn--0.ü", IDN_BAD_ALABEL },
		{ "xn--ü.example", IDN_BAD_ALABEL },
		{ "xn--bcher-kvb.example", IDN_BAD_ALABEL }, /* what it decodes to is written otherwise */
	};
	char out[IDN_ASCII_MAX];

	for (size_t i = 0; i < COUNT(wrong); i++) {
		enum idn_why why = idn_to_ascii(wrong[i].typed, out);
		if (why != wrong[i].why) printf("# %s: %s\n", wrong[i].typed, idn_why_words(why));
		CHECK_EQ(why, wrong[i].why);
		CHECK_STR(out, "");
		CHECK(strlen(idn_why_words(why)) > 10);
	}
}

/* "ü" and n times "x" is n + 8 bytes as an A-label: "xn--" x... "-eha" or so; the last that fits is 63. */
static void lengths_to_the_byte(void)
{
	char typed[IDN_TYPED_MAX + 10], out[IDN_ASCII_MAX];
	size_t longest = 0;

	for (size_t n = 1; n < 100; n++) {
		memset(typed, 'x', n);
		strcpy(typed + n, "ü");
		if (idn_to_ascii(typed, out) != IDN_DONE) {
			CHECK_EQ(idn_to_ascii(typed, out), IDN_LABEL_TOO_LONG);
			break;
		}
		longest = strlen(out);
	}
	CHECK_EQ(longest, 63);

	/* 3 labels of 63 and dots are 192 bytes; one of 61 makes 253, one of 62 is too much. */
	for (size_t last = 61; last <= 62; last++) {
		typed[0] = '\0';
		for (int i = 0; i < 3; i++) memset(typed + i * 64, 'a', 63), typed[i * 64 + 63] = '.';
		memset(typed + 192, 'a', last);
		strcpy(typed + 192 + last, ".");
		CHECK_EQ(idn_to_ascii(typed, out), last == 61 ? IDN_DONE : IDN_NAME_TOO_LONG);
		if (last == 61) CHECK_EQ(strlen(out), 254);
	}
	memset(typed, 'a', sizeof typed);
	typed[IDN_TYPED_MAX + 1] = '\0';
	CHECK_EQ(idn_to_ascii(typed, out), IDN_NAME_TOO_LONG);
}

static void from_the_dns(void)
{
	static const struct { const char *name, *shown; enum idn_why why; } facts[] = {
		{ "xn--bcher-kva.example.", "bücher.example.", IDN_DONE },
		{ "XN--BCHER-KVA.Example", "bücher.Example", IDN_DONE },
		{ "www.xn--bcher-kva.xn--fa-hia.de", "www.bücher.faß.de", IDN_DONE },
		{ "xn--ls8h.la", "💩.la", IDN_DONE },
		{ "WWW.example.com", "WWW.example.com", IDN_DONE },
		{ "a\\.b\\000\\255.example", "a\\.b\\000\\255.example", IDN_DONE },
		{ ".", ".", IDN_DONE },
		{ "", "", IDN_DONE },
		/* never shown: it would be typed as another name, or as none */
		{ "xn--bcher-kvb.example", "xn--bcher-kvb.example", IDN_BAD_ALABEL },
		{ "xn--a.example", "xn--a.example", IDN_NOT_ALLOWED }, /* a control character */
		{ "xn--0.example", "xn--0.example", IDN_BAD_ALABEL },
		{ "xn--.example", "xn--.example", IDN_BAD_ALABEL },
		{ "a\\.b.xn--bcher-kva.example", "a\\.b.xn--bcher-kva.example", IDN_NOT_ALLOWED },
	};
	char out[IDN_UNICODE_MAX], many[IDN_UNICODE_MAX + 1];

	for (size_t i = 0; i < COUNT(facts); i++) {
		CHECK_EQ(idn_to_unicode(facts[i].name, out), facts[i].why);
		CHECK_STR(out, facts[i].shown);
	}
	memset(many, 'a', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	CHECK_EQ(idn_to_unicode(many, out), IDN_NAME_TOO_LONG);
	CHECK_STR(out, "");
	CHECK_EQ(idn_to_unicode(many + 1, out), IDN_DONE);
	CHECK_EQ(strlen(out), IDN_UNICODE_MAX - 1);
}

/* Cyrillic letters that look like Latin ones are another name; both stay what they are, there and back. */
static void there_and_back(void)
{
	static const char *const names[] = { "аpple.example", "παράδειγμα.δοκιμή", "例え.テスト", "مثال.إختبار", "उदाहरण.परीक्षा", "בײַשפּיל.טעסט" };
	char ascii[IDN_ASCII_MAX], shown[IDN_UNICODE_MAX], again[IDN_ASCII_MAX];

	for (size_t i = 0; i < COUNT(names); i++) {
		CHECK_EQ(idn_to_ascii(names[i], ascii), IDN_DONE);
		CHECK(strncmp(ascii, "xn--", 4) == 0 && !idn_wanted(ascii));
		CHECK_EQ(idn_to_unicode(ascii, shown), IDN_DONE);
		CHECK_EQ(idn_to_ascii(shown, again), IDN_DONE);
		CHECK_STR(again, ascii);
	}
}

int main(void)
{
	TEST(to_the_dns);
	TEST(what_is_no_name);
	TEST(lengths_to_the_byte);
	TEST(from_the_dns);
	TEST(there_and_back);
	return tap_end();
}
