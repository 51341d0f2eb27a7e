/* SPDX-License-Identifier: ISC */
/* Chains of our own for each rule of x509.h: what is right by RFC 5280 and RFC 9525, and the words in which a wrong one is refused. */
#include "authority.h"

static void a_good_chain_is_believed(void)
{
	start(); YES();
	start(); with_ica = true; YES();
	start(); ask.name = NULL; YES();
	start(); leaf.both_purposes = true; ask.peer = X509_CLIENT; ask.name = NULL; YES();
	start(); leaf.common_name = NULL; YES(); /* an empty subject, a critical alternative name */
	start(); leaf.without = ISSUE_BASIC_CONSTRAINTS; YES();
	start(); leaf.without = ISSUE_KEY_USAGE; YES();
	start(); leaf.without = ISSUE_PURPOSES; YES();
}

static void the_path_ends_in_what_is_trusted(void)
{
	start(); make_all();
	root.key = other_key;
	root_der = make(&root);
	SAYS_NO(verify_made(), X509_UNKNOWN_CA, "with that key is not among the 1 trusted");
	start(); make_all();
	root.common_name = "Another Root", root.key = other_key;
	root_der = make(&root);
	SAYS_NO(verify_made(), X509_UNKNOWN_CA,
	        "certificate 0 (CN=www.example.com): no path to a trusted root: its issuer CN=Test Root is not among the 1 trusted");
	start(); with_ica = true; make_all(); /* the intermediate is not sent */
	ask.chain = &leaf_der, ask.count = 1;
	SAYS_NO(verify_made(), X509_UNKNOWN_CA, "its issuer CN=Test CA is not");
	start(); with_ica = true; make_all(); /* what is trusted need not be self-signed (RFC 5280, 6.1.1) */
	struct bytes sent[] = { leaf_der, root_der };
	root_der = ica_der, ask.chain = sent, ask.count = 2;
	SAYS_YES(verify_made());
	start(); make_all(); /* the root sent along, and not trusted */
	struct bytes both[] = { leaf_der, root_der };
	root.common_name = "Another Root", root.key = other_key;
	root_der = make(&root);
	ask.chain = both, ask.count = 2;
	SAYS_NO(verify_made(), X509_UNKNOWN_CA, "certificate 1 (CN=Test Root): no path to a trusted root: it is self-signed");
}

static void a_self_signed_server_is_believed_if_it_is_trusted_itself(void)
{
	start();
	root_der = leaf_der = make(&leaf);
	ask.chain = &leaf_der, ask.count = 1;
	SAYS_YES(verify_made());
	root_der = make(&root);
	SAYS_NO(verify_made(), X509_UNKNOWN_CA, "it is self-signed and not among the 1 trusted");
	start();
	ask.name = NULL;
	root_der = make(&root);
	ask.chain = &root_der, ask.count = 1;
	SAYS_NO(verify_made(), X509_WRONG_PURPOSE, "is a CA's certificate, expected one of a TLS server");
}

static void dates_are_those_of_the_question(void)
{
	start(); leaf.not_after = NOW - 3 * DAY;
	NO(X509_EXPIRED, "certificate 0 (CN=www.example.com): expired 3 days ago (2026-11-15 11:06:40 UTC)");
	start(); leaf.not_before = NOW + 7200;
	NO(X509_NOT_YET_VALID, "is not valid for another 2 hours (from 2026-11-18 13:06:40 UTC)");
	start(); leaf.not_after = NOW; YES(); /* both ends belong to it (4.1.2.5) */
	start(); leaf.not_after = NOW - 1; NO(X509_EXPIRED, "expired 1 second ago");
	start(); leaf.not_before = NOW; YES();
	start(); with_ica = true; ica.not_after = NOW - 60; NO(X509_EXPIRED, "certificate 1 (CN=Test CA): expired 1 minute ago");
	start(); root.not_after = NOW - 800 * DAY; NO(X509_EXPIRED, "certificate 1 (CN=Test Root): expired 2 years ago");
	start(); leaf.not_after = INT64_C(4102444800); YES(); /* 2100: a GeneralizedTime */
	start(); leaf.generalized_time = true; NO(X509_MALFORMED, "written as GeneralizedTime");
}

static void names_match_as_rfc_9525_says(void)
{
	static const struct { const char *in, *asked; bool good; } cases[] = {
		{ "example.com", "example.com", true }, { "example.com", "EXAMPLE.com", true }, { "example.com", "example.com.", true },
		{ "example.com", "example2.com", false }, { "abc.example.com", "def.example.com", false },
		{ "example.com", "abc.example.com", false }, { "abc.example.com", "example.com", false },
		{ "*.example.com", "foo.example.com", true }, { "*.example.com", "FOO.example.COM", true },
		{ "*.example.com", "foo.bar.example.com", false }, { "*.example.com", "example.com", false },
		{ "*.example.com", ".example.com", false }, { "*.com", "example.com", false },
		{ "xn--628h.example.com", "XN--628H.example.com", true }, { "*.example.com", "xn--628h.example.com", true },
		{ "example.com", "", false }, { "example.com", ".", false }, { "example.com", "example..com", false },
		{ "example.com", "example.com\n", false }, { "a_b.example.com", "a_b.example.com", true },
		{ "10.example.com", "10.example.com", true },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		start();
		leaf.names = &cases[i].in, ask.name = cases[i].asked;
		if (cases[i].good) YES();
		else NO(X509_WRONG_NAME, cases[i].asked[0] ? "asked for" : "");
	}
	static const char *const many[] = { "a.example", "b.example" };
	start(); leaf.names = many, leaf.names_count = 2, ask.name = "c.example";
	NO(X509_WRONG_NAME, "is for a.example and b.example, asked for c.example");
	start(); leaf.names = many, leaf.names_count = 2, ask.name = "b.example"; YES();
}

static void wildcards_and_names_that_are_none_are_malformed(void)
{
	static const char *const bad[] = {
		"ba*.example.com", "foo.*.example.com", "xn--*-1b3c148a.example.com", "*", "*.", "**.example.com", ".example.com", "example.com.",
		"a..b", "-a.example", "a-.example", "exam ple.com", "example.com/x", "\xf0\x9f\x98\x9c.example.com", "#7777772e6578616d706c652e636f6d002e6576696c",
		"#", "10.0.0.1", "http://example.com",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		start();
		in_place_of(&leaf, ISSUE_NAMES, OID_NAMES, false, NAMES({ DNS, "www.example.com" }, { DNS, bad[i] }));
		NO(X509_MALFORMED, "a subject alternative name is not well formed");
	}
}

static void addresses_are_compared_as_addresses(void)
{
	static const char *const four[] = { "127.0.0.1" }, *const six[] = { "2001:db8::1" };
	struct ip ip;
	start(); leaf.names = four; ask.name = NULL, ask.ip = &ip;
	ip_parse("127.0.0.1", &ip); YES();
	ip_parse("127.0.0.2", &ip); NO(X509_WRONG_NAME, "is for 127.0.0.1, asked for 127.0.0.2");
	ip_parse("::ffff:7f00:1", &ip); YES(); /* one value in struct ip */
	start(); leaf.names = six; ask.name = NULL, ask.ip = &ip;
	ip_parse("2001:db8:0::1", &ip); YES();
	ip_parse("2001:db8::2", &ip); NO(X509_WRONG_NAME, "asked for 2001:db8::2");
	start(); leaf.names = four; ask.name = "127.0.0.1"; NO(X509_WRONG_NAME, "is no DNS name");
	start(); ask.name = NULL, ask.ip = &ip; NO(X509_WRONG_NAME, "is for www.example.com");
	/* of a length that is no address's, also when another is right */
	start(); ask.name = "www.example.com";
	in_place_of(&leaf, ISSUE_NAMES, OID_NAMES, false, NAMES({ ADDRESS, "#c0000200ffffff00" }, { DNS, "www.example.com" }));
	NO(X509_MALFORMED, "not well formed");
}

static void only_alternative_names_count(void)
{
	start(); leaf.without = ISSUE_NAMES; NO(X509_WRONG_NAME, "has no subject alternative name (a common name does not count)");
	start(); leaf.without = ISSUE_NAMES; ask.name = NULL; NO(X509_WRONG_NAME, "has no subject alternative name");
	start(); leaf.without = ISSUE_NAMES; leaf.peer = X509_CLIENT; ask.peer = X509_CLIENT, ask.name = NULL; YES(); /* a client has a subject */
	start(); leaf.without = ISSUE_NAMES; leaf.common_name = NULL; NO(X509_MALFORMED, "neither a subject nor");
	start(); in_place_of(&leaf, ISSUE_NAMES, OID_NAMES, false, hex("6578616d706c65")); NO(X509_MALFORMED, "");
	start(); in_place_of(&leaf, ISSUE_NAMES, OID_NAMES, false, hex("3000")); NO(X509_MALFORMED, "");
	start(); in_place_of(&leaf, ISSUE_NAMES, OID_NAMES, true, NAMES({ DNS, "www.example.com" })); NO(X509_MALFORMED, "is critical");
	start(); leaf.common_name = NULL;
	in_place_of(&leaf, ISSUE_NAMES, OID_NAMES, false, NAMES({ DNS, "www.example.com" }));
	NO(X509_MALFORMED, "not critical");
	start(); in_place_of(&leaf, ISSUE_NAMES, OID_NAMES, false, NAMES({ EMAIL, "a@b@example.com" }, { DNS, "www.example.com" }));
	NO(X509_MALFORMED, "a@b@example.com");
}

static void a_ca_says_that_it_is_one(void)
{
	static const char *const other_name[] = { "not-example.com" };
	start(); in_place_of(&root, ISSUE_BASIC_CONSTRAINTS, OID_BASIC_CONSTRAINTS, false, hex("30030101ff")); NO(X509_MALFORMED, "not critical");
	start(); root.without = ISSUE_BASIC_CONSTRAINTS; NO(X509_WRONG_PURPOSE, "is no CA");
	start(); with_ica = true; ica.without = ISSUE_BASIC_CONSTRAINTS; NO(X509_WRONG_PURPOSE, "certificate 1 (CN=Test CA): is no CA");
	start(); with_ica = true; ica.ca = false; NO(X509_WRONG_PURPOSE, "is no CA");
	start(); with_ica = true; in_place_of(&ica, ISSUE_KEY_USAGE, OID_KEY_USAGE, true, hex("03020780")); NO(X509_WRONG_PURPOSE, "keyCertSign");
	start(); in_place_of(&root, ISSUE_KEY_USAGE, OID_KEY_USAGE, true, hex("03020780")); NO(X509_WRONG_PURPOSE, "keyCertSign");
	start(); with_ica = true; ica.without = ISSUE_KEY_USAGE; NO(X509_MALFORMED, "has no key usage");
	start(); root.without = ISSUE_KEY_USAGE; YES(); /* as openssl req -x509 makes them */
	start(); root.without = ISSUE_KEY_USAGE; root.excluded = other_name, root.excluded_count = 1; YES(); /* and by libcrypto's path */
	start(); root.common_name = NULL; NO(X509_MALFORMED, "");
	start(); with_ica = true; put_in(&ica, OID_PURPOSES, false, hex("300a06082b06010505070302")); NO(X509_WRONG_PURPOSE, "certificate 1");
	start(); with_ica = true; put_in(&ica, OID_PURPOSES, false, hex("300a06082b06010505070301")); YES();
	start(); with_ica = true; put_in(&ica, OID_PURPOSES, false, hex("300606042a030405")); NO(X509_WRONG_PURPOSE, "certificate 1");
	start(); with_ica = true; put_in(&ica, OID_PURPOSES, false, hex("30060604551d2500")); YES(); /* any */
}

static void path_lengths_hold(void)
{
	start(); with_ica = true; ica.path_limited = true; YES(); /* 0: leaves only */
	start(); with_ica = true; ica.path_limited = true, ica.path_max = 2; YES();
	start(); with_ica = true; root.path_limited = true; NO(X509_WRONG_PURPOSE, "allows 0 CAs below it, but there are 1");
	start(); with_ica = true; root.path_limited = true, root.path_max = 1; ica.path_limited = true, ica.path_max = 5; YES();
	start(); with_ica = true; root.path_limited = true, root.path_max = 0; leaf.ca = true; leaf.names_count = 1;
	NO(X509_WRONG_PURPOSE, "is a CA's certificate"); /* RFC 5280 would let it be; a server's certificate is none (CA/B 7.1.2.7.8) */
	start(); with_ica = true; root.path_limited = true; ica.common_name = "Test Root"; YES(); /* one that issued itself does not count */
}

static void a_leaf_is_for_its_purpose(void)
{
	start(); leaf.ca = true; NO(X509_WRONG_PURPOSE, "is a CA's certificate");
	start(); in_place_of(&leaf, ISSUE_BASIC_CONSTRAINTS, OID_BASIC_CONSTRAINTS, true, hex("3003020100")); NO(X509_MALFORMED, "");
	start(); in_place_of(&leaf, ISSUE_KEY_USAGE, OID_KEY_USAGE, true, hex("03020284")); NO(X509_MALFORMED, "keyCertSign");
	start(); in_place_of(&leaf, ISSUE_KEY_USAGE, OID_KEY_USAGE, true, hex("03020520")); NO(X509_WRONG_PURPOSE, "digitalSignature");
	start(); in_place_of(&leaf, ISSUE_KEY_USAGE, OID_KEY_USAGE, true, hex("030205a0")); YES();
	start(); in_place_of(&leaf, ISSUE_KEY_USAGE, OID_KEY_USAGE, true, hex("030100")); NO(X509_MALFORMED, "keyUsage");
	start(); leaf.peer = X509_CLIENT; NO(X509_WRONG_PURPOSE, "its extended key usage does not list TLS servers");
	start(); ask.peer = X509_CLIENT, ask.name = NULL; NO(X509_WRONG_PURPOSE, "does not list TLS clients");
	start(); in_place_of(&leaf, ISSUE_PURPOSES, OID_PURPOSES, false, hex("30060604551d2500")); NO(X509_WRONG_PURPOSE, ""); /* any is not this one */
	start(); in_place_of(&leaf, ISSUE_PURPOSES, OID_PURPOSES, false, hex("3000")); NO(X509_MALFORMED, "");
	start(); put_in(&leaf, OID_NAME_CONSTRAINTS, true, limit_of(true, DNS, bytes_of("example.com"))); NO(X509_MALFORMED, "has name constraints");
	start(); put_in(&leaf, OID_NAME_CONSTRAINTS, false, limit_of(true, DNS, bytes_of("example.com"))); NO(X509_MALFORMED, "has name constraints");
}

static void key_identifiers_are_there(void)
{
	start(); leaf.without = ISSUE_AUTHORITY_KEY; NO(X509_MALFORMED, "has no authorityKeyIdentifier");
	start(); with_ica = true; ica.without = ISSUE_AUTHORITY_KEY; NO(X509_MALFORMED, "certificate 1 (CN=Test CA): has no authorityKeyIdentifier");
	start(); with_ica = true; ica.without = ISSUE_SUBJECT_KEY; NO(X509_MALFORMED, "no subjectKeyIdentifier");
	start(); root.without = ISSUE_SUBJECT_KEY; NO(X509_MALFORMED, "no subjectKeyIdentifier");
	start(); in_place_of(&root, ISSUE_SUBJECT_KEY, OID_SUBJECT_KEY, true, hex("040401020304")); NO(X509_MALFORMED, "critical");
	start(); leaf.without = ISSUE_SUBJECT_KEY; YES(); /* a leaf's is a SHOULD */
	start(); put_in(&root, OID_AUTHORITY_KEY, true, hex("3006800401020304")); NO(X509_MALFORMED, "");
	start(); put_in(&root, OID_AUTHORITY_KEY, false, hex("3006800401020304")); NO(X509_MALFORMED, "is not its subjectKeyIdentifier");
	start(); put_in(&root, OID_AUTHORITY_KEY, false, hex("3000")); NO(X509_MALFORMED, "names no key");
	start(); in_place_of(&root, ISSUE_SUBJECT_KEY, OID_SUBJECT_KEY, false, hex("040401020304"));
	put_in(&root, OID_AUTHORITY_KEY, false, hex("3006800401020304")); YES();
	start(); in_place_of(&leaf, ISSUE_AUTHORITY_KEY, OID_AUTHORITY_KEY, false, hex("3000")); NO(X509_MALFORMED, "");
}

static void serial_numbers_are_positive_and_short(void)
{
	start(); leaf.serial = hex("00"); NO(X509_MALFORMED, "serial number is zero");
	start(); leaf.serial = hex("ff"); NO(X509_MALFORMED, "negative");
	start(); leaf.serial = hex("7f00112233445566778899aabbccddeeff001122"); YES(); /* 20 bytes */
	start(); leaf.serial = hex("7f00112233445566778899aabbccddeeff00112233"); NO(X509_MALFORMED, "has 21 bytes");
	start(); leaf.serial = hex("0001"); NO(X509_MALFORMED, "not encoded");
	start(); root.serial = hex("00"); YES(); /* some roots that everybody trusts have it */
}

static void extensions_are_understood_and_come_once(void)
{
	start(); put_in(&leaf, "1.3.6.1.4.1.55555.1", true, hex("0500")); NO(X509_MALFORMED, "1.3.6.1.4.1.55555.1");
	start(); put_in(&leaf, "1.3.6.1.4.1.55555.1", false, hex("0500")); YES();
	start(); put_in(&root, "1.3.6.1.4.1.55555.1", true, hex("0500")); NO(X509_MALFORMED, "1.3.6.1.4.1.55555.1");
	start(); with_ica = true; put_in(&ica, "1.3.6.1.4.1.55555.1", true, hex("0500")); NO(X509_MALFORMED, "certificate 1");
	start(); put_in(&leaf, OID_NAMES, false, NAMES({ DNS, "www.example.com" })); NO(X509_MALFORMED, "an extension comes twice");
	start(); put_in(&leaf, "1.2.3.4", false, hex("0500")); put_in(&leaf, "1.2.3.4", false, hex("0500")); NO(X509_MALFORMED, "comes twice");
	start(); put_in(&leaf, "1.3.6.1.5.5.7.1.1", false, hex("3016301406082b060105050730028608687474703a2f2f61")); YES();
	start(); put_in(&leaf, "1.3.6.1.5.5.7.1.1", true, hex("3016301406082b060105050730028608687474703a2f2f61")); NO(X509_MALFORMED, "critical");
	start(); put_in(&leaf, "1.3.6.1.5.5.7.1.1", false, hex("6d616c")); NO(X509_MALFORMED, "authorityInfoAccess");
	start(); with_ica = true; put_in(&ica, "2.5.29.36", false, hex("3003800100")); NO(X509_MALFORMED, "policy constraints are not critical");
	start(); with_ica = true; put_in(&ica, "2.5.29.36", true, hex("3003800100")); NO(X509_WRONG_PURPOSE, "policy");
}

static void versions_and_algorithms_are_right(void)
{
	start(); leaf.version = 1; NO(X509_MALFORMED, "is of version 1, expected version 3");
	start(); leaf.version = 2; NO(X509_MALFORMED, "extensions, but is not version 3");
	start(); leaf.version = 4; NO(X509_MALFORMED, "version");
	start(); leaf.hash = "SHA1"; NO(X509_WEAK, "is signed with ecdsa-with-SHA1, which is too weak");
	start(); with_ica = true; ica.hash = "SHA1"; NO(X509_WEAK, "certificate 1 (CN=Test CA): is signed with ecdsa-with-SHA1");
	start(); root.hash = "SHA1"; YES(); /* nobody asks a root for its signature */
	start(); leaf.inner_hash = "SHA384"; NO(X509_MALFORMED, "its two signature algorithms differ");
	start(); make_all(); root.inner_hash = "SHA384"; root_der = make(&root); SAYS_NO(verify_made(), X509_MALFORMED, "");
	start(); make_all(); memory[leaf_der.at - memory + leaf_der.len - 1] ^= 1; SAYS_NO(verify_made(), X509_BAD_SIGNATURE, "its signature is not its issuer's");
	start(); leaf.issuer_name = hex("3000"); NO(X509_UNKNOWN_CA, "");
}

static void keys_of_every_kind(void)
{
	static const enum crypt_key_kind kinds[] = { CRYPT_KEY_P384, CRYPT_KEY_ED25519, CRYPT_KEY_RSA, CRYPT_KEY_RSA_PSS };
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct crypt_key *key = crypt_key_make(crypt, kinds[i]);
		start(); leaf.key = key; YES();
		start(); root.key = key; make_all(); leaf.issuer_key = key, leaf_der = make(&leaf);
		SAYS_YES(verify_made());
		crypt_key_end(key);
	}
}

/* A SubjectPublicKeyInfo of an RSA key of so many bits. */
static struct bytes rsa_of(unsigned bits)
{
	uint8_t out[1400], modulus[1100] = { 0, 0xc3 };
	struct der_writer w = { .at = out, .size = sizeof out };
	size_t all = der_open(&w, DER_SEQUENCE), part = der_open(&w, DER_SEQUENCE), n = bits / 8;
	der_put_oid(&w, "1.2.840.113549.1.1.1");
	der_put_element(&w, DER_NULL, (struct bytes){ 0 });
	der_close(&w, part);
	part = der_open(&w, DER_BIT_STRING);
	der_put(&w, hex("00"));
	size_t pair = der_open(&w, DER_SEQUENCE);
	modulus[n] = 1;
	der_put_element(&w, DER_INTEGER, (struct bytes){ modulus, n + 1 });
	der_put_small(&w, DER_INTEGER, 65537);
	der_close(&w, pair), der_close(&w, part), der_close(&w, all);
	return kept(out, w.len);
}

static void keys_are_strong_and_known(void)
{
	start(); leaf.spki = rsa_of(1024); NO(X509_WEAK, "its RSA key has 1024 bits, expected at least 2048");
	start(); leaf.spki = rsa_of(2040); NO(X509_WEAK, "has 2040 bits");
	start(); leaf.spki = rsa_of(2048); YES();
	start(); leaf.spki = rsa_of(8200); NO(X509_WEAK, "at most 8192");
	/* secp256k1 by name; P-192; a key whose bits are none */
	start(); leaf.spki = hex("3018301006072a8648ce3d020106052b8104000a0304000401020304"); NO(X509_MALFORMED, "");
	start(); leaf.spki = hex("3019301306072a8648ce3d020106082a8648ce3d03010703020004"); NO(X509_MALFORMED, "");
	start(); leaf.spki = hex("3012300d06092a864886f70d01010105000301003000"); NO(X509_MALFORMED, "");
}

/* ---- name constraints ---- */

static const char *const example[] = { "example.com" }, *const www[] = { "www.example.com" }, *const other[] = { "not-example.com" };

static void names_within_their_constraints(void)
{
	static const char *const foo[] = { "foo.bar.example.com" }, *const two[] = { "www.example.com", "not-allowed.example.com" };
	static const char *const refused[] = { "not-allowed.example.com" };

	start(); root.permitted = example, root.permitted_count = 1; YES();
	start(); root.permitted = example, root.permitted_count = 1; leaf.names = foo; ask.name = foo[0]; YES();
	start(); root.permitted = example, root.permitted_count = 1; leaf.names = other; ask.name = other[0];
	NO(X509_NAME_CONSTRAINT, "certificate 0 (CN=www.example.com): its name not-example.com is not among those that its issuer CN=Test Root may certify");
	start(); root.excluded = example, root.excluded_count = 1; NO(X509_NAME_CONSTRAINT, "may not certify");
	start(); root.excluded = refused, root.excluded_count = 1; YES();
	start(); root.excluded = refused, root.excluded_count = 1; leaf.names = two, leaf.names_count = 2;
	NO(X509_NAME_CONSTRAINT, "its name not-allowed.example.com is among those");
	start(); root.permitted = example, root.permitted_count = 1; root.excluded = www, root.excluded_count = 1; NO(X509_NAME_CONSTRAINT, "");
	start(); with_ica = true; ica.permitted = other, ica.permitted_count = 1; NO(X509_NAME_CONSTRAINT, "its issuer CN=Test CA");
	start(); with_ica = true; root.permitted = example, root.permitted_count = 1; ica.permitted = other, ica.permitted_count = 1;
	NO(X509_NAME_CONSTRAINT, ""); /* what is below narrows */
	start(); with_ica = true; root.permitted = other, root.permitted_count = 1; ica.permitted = example, ica.permitted_count = 1;
	NO(X509_NAME_CONSTRAINT, ""); /* and cannot widen */
	start(); in_place_of(&root, 0, OID_NAME_CONSTRAINTS, false, limit_of(true, DNS, bytes_of("not.example"))); NO(X509_NAME_CONSTRAINT, "");
}

static void addresses_within_their_constraints(void)
{
	static const char *const net[] = { "192.0.2.0/24" }, *const inside[] = { "192.0.2.1" }, *const outside[] = { "192.0.3.1" };
	static const char *const net6[] = { "2001:db8::/33" }, *const inside6[] = { "2001:db8:7fff::1" }, *const outside6[] = { "2001:db8:8000::1" };
	start(); ask.name = NULL; root.permitted = net, root.permitted_count = 1; leaf.names = inside; YES();
	start(); ask.name = NULL; root.permitted = net, root.permitted_count = 1; leaf.names = outside; NO(X509_NAME_CONSTRAINT, "192.0.3.1");
	start(); ask.name = NULL; root.excluded = net, root.excluded_count = 1; leaf.names = inside; NO(X509_NAME_CONSTRAINT, "192.0.2.1");
	start(); ask.name = NULL; root.permitted = net6, root.permitted_count = 1; leaf.names = inside6; YES();
	start(); ask.name = NULL; root.permitted = net6, root.permitted_count = 1; leaf.names = outside6; NO(X509_NAME_CONSTRAINT, "");
	start(); ask.name = NULL; root.permitted = net6, root.permitted_count = 1; leaf.names = inside; NO(X509_NAME_CONSTRAINT, "");
	start(); root.permitted = net, root.permitted_count = 1; YES(); /* says nothing about DNS names */
	start(); root.excluded = net, root.excluded_count = 1; YES();
}

static void other_names_within_their_constraints(void)
{
	static const char *const domain[] = { "email:example.com" }, *const box[] = { "email:a@example.com" }, *const dotted[] = { "email:.example.com" };
	static const char *const good[] = { "www.example.com", "email:a@example.com" }, *const bad[] = { "www.example.com", "email:a@sub.example.com" };
	static const char *const uris[] = { "uri:.example.com" }, *const uri[] = { "www.example.com", "uri:https://u@a.example.com:1/x" };
	static const char *const evil[] = { "www.example.com", "uri:https://example.org/.example.com" };

	start(); leaf.names_count = 2; root.permitted = domain, root.permitted_count = 1; leaf.names = good; YES();
	start(); leaf.names_count = 2; root.permitted = domain, root.permitted_count = 1; leaf.names = bad; NO(X509_NAME_CONSTRAINT, "sub.example.com");
	start(); leaf.names_count = 2; root.permitted = box, root.permitted_count = 1; leaf.names = good; YES();
	start(); leaf.names_count = 2; root.permitted = dotted, root.permitted_count = 1; leaf.names = bad; YES();
	start(); leaf.names_count = 2; root.permitted = dotted, root.permitted_count = 1; leaf.names = good; NO(X509_NAME_CONSTRAINT, "");
	start(); leaf.names_count = 2; root.excluded = domain, root.excluded_count = 1; leaf.names = good; NO(X509_NAME_CONSTRAINT, "");
	start(); leaf.names_count = 2; root.permitted = uris, root.permitted_count = 1; leaf.names = uri; YES();
	start(); leaf.names_count = 2; root.permitted = uris, root.permitted_count = 1; leaf.names = evil; NO(X509_NAME_CONSTRAINT, "");
	start(); put_in(&root, OID_NAME_CONSTRAINTS, true, limit_of(true, DIRECTORY, name_of("foo"))); NO(X509_NAME_CONSTRAINT, "CN=www.example.com");
	start(); put_in(&root, OID_NAME_CONSTRAINTS, true, limit_of(true, DIRECTORY, name_of("WWW.Example.com"))); YES();
	start(); put_in(&root, OID_NAME_CONSTRAINTS, true, limit_of(false, DIRECTORY, name_of("www.example.com"))); NO(X509_NAME_CONSTRAINT, "");
	start(); put_in(&root, OID_NAME_CONSTRAINTS, true, limit_of(false, DIRECTORY, name_of("foo"))); YES();
}

/* RFC 5280, 4.2.1.10: what cannot be compared is refused, but only where there is a name of that kind. */
static void constraints_of_unknown_kinds(void)
{
	const char *other_name = "#06032a0304a0020500";
	start(); put_in(&root, OID_NAME_CONSTRAINTS, true, limit_of(false, OTHER, hex(other_name + 1))); YES();
	start(); put_in(&root, OID_NAME_CONSTRAINTS, true, limit_of(false, OTHER, hex(other_name + 1)));
	in_place_of(&leaf, ISSUE_NAMES, OID_NAMES, false, NAMES({ DNS, "www.example.com" }, { OTHER, other_name }));
	NO(X509_NAME_CONSTRAINT, "a name of kind 0");
	start(); in_place_of(&leaf, ISSUE_NAMES, OID_NAMES, false, NAMES({ DNS, "www.example.com" }, { OTHER, other_name })); YES();
}

/* A wildcard stands for all of its names: all must be permitted, and none excluded. */
static void wildcards_within_constraints(void)
{
	static const char *const wild[] = { "*.example.com" }, *const bar[] = { "bar.example.com" };
	start(); leaf.names = wild; root.permitted = example, root.permitted_count = 1; YES();
	start(); leaf.names = wild; root.permitted = bar, root.permitted_count = 1; NO(X509_NAME_CONSTRAINT, "");
	start(); leaf.names = wild; root.excluded = bar, root.excluded_count = 1; NO(X509_NAME_CONSTRAINT, "");
	start(); leaf.names = wild; root.excluded = other, root.excluded_count = 1; YES();
}

static void cas_are_bound_too_unless_self_issued(void)
{
	static const char *const ca_names[] = { "not-example.com" };
	start(); with_ica = true; root.permitted = example, root.permitted_count = 1; ica.names = ca_names, ica.names_count = 1;
	NO(X509_NAME_CONSTRAINT, "certificate 1 (CN=Test CA)");
	start(); with_ica = true; root.permitted = example, root.permitted_count = 1; ica.names = ca_names, ica.names_count = 1;
	ica.common_name = "Test Root"; YES();
}

static void names_times_constraints_are_bounded(void)
{
	static char words[1400][24];
	static const char *limits[600], *names[700];
	for (size_t i = 0; i < COUNT(limits); i++) snprintf(words[i], sizeof words[i], "l%zu.example", i), limits[i] = words[i];
	for (size_t i = 0; i < COUNT(names); i++) snprintf(words[700 + i], sizeof words[0], "n%zu.example", i), names[i] = words[700 + i];
	start(); root.excluded = limits, root.excluded_count = 300; leaf.names = names, leaf.names_count = 300; ask.name = "n7.example"; YES();
	start(); root.excluded = limits, root.excluded_count = COUNT(limits); leaf.names = names, leaf.names_count = COUNT(names);
	NO(X509_NAME_CONSTRAINT, "too many names");
}

static void constraints_are_well_formed(void)
{
	static const struct { unsigned tag; const char *base; } bad[] = {
		{ DNS, "*.example.com" }, { DNS, ".example.com" }, { ADDRESS, "\x7f\x01\x01\x01" }, { ADDRESS, "\x0a\x01\x01\x01\xff\x01\xff\x01" },
		{ EMAIL, "a@b@example.com" }, { EMAIL, "@example.com" }, { URI, "" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		start();
		put_in(&root, OID_NAME_CONSTRAINTS, true, limit_of(true, bad[i].tag, bytes_of(bad[i].base)));
		NO(X509_MALFORMED, "name constraints are not well formed");
	}
	start(); with_ica = true; put_in(&ica, OID_NAME_CONSTRAINTS, true, hex("3000")); NO(X509_MALFORMED, "");
	start(); with_ica = true; put_in(&ica, OID_NAME_CONSTRAINTS, true, hex("3004a000a100")); NO(X509_MALFORMED, "");
}

/* ---- paths ---- */

static void another_path_is_tried(void)
{
	struct bytes expired, chain[4];
	struct issue second;

	/* two certificates of one CA, the first of which has expired */
	start(); with_ica = true; make_all();
	second = ica, second.not_after = NOW - DAY, second.issuer_der = root_der;
	expired = make(&second);
	chain[0] = leaf_der, chain[1] = expired, chain[2] = ica_der;
	ask.chain = chain, ask.count = 3;
	SAYS_YES(verify_made());

	/* the first is issued by nobody we know */
	start(); with_ica = true; make_all();
	second = ica, second.issuer_key = other_key, second.issuer_name = name_of("Nobody"), second.issuer_der = (struct bytes){ 0 };
	chain[0] = leaf_der, chain[1] = make(&second), chain[2] = ica_der;
	ask.chain = chain, ask.count = 3;
	SAYS_YES(verify_made());

	/* the first is bound to other names */
	start(); with_ica = true; make_all();
	second = ica, second.permitted = other, second.permitted_count = 1;
	chain[0] = leaf_der, chain[1] = make(&second), chain[2] = ica_der;
	ask.chain = chain, ask.count = 3;
	SAYS_YES(verify_made());
	ask.count = 2;
	SAYS_NO(verify_made(), X509_NAME_CONSTRAINT, "Test CA");
}

static void circles_and_crowds_end(void)
{
	struct issue a, b;
	struct bytes many[X509_CHAIN_MAX + 1];

	start(); make_all();
	a = ica, a.common_name = "A", a.issuer_key = other_key, a.issuer_name = name_of("B");
	b = ica, b.common_name = "B", b.key = other_key, b.issuer_key = ica_key, b.issuer_name = name_of("A");
	many[1] = make(&a), many[2] = make(&b);
	leaf.issuer_key = ica_key, leaf.issuer_der = many[1];
	many[0] = make(&leaf);
	ask.chain = many, ask.count = 3;
	SAYS_NO(verify_made(), X509_UNKNOWN_CA, "no path");
	for (size_t i = 0; i < COUNT(many); i++) many[i] = leaf_der;
	ask.count = COUNT(many);
	SAYS_NO(verify_made(), X509_MALFORMED, "11 certificates were sent, at most 10");
	ask.count = 0, ask.chain = many;
	struct x509_trust *trust = trust_in(root_der);
	SAYS_NO(x509_verify(trust, &ask, &answer), X509_MALFORMED, "no certificate was sent");
	x509_trust_close(trust);
}

/* ---- revocation ---- */

static struct bytes make_crl(const struct issue_crl *l)
{
	struct room room = { memory + used, sizeof memory - used };
	size_t n = issue_crl(crypt, l, room);
	used += n;
	return (struct bytes){ room.at, n };
}

static void revocation_lists_are_kept(void)
{
	struct issue_crl l;

	start(); make_all();
	l = (struct issue_crl){ .issuer_key = root_key, .issuer_der = root_der, .this_update = NOW - DAY, .next_update = NOW + DAY, .number = 1 };
	crl_der = make_crl(&l);
	SAYS_YES(verify_made());
	l.revoked = &leaf_der, l.revoked_count = 1, crl_der = make_crl(&l);
	SAYS_NO(verify_made(), X509_IS_REVOKED, "certificate 0 (CN=www.example.com): is revoked");
	l.next_update = NOW - 1, crl_der = make_crl(&l);
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "out of date");
	l.this_update = NOW + 60, l.next_update = NOW + DAY, crl_der = make_crl(&l);
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "later date");
	l.this_update = NOW - DAY, l.issuer_key = other_key, crl_der = make_crl(&l);
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "not signed by it");

	start(); in_place_of(&root, ISSUE_KEY_USAGE, OID_KEY_USAGE, true, hex("03020204")); make_all();
	l = (struct issue_crl){ .issuer_key = root_key, .issuer_der = root_der, .this_update = NOW - DAY, .next_update = NOW + DAY };
	crl_der = make_crl(&l);
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "keyUsage without cRLSign");

	start(); make_all(); /* another authority has revoked its own certificate of the same number */
	struct issue stranger = root;
	stranger.common_name = "Another Root", stranger.key = other_key;
	struct bytes stranger_der = make(&stranger);
	l = (struct issue_crl){ .issuer_key = other_key, .issuer_der = stranger_der, .revoked = &leaf_der, .revoked_count = 1,
	                        .this_update = NOW - DAY, .next_update = NOW + DAY };
	crl_der = make_crl(&l);
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "there is no revocation list of its issuer");

	start(); with_ica = true; make_all(); /* of the root only: the leaf is not covered */
	l = (struct issue_crl){ .issuer_key = root_key, .issuer_der = root_der, .this_update = NOW - DAY, .next_update = NOW + DAY };
	crl_der = make_crl(&l);
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "certificate 0 (CN=www.example.com): there is no revocation list of its issuer");
}

static struct bytes make_ocsp(const struct issue_ocsp *o)
{
	struct room room = { memory + used, sizeof memory - used };
	size_t n = issue_ocsp(crypt, o, room);
	used += n;
	return (struct bytes){ room.at, n };
}
static struct issue_ocsp good_response(void)
{
	return (struct issue_ocsp){ .certificate = leaf_der, .issuer_der = root_der, .key = root_key, .this_update = NOW - DAY, .next_update = NOW + DAY };
}

static void stapled_responses_are_checked(void)
{
	struct issue_ocsp o;
	start(); make_all();
	o = good_response(), ask.ocsp = make_ocsp(&o); SAYS_YES(verify_made());
	o.sha256 = true, ask.ocsp = make_ocsp(&o); SAYS_YES(verify_made());
	o.status = ISSUE_REVOKED, o.revoked_at = NOW - 2 * DAY, ask.ocsp = make_ocsp(&o);
	SAYS_NO(verify_made(), X509_IS_REVOKED, "was revoked (2026-11-16 11:06:40 UTC), says its stapled OCSP response");
	o.status = ISSUE_UNKNOWN, ask.ocsp = make_ocsp(&o); SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "does not know");
	o = good_response(), o.next_update = NOW - 600, ask.ocsp = make_ocsp(&o);
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "was good until 2026-11-18 10:56:40 UTC");
	o.next_update = NOW - 60, ask.ocsp = make_ocsp(&o); SAYS_YES(verify_made()); /* clocks differ */
	o.this_update = NOW + 600, o.next_update = NOW + DAY, ask.ocsp = make_ocsp(&o); SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "later date");
	o.this_update = NOW + 60, ask.ocsp = make_ocsp(&o); SAYS_YES(verify_made());
	o.this_update = NOW - 3600, o.next_update = 0, ask.ocsp = make_ocsp(&o); SAYS_YES(verify_made()); /* no end is said: a day */
	o.this_update = NOW - 2 * DAY, ask.ocsp = make_ocsp(&o); SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "was good until");
	o = good_response(), o.key = other_key, ask.ocsp = make_ocsp(&o); SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "not the issuer's");
	o = good_response(), o.hash = "SHA1", ask.ocsp = make_ocsp(&o); SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "signature");
	o = good_response(), o.response_status = 3, ask.ocsp = make_ocsp(&o); SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "says tryLater");
	o = good_response(), o.certificate = make(&leaf), ask.ocsp = make_ocsp(&o);
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "is about another certificate");
	ask.ocsp = hex("3003"); SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "not well formed");
}

static void responders_are_appointed_by_the_issuer(void)
{
	struct issue_ocsp o;
	struct issue responder = { 0 };
	start(); make_all();
	responder = leaf, responder.common_name = "Responder", responder.key = other_key;
	in_place_of(&responder, ISSUE_PURPOSES, OID_PURPOSES, false, hex("300a06082b06010505070309"));
	o = good_response(), o.key = other_key, o.responder_der = make(&responder), ask.ocsp = make_ocsp(&o);
	SAYS_YES(verify_made());
	responder.not_after = NOW - 1, o.responder_der = make(&responder), ask.ocsp = make_ocsp(&o);
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "did not appoint");
	responder = leaf, responder.key = other_key, responder.common_name = "Responder"; /* for servers, not for answers */
	o.responder_der = make(&responder), ask.ocsp = make_ocsp(&o);
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "did not appoint");
	in_place_of(&responder, ISSUE_PURPOSES, OID_PURPOSES, false, hex("300a06082b06010505070309"));
	responder.issuer_key = other_key, o.responder_der = make(&responder), ask.ocsp = make_ocsp(&o); /* it appointed itself */
	SAYS_NO(verify_made(), X509_REVOCATION_UNKNOWN, "did not appoint");
}

static void a_staple_is_there_when_it_must(void)
{
	struct issue_ocsp o;
	start(); leaf.must_staple = true; YES(); /* we did not ask for one */
	start(); leaf.must_staple = true; ask.ocsp_asked = true; NO(X509_REVOCATION_UNKNOWN, "says that one must be");
	start(); ask.ocsp_asked = true; YES();
	start(); ask.must_staple = true; NO(X509_REVOCATION_UNKNOWN, "we want one");
	start(); leaf.must_staple = true; ask.ocsp_asked = true; make_all(); o = good_response(), ask.ocsp = make_ocsp(&o); SAYS_YES(verify_made());
	struct bytes chain[] = { leaf_der, root_der };
	struct x509_trust *trust = trust_in(root_der);
	ask.chain = chain, ask.count = 2;
	SAYS_YES(x509_ocsp_check(trust, &ask, &answer));
	ask.count = 1;
	SAYS_NO(x509_ocsp_check(trust, &ask, &answer), X509_REVOCATION_UNKNOWN, "issuer's certificate is not there");
	x509_trust_close(trust);
}

/* ---- reading ---- */

static void every_prefix_and_many_flips_are_refused(void)
{
	struct bytes chain[1];
	struct x509_trust *trust;
	uint8_t copy[1024];

	start(); make_all();
	trust = trust_in(root_der);
	ask.chain = chain, ask.count = 1;
	for (size_t n = 0; n < leaf_der.len; n++) {
		chain[0] = bytes_first(leaf_der, n);
		SAYS_NO(x509_verify(trust, &ask, &answer), X509_MALFORMED, "certificate 0 cannot be read");
	}
	memcpy(copy, leaf_der.at, leaf_der.len), copy[leaf_der.len] = 0;
	chain[0] = (struct bytes){ copy, leaf_der.len + 1 };
	SAYS_NO(x509_verify(trust, &ask, &answer), X509_MALFORMED, "something follows it");
	chain[0].len--;
	for (size_t i = 0; i < leaf_der.len; i++) {
		copy[i] ^= (uint8_t)(1u << i % 8);
		CHECK(!x509_verify(trust, &ask, &answer));
		copy[i] ^= (uint8_t)(1u << i % 8);
	}
	SAYS_YES(x509_verify(trust, &ask, &answer));
	x509_trust_close(trust);
}

static size_t put_pem(struct bytes der, char *at, size_t room) { return issue_pem(der, "CERTIFICATE", (struct room){ (uint8_t *)at, room }); }

static void pem_files_are_read_or_their_fault_is_named(void)
{
	char text[8192] = "A comment ahead.\n", lines[256];
	struct text why = text_in(lines, sizeof lines);
	uint8_t lent[4096];
	struct room room = { lent, sizeof lent };
	struct x509_chain chain;
	size_t n = strlen(text);
	struct crypt_key *key;

	start(); with_ica = true; make_all();
	n += put_pem(leaf_der, text + n, sizeof text - n);
	n += put_pem(ica_der, text + n, sizeof text - n);
	CHECK(x509_chain_read(crypt, (struct bytes){ (uint8_t *)text, n }, &room, &chain, &why));
	CHECK_EQ(chain.count, 2);
	CHECK(bytes_equal(chain.der[0], leaf_der) && bytes_equal(chain.der[1], ica_der));
	CHECK_EQ(room.len, sizeof lent - leaf_der.len - ica_der.len);
	key = x509_public_key(crypt, chain.der[0]);
	CHECK(key != NULL && crypt_key_matches(key, leaf_key));
	crypt_key_end(key);
	n = put_pem(leaf_der, text, sizeof text), n += put_pem(root_der, text + n, sizeof text - n);
	CHECK(!x509_chain_read(crypt, (struct bytes){ (uint8_t *)text, n }, &room, &chain, &why));
	CHECK_STR(lines, "certificate 0 is issued by CN=Test CA, but the one behind it is of CN=Test Root");
	text_clear(&why);
	CHECK(!x509_chain_read(crypt, bytes_of("nothing"), &room, &chain, &why));
	CHECK_STR(lines, "it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
	text_clear(&why);
	CHECK(!x509_chain_read(crypt, bytes_of("a\nb\n-----BEGIN CERTIFICATE-----\nAAAA\n"), &room, &chain, &why));
	CHECK_STR(lines, "line 3: the PEM block that begins here is broken");
	text_clear(&why);
	n = (size_t)snprintf(text, sizeof text, "Not here: -----BEGIN CERTIFICATE-----\r\n\r\n");
	n += put_pem(leaf_der, text + n, sizeof text - n);
	room = (struct room){ lent, sizeof lent };
	CHECK(x509_chain_read(crypt, (struct bytes){ (uint8_t *)text, n }, &room, &chain, &why));
	n = put_pem(leaf_der, text, sizeof text), n += put_pem(root_der, text + n, sizeof text - n);
	room.len = 10;
	CHECK(!x509_chain_read(crypt, (struct bytes){ (uint8_t *)text, n }, &room, &chain, &why));
	CHECK_STR(lines, "line 1: no room is left for the certificate");
}

static void roots_are_added_all_or_none(void)
{
	char text[8192], lines[256];
	struct text why = text_in(lines, sizeof lines);
	struct x509_trust *trust = x509_trust_open(crypt);
	size_t n;

	start(); with_ica = true; make_all();
	n = put_pem(root_der, text, sizeof text), n += put_pem(ica_der, text + n, sizeof text - n);
	CHECK(x509_trust_add(trust, (struct bytes){ (uint8_t *)text, n }, &why));
	CHECK_EQ(x509_trust_count(trust), 2);
	n += (size_t)snprintf(text + n, sizeof text - n, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
	CHECK(!x509_trust_add(trust, (struct bytes){ (uint8_t *)text, n }, &why));
	CHECK(strstr(lines, "what is called a certificate there is none") != NULL);
	CHECK_EQ(x509_trust_count(trust), 2);
	text_clear(&why);
	struct issue_crl l = { .issuer_key = root_key, .issuer_der = root_der, .this_update = NOW };
	struct bytes endless = make_crl(&l);
	CHECK(!x509_trust_add_crl(trust, endless, &why));
	CHECK_STR(lines, "the revocation list cannot be used: it does not say when the next one comes (RFC 5280, 5.1.2.5)");
	text_clear(&why);
	CHECK(!x509_trust_add_crl(trust, root_der, &why));
	CHECK_STR(lines, "the revocation list cannot be used: it is no revocation list");
	text_clear(&why);
	CHECK(!x509_trust_add_crl(trust, bytes_of("x"), &why));
	CHECK_STR(lines, "it holds no revocation list (-----BEGIN X509 CRL-----)");
	x509_trust_close(trust);
}

static void the_same_seed_makes_the_same_certificates(void)
{
	struct rng rngs[2];
	uint8_t out[2][1024];
	size_t len[2];
	start();
	for (unsigned i = 0; i < 2; i++) {
		struct text why = text_in(why_words, sizeof why_words);
		rng_init_number(&rngs[i], 11);
		struct crypt *c = crypt_open(&rngs[i]);
		struct crypt_key *key = crypt_key_make(c, CRYPT_KEY_P256);
		root.key = key;
		len[i] = issue_certificate(c, &root, (struct room){ out[i], sizeof out[i] }, &why);
		crypt_key_end(key), crypt_close(c);
	}
	CHECK(len[0] > 0);
	CHECK(bytes_equal((struct bytes){ out[0], len[0] }, (struct bytes){ out[1], len[1] }));
}

static void a_certificate_is_described(void)
{
	char words[2048];
	struct text t = text_in(words, sizeof words);
	start(); with_ica = true; make_all();
	x509_describe(crypt, leaf_der, &t);
	CHECK(strstr(words, "subject    CN=www.example.com\nnames      www.example.com\nissuer     CN=Test CA\n"
	                    "valid      2026-11-08 11:06:40 UTC to 2027-02-06 11:06:40 UTC\nkey        ECDSA P-256\n"
	                    "key usage  digital signature\npurposes   TLS server\nserial     ") == words);
	CHECK(strstr(words, "\nsignature  ecdsa-with-SHA256\nSHA-256    ") != NULL);
	text_clear(&t);
	x509_describe(crypt, ica_der, &t);
	CHECK(strstr(words, "\nkey usage  certificates, revocation lists\nCA         yes\n") != NULL);
	text_clear(&t);
	x509_describe(crypt, bytes_of("x"), &t);
	CHECK_STR(words, "not a certificate: it is not DER\n");
}

int main(void)
{
	if (!authority_open()) {
		printf("Bail out! %s\n", crypt_why());
		return 1;
	}
	TEST(a_good_chain_is_believed);
	TEST(the_path_ends_in_what_is_trusted);
	TEST(a_self_signed_server_is_believed_if_it_is_trusted_itself);
	TEST(dates_are_those_of_the_question);
	TEST(names_match_as_rfc_9525_says);
	TEST(wildcards_and_names_that_are_none_are_malformed);
	TEST(addresses_are_compared_as_addresses);
	TEST(only_alternative_names_count);
	TEST(a_ca_says_that_it_is_one);
	TEST(path_lengths_hold);
	TEST(a_leaf_is_for_its_purpose);
	TEST(key_identifiers_are_there);
	TEST(serial_numbers_are_positive_and_short);
	TEST(extensions_are_understood_and_come_once);
	TEST(versions_and_algorithms_are_right);
	TEST(keys_of_every_kind);
	TEST(keys_are_strong_and_known);
	TEST(names_within_their_constraints);
	TEST(addresses_within_their_constraints);
	TEST(other_names_within_their_constraints);
	TEST(constraints_of_unknown_kinds);
	TEST(wildcards_within_constraints);
	TEST(cas_are_bound_too_unless_self_issued);
	TEST(constraints_are_well_formed);
	TEST(names_times_constraints_are_bounded);
	TEST(another_path_is_tried);
	TEST(circles_and_crowds_end);
	TEST(revocation_lists_are_kept);
	TEST(stapled_responses_are_checked);
	TEST(responders_are_appointed_by_the_issuer);
	TEST(a_staple_is_there_when_it_must);
	TEST(every_prefix_and_many_flips_are_refused);
	TEST(pem_files_are_read_or_their_fault_is_named);
	TEST(roots_are_added_all_or_none);
	TEST(a_certificate_is_described);
	TEST(the_same_seed_makes_the_same_certificates);
	printf("# libcrypto by itself decides %u of these %u otherwise\n", decided_otherwise, decided);
	authority_close();
	return tap_end();
}
