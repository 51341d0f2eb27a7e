/* SPDX-License-Identifier: ISC */
/* crypt.c - tests of src/crypt: vectors of FIPS and RFCs, what must be refused, and that chance is lent. */
#include "crypt/aead.h"
#include "crypt/hash.h"
#include "crypt/key.h"
#include "crypt/share.h"
#include "tap.h"

static struct rng rng;
static struct crypt *c;

/* Hexadecimal into one of a few static buffers. */
static struct bytes hex(const char *text)
{
	static uint8_t room[16][1300];
	static unsigned turn;
	uint8_t *out = room[turn++ % COUNT(room)];
	size_t n = 0;
	for (unsigned byte; sscanf(text + 2 * n, "%2x", &byte) == 1; n++) out[n] = (uint8_t)byte;
	return (struct bytes){ out, n };
}

static bool is_hex(const uint8_t *got, const char *wanted)
{
	struct bytes b = hex(wanted);
	return memcmp(got, b.at, b.len) == 0;
}

/* The next bytes drawn from `r` are these (at most 64). */
static void script(struct rng *r, struct bytes b)
{
	r->used = (uint32_t)(sizeof r->stream - b.len);
	memcpy(r->stream + r->used, b.at, b.len);
}

static void hashes(void)
{
	uint8_t out[CRYPT_HASH_MAX];
	crypt_hash(c, CRYPT_SHA256, bytes_of("abc"), out);
	CHECK(is_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	crypt_hash(c, CRYPT_SHA384, bytes_of("abc"), out);
	CHECK(is_hex(out, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	                  "8086072ba1e7cc2358baeca134c825a7"));
	crypt_hash(c, CRYPT_SHA512, bytes_of("abc"), out);
	CHECK(is_hex(out, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	                  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"));
	crypt_hash(c, CRYPT_SHA1, bytes_of("abc"), out);
	CHECK(is_hex(out, "a9993e364706816aba3e25717850c26c9cd0d89d"));
	crypt_hash(c, CRYPT_SHA256, (struct bytes){ NULL, 0 }, out);
	CHECK(is_hex(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

static void a_digest_is_peeked_copied_and_goes_on(void)
{
	struct crypt_digest d, copy;
	uint8_t out[CRYPT_HASH_MAX], whole[CRYPT_HASH_MAX];

	for (int h = 0; h < CRYPT_HASHES; h++) {
		crypt_digest_start(&d, c, h);
		crypt_digest_add(&d, bytes_of("ab"));
		crypt_digest_peek(&d, out);
		crypt_hash(c, h, bytes_of("ab"), whole);
		CHECK(memcmp(out, whole, crypt_hash_len(h)) == 0);
		crypt_digest_copy(&copy, &d);
		crypt_digest_add(&d, bytes_of("c"));
		crypt_digest_peek(&d, out);
		crypt_hash(c, h, bytes_of("abc"), whole);
		CHECK(memcmp(out, whole, crypt_hash_len(h)) == 0);
		crypt_digest_add(&copy, bytes_of("d"));
		crypt_digest_peek(&copy, out);
		crypt_hash(c, h, bytes_of("abd"), whole);
		CHECK(memcmp(out, whole, crypt_hash_len(h)) == 0);
		crypt_digest_end(&copy);
		crypt_digest_end(&d);
		for (size_t i = 0; i < sizeof d; i++) CHECK_EQ(((const uint8_t *)&d)[i], 0);
		crypt_digest_end(&d);
	}
}

static void hmac_of_rfc_4231(void)
{
	uint8_t out[CRYPT_HASH_MAX];
	struct bytes hi[] = { bytes_of("Hi "), bytes_of("There") }, nothing = bytes_of("what do ya want for nothing?");
	struct bytes large = bytes_of("Test Using Larger Than Block-Size Key - Hash Key First");
	struct bytes key = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
	uint8_t long_key[131];

	crypt_hmac(c, CRYPT_SHA256, key, hi, 2, out);
	CHECK(is_hex(out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
	crypt_hmac(c, CRYPT_SHA384, key, hi, 2, out);
	CHECK(is_hex(out, "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
	                  "faea9ea9076ede7f4af152e8b2fa9cb6"));
	crypt_hmac(c, CRYPT_SHA512, key, hi, 2, out);
	CHECK(is_hex(out, "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
	                  "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"));
	crypt_hmac(c, CRYPT_SHA256, bytes_of("Jefe"), &nothing, 1, out);
	CHECK(is_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
	memset(long_key, 0xaa, sizeof long_key);
	crypt_hmac(c, CRYPT_SHA256, (struct bytes){ long_key, sizeof long_key }, &large, 1, out);
	CHECK(is_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
}

static void hkdf_of_rfc_5869(void)
{
	uint8_t prk[CRYPT_HASH_MAX], okm[42];
	struct bytes ikm = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), none = { NULL, 0 };
	struct room out = { okm, sizeof okm };

	crypt_hkdf_extract(c, CRYPT_SHA256, hex("000102030405060708090a0b0c"), ikm, prk);
	CHECK(is_hex(prk, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
	crypt_hkdf_expand(c, CRYPT_SHA256, (struct bytes){ prk, 32 }, hex("f0f1f2f3f4f5f6f7f8f9"), out);
	CHECK(is_hex(okm, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"));
	crypt_hkdf_extract(c, CRYPT_SHA256, none, ikm, prk);
	CHECK(is_hex(prk, "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04"));
	crypt_hkdf_expand(c, CRYPT_SHA256, (struct bytes){ prk, 32 }, none, out);
	CHECK(is_hex(okm, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
}

/* Seals in parts and in place, opens in place, and finds every flipped bit. */
static bool aead_agrees(enum crypt_aead_kind kind, const char *key, const char *nonce, const char *ad, struct bytes plain,
                        const char *sealed_hex)
{
	struct crypt_aead seal, open;
	uint8_t out[300], room[300];
	struct bytes wanted = hex(sealed_hex), iv = hex(nonce), extra = hex(ad);
	struct bytes parts[] = { bytes_first(plain, 5), bytes_skip(plain, 5) };

	crypt_aead_seal_key(&seal, c, kind, hex(key).at);
	crypt_aead_open_key(&open, c, kind, hex(key).at);
	bool ok = crypt_aead_seal(&seal, iv.at, extra, parts, 2, out) == wanted.len && memcmp(out, wanted.at, wanted.len) == 0;
	memcpy(out, plain.at, plain.len);
	struct bytes in_place = { out, plain.len };
	ok = ok && crypt_aead_seal(&seal, iv.at, extra, &in_place, 1, out) == wanted.len &&
	     memcmp(out, wanted.at, wanted.len) == 0;
	for (size_t bit = 0; bit < 8 * wanted.len; bit += 3) {
		memcpy(room, out, wanted.len);
		room[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ok = ok && !crypt_aead_open(&open, iv.at, extra, (struct bytes){ room, wanted.len }, room);
		for (size_t i = 0; i < plain.len; i++) ok = ok && room[i] == 0;
	}
	ok = ok && !crypt_aead_open(&open, iv.at, bytes_skip(extra, 1), (struct bytes){ out, wanted.len }, room);
	ok = ok && crypt_aead_open(&open, iv.at, extra, (struct bytes){ out, wanted.len }, out) &&
	     memcmp(out, plain.at, plain.len) == 0;
	ok = ok && crypt_aead_seal(&seal, iv.at, extra, NULL, 0, out) == CRYPT_TAG_BYTES &&
	     crypt_aead_open(&open, iv.at, extra, (struct bytes){ out, CRYPT_TAG_BYTES }, room);
	crypt_aead_end(&seal);
	crypt_aead_end(&open);
	crypt_aead_end(&open);
	return ok && open.state == NULL;
}

static void aes_gcm(void)
{
	struct bytes plain = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	                         "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
	const char *ad = "feedfacedeadbeeffeedfacedeadbeefabaddad2", *nonce = "cafebabefacedbaddecaf888";
	CHECK(aead_agrees(CRYPT_AES_128_GCM, "feffe9928665731c6d6a8f9467308308", nonce, ad, plain,
	                  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	                  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
	                  "5bc94fbc3221a5db94fae95ae7121a47"));
	CHECK(aead_agrees(CRYPT_AES_256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", nonce, ad,
	                  plain, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	                         "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
	                         "76fc6ece0f4e1768cddf8853bb2d551b"));
}

static void chacha20_poly1305_of_rfc_8439(void)
{
	CHECK(aead_agrees(CRYPT_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
	                  "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
	                  bytes_of("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
	                           "future, sunscreen would be it."),
	                  "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
	                  "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
	                  "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
	                  "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"));
}

/* One side with a scripted key, the other given as a public value. */
static bool share_agrees(unsigned group, const char *private_hex, const char *public_hex, const char *theirs, const char *secret)
{
	struct crypt_share s;
	struct rng scripted;
	uint8_t out[CRYPT_PUBLIC_MAX], got[CRYPT_SECRET_MAX];

	rng_init_number(&scripted, 1);
	script(&scripted, hex(private_hex));
	size_t n = crypt_share_make(&s, c, group, &scripted, out);
	bool ok = n == hex(public_hex).len && is_hex(out, public_hex);
	ok = ok && crypt_share_finish(&s, hex(theirs), got) == hex(secret).len && is_hex(got, secret);
	crypt_share_end(&s);
	script(&scripted, hex(private_hex));
	ok = ok && crypt_share_answer(c, group, &scripted, hex(theirs), out, &n, got) == hex(secret).len &&
	     is_hex(out, public_hex) && is_hex(got, secret);
	for (size_t i = 0; i < sizeof s; i++) ok = ok && ((const uint8_t *)&s)[i] == 0;
	crypt_share_end(&s);
	return ok;
}

static void x25519_of_rfc_7748(void)
{
	CHECK(share_agrees(CRYPT_X25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	                   "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	                   "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	                   "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
}

static void curves_of_rfc_5903(void)
{
	CHECK(share_agrees(CRYPT_SECP256R1, "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433",
	                   "04DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180"
	                   "5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3",
	                   "04D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63"
	                   "56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB",
	                   "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE"));
	CHECK(share_agrees(CRYPT_SECP384R1,
	                   "099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655E35B538041E649EE3FAEF896783AB194",
	                   "04667842D7D180AC2CDE6F74F37551F55755C7645C20EF73E31634FE72B4C55EE6DE3AC808ACB4BDB4C88732AEE95F41AA"
	                   "9482ED1FC0EEB9CAFC4984625CCFC23F65032149E0E144ADA024181535A0F38EEB9FCFF3C2C947DAE69B4C634573A81C",
	                   "04E558DBEF53EECDE3D3FCCFC1AEA08A89A987475D12FD950D83CFA41732BC509D0D1AC43A0336DEF96FDA41D0774A3571"
	                   "DCFBEC7AACF3196472169E838430367F66EEBE3C6E70C416DD5F0C68759DD1FFF83FA40142209DFF5EAAD96DB9E6386C",
	                   "11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4D603135569B9E9D09CF5D4A270F59746"));
}

/* P-256's order as a private key is not one: the next bytes are taken. */
static void a_scalar_out_of_range_is_drawn_again(void)
{
	struct crypt_share s;
	struct rng scripted;
	uint8_t out[CRYPT_PUBLIC_MAX];

	rng_init_number(&scripted, 1);
	script(&scripted, hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
	                      "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433"));
	CHECK_EQ(crypt_share_make(&s, c, CRYPT_SECP256R1, &scripted, out), 65);
	CHECK(is_hex(out, "04DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180"));
	crypt_share_end(&s);
}

static bool refuses(unsigned group, struct bytes theirs)
{
	struct crypt_share s;
	uint8_t out[CRYPT_PUBLIC_MAX], secret[CRYPT_SECRET_MAX];
	size_t n;

	crypt_share_make(&s, c, group, &rng, out);
	bool ok = crypt_share_finish(&s, theirs, secret) == 0 && crypt_share_answer(c, group, &rng, theirs, out, &n, secret) == 0;
	for (size_t i = 0; i < sizeof secret; i++) ok = ok && secret[i] == 0;
	crypt_share_end(&s);
	return ok;
}

static void bad_points_are_refused(void)
{
	uint8_t point[97] = { 4 };
	struct bytes good = hex("04D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63"
	                        "56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB");

	for (size_t n = 0; n < good.len; n++) CHECK(refuses(CRYPT_SECP256R1, bytes_first(good, n)));
	CHECK(!refuses(CRYPT_SECP256R1, good));
	memcpy(point, good.at, good.len);
	for (size_t bit = 0; bit < 8 * good.len; bit += 7) {
		point[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(refuses(CRYPT_SECP256R1, (struct bytes){ point, good.len })); /* off the curve, or in another form */
		point[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	point[0] = 2 + (good.at[64] & 1); /* compressed: RFC 8446 wants uncompressed points only */
	CHECK(refuses(CRYPT_SECP256R1, (struct bytes){ point, 33 }));
	memset(point, 0, sizeof point);
	CHECK(refuses(CRYPT_SECP256R1, (struct bytes){ point, 1 })); /* infinity */
	CHECK(refuses(CRYPT_SECP256R1, (struct bytes){ point, 65 }));
	CHECK(refuses(CRYPT_SECP384R1, (struct bytes){ point, 97 }));
	CHECK(refuses(CRYPT_SECP384R1, good));
}

/* RFC 7748, 6.1 and 7: points of small order make a secret of zeroes. */
static void an_all_zero_x25519_secret_is_refused(void)
{
	static const char *const small[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	for (size_t i = 0; i < COUNT(small); i++) CHECK(refuses(CRYPT_X25519, hex(small[i])));
	CHECK(refuses(CRYPT_X25519, bytes_first(hex(small[1]), 31)));
	CHECK(refuses(CRYPT_X25519, (struct bytes){ NULL, 0 }));
}

static void every_known_group_agrees_with_itself(void)
{
	static const unsigned groups[] = { CRYPT_SECP256R1, CRYPT_SECP384R1, CRYPT_X25519, CRYPT_X25519MLKEM768 };
	for (size_t i = 0; i < COUNT(groups); i++) {
		struct crypt_share s;
		uint8_t ours[CRYPT_PUBLIC_MAX], theirs[CRYPT_PUBLIC_MAX], a[CRYPT_SECRET_MAX], b[CRYPT_SECRET_MAX];
		size_t theirs_len;
		if (!crypt_group_known(c, groups[i])) {
			printf("# %s\n", crypt_group_why_not(c, groups[i]));
			CHECK(strstr(crypt_group_why_not(c, groups[i]), "3.5") != NULL);
			continue;
		}
		CHECK(crypt_group_why_not(c, groups[i]) == NULL);
		size_t n = crypt_share_make(&s, c, groups[i], &rng, ours);
		size_t secret = crypt_share_answer(c, groups[i], &rng, (struct bytes){ ours, n }, theirs, &theirs_len, b);
		CHECK(secret > 0);
		CHECK_EQ(crypt_share_finish(&s, (struct bytes){ theirs, theirs_len }, a), secret);
		CHECK(memcmp(a, b, secret) == 0);
		crypt_share_end(&s);
	}
	CHECK(!crypt_group_known(c, 0x0019) && crypt_group_why_not(c, 0x0019) != NULL);
}

static const unsigned schemes[] = {
	CRYPT_RSA_PKCS1_SHA256, CRYPT_RSA_PKCS1_SHA384, CRYPT_RSA_PKCS1_SHA512, CRYPT_ECDSA_SECP256R1_SHA256,
	CRYPT_ECDSA_SECP384R1_SHA384, CRYPT_RSA_PSS_RSAE_SHA256, CRYPT_RSA_PSS_RSAE_SHA384, CRYPT_RSA_PSS_RSAE_SHA512,
	CRYPT_ED25519, CRYPT_RSA_PSS_PSS_SHA256, CRYPT_RSA_PSS_PSS_SHA384, CRYPT_RSA_PSS_PSS_SHA512,
};

/* A key of each kind: written, read again, signs by each scheme that fits it and by no other. */
static void keys_sign_and_verify(void)
{
	unsigned fitting = 0;
	for (int kind = 0; kind < CRYPT_KEY_KINDS; kind++) {
		uint8_t pem[4096], signature[CRYPT_SIGNATURE_MAX];
		char words[200];
		struct text why = text_in(words, sizeof words);
		struct bytes message[] = { bytes_of("a message "), bytes_of("in two parts") }, whole = bytes_of("a message in two parts");
		struct bytes other = bytes_of("a message in two partz");
		struct crypt_key *key = crypt_key_make(c, kind);
		CHECK(key != NULL);
		CHECK_EQ(crypt_key_kind(key), kind);
		size_t n = crypt_key_write(key, (struct room){ pem, sizeof pem });
		CHECK(n > 0 && crypt_key_write(key, (struct room){ pem, 20 }) == 0);
		n = crypt_key_write(key, (struct room){ pem, sizeof pem });
		struct crypt_key *again = crypt_key_read(c, (struct bytes){ pem, n }, &why);
		CHECK_STR(words, "");
		CHECK(again != NULL && crypt_key_matches(key, again));
		for (size_t i = 0; i < COUNT(schemes); i++) {
			n = crypt_sign(key, schemes[i], message, 2, signature);
			CHECK_EQ(n > 0, crypt_key_fits(key, schemes[i]));
			CHECK(crypt_scheme_known(schemes[i]));
			if (n == 0) continue;
			fitting++;
			CHECK(crypt_verify(again, schemes[i], &whole, 1, (struct bytes){ signature, n }));
			CHECK(!crypt_verify(again, schemes[i], &other, 1, (struct bytes){ signature, n }));
			CHECK(!crypt_verify(again, schemes[i], &whole, 1, (struct bytes){ signature, n - 1 }));
			CHECK(!crypt_verify(again, schemes[i], &whole, 1, (struct bytes){ NULL, 0 }));
			signature[n / 2] ^= 1;
			CHECK(!crypt_verify(again, schemes[i], &whole, 1, (struct bytes){ signature, n }));
		}
		crypt_key_end(key);
		crypt_key_end(again);
	}
	CHECK_EQ(fitting, COUNT(schemes));
	CHECK(!crypt_scheme_known(0x0203));
}

/* RFC 8032, 7.1, test 2: Ed25519 has no chance in it. */
static void ed25519_of_rfc_8032(void)
{
	struct crypt_key *key = crypt_key_from_spki(c, hex("302a300506032b6570032100"
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
	struct bytes message = hex("72");
	struct bytes signature = hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	                             "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
	uint8_t out[CRYPT_SIGNATURE_MAX];
	CHECK(key != NULL);
	CHECK_EQ(crypt_key_kind(key), CRYPT_KEY_ED25519);
	CHECK(crypt_verify(key, CRYPT_ED25519, &message, 1, signature));
	CHECK_EQ(crypt_sign(key, CRYPT_ED25519, &message, 1, out), 0); /* a public key does not sign */
	crypt_key_end(key);
	CHECK(crypt_key_from_spki(c, hex("302a300506032b6571032100")) == NULL);
	CHECK(crypt_key_from_spki(c, (struct bytes){ NULL, 0 }) == NULL);
}

/* What a context with this seed makes: keys of each kind and signatures by them, often enough for libcrypto to renew what hides
 * an RSA key (its blinding), and secrets agreed in each group that it has. At the end, where in its chance it is. */
static size_t made_by(uint64_t seed, uint8_t *out)
{
	static const unsigned groups[] = { CRYPT_SECP256R1, CRYPT_SECP384R1, CRYPT_X25519, CRYPT_X25519MLKEM768 },
		by[CRYPT_KEY_KINDS] = { CRYPT_ECDSA_SECP256R1_SHA256, CRYPT_ECDSA_SECP384R1_SHA384, CRYPT_ED25519, CRYPT_RSA_PSS_RSAE_SHA256,
		                        CRYPT_RSA_PSS_PSS_SHA256 };
	struct rng own;
	struct bytes message = bytes_of("replayed");
	size_t n = 0, len;

	rng_init_number(&own, seed);
	struct crypt *context = crypt_open(&own);
	for (int kind = 0; kind < CRYPT_KEY_KINDS; kind++) {
		struct crypt_key *key = crypt_key_make(context, kind);
		n += crypt_key_write(key, (struct room){ out + n, 4096 });
		for (unsigned i = 0; i < 40; i++) n += crypt_sign(key, by[kind], &message, 1, out + n);
		crypt_key_end(key);
	}
	for (size_t i = 0; i < COUNT(groups); i++) {
		struct crypt_share s;
		if (!crypt_group_known(context, groups[i])) continue;
		struct bytes ours = { out + n, crypt_share_make(&s, context, groups[i], &own, out + n) };
		n += ours.len;
		size_t secret = crypt_share_answer(context, groups[i], &own, ours, out + n, &len, out + n + CRYPT_PUBLIC_MAX);
		n += CRYPT_PUBLIC_MAX + secret;
		crypt_share_end(&s);
	}
	crypt_close(context);
	rng_fill(&own, (struct room){ out + n, 32 });
	return n + 32;
}

/* However often in one process, and whatever another context does in between. */
static void chance_is_lent(void)
{
	static uint8_t a[1 << 17], b[1 << 17], other[1 << 17];
	size_t n = made_by(7, a);
	CHECK(n > 10000 && n < sizeof a - 8192);
	size_t m = made_by(8, other);
	CHECK(m != n || memcmp(a, other, n) != 0);
	CHECK_EQ(made_by(7, b), n);
	CHECK(memcmp(a, b, n) == 0);
}

/* The salt is what is drawn first: with it scripted, the signature is known. */
static void a_scripted_salt_makes_the_same_signature(void)
{
	struct crypt_key *key = crypt_key_make(c, CRYPT_KEY_RSA);
	struct bytes message = bytes_of("salted"), salt = hex("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
	uint8_t a[CRYPT_SIGNATURE_MAX], b[CRYPT_SIGNATURE_MAX];

	script(&rng, salt);
	size_t n = crypt_sign(key, CRYPT_RSA_PSS_RSAE_SHA256, &message, 1, a);
	script(&rng, salt);
	CHECK_EQ(crypt_sign(key, CRYPT_RSA_PSS_RSAE_SHA256, &message, 1, b), n);
	CHECK(memcmp(a, b, n) == 0);
	crypt_sign(key, CRYPT_RSA_PSS_RSAE_SHA256, &message, 1, b);
	CHECK(memcmp(a, b, n) != 0);
	crypt_key_end(key);
}

static void comparing_and_wiping(void)
{
	uint8_t secret[] = "secret";
	CHECK(crypt_equal(bytes_of("same"), bytes_of("same")));
	CHECK(!crypt_equal(bytes_of("same"), bytes_of("samf")));
	CHECK(!crypt_equal(bytes_of("same"), bytes_of("sam")));
	CHECK(crypt_equal((struct bytes){ NULL, 0 }, (struct bytes){ NULL, 0 }));
	crypt_wipe(secret, sizeof secret);
	for (size_t i = 0; i < sizeof secret; i++) CHECK_EQ(secret[i], 0);
	crypt_wipe(NULL, 0);
	crypt_close(NULL);
	crypt_key_end(NULL);
	CHECK(strstr(crypt_version(), "OpenSSL") != NULL);
	CHECK(crypt_why() != NULL);
}

int main(void)
{
	rng_init_number(&rng, 3);
	c = crypt_open(&rng);
	if (c == NULL) {
		printf("1..0 # SKIP %s\n", crypt_why());
		return 1;
	}
	TEST(hashes);
	TEST(a_digest_is_peeked_copied_and_goes_on);
	TEST(hmac_of_rfc_4231);
	TEST(hkdf_of_rfc_5869);
	TEST(aes_gcm);
	TEST(chacha20_poly1305_of_rfc_8439);
	TEST(x25519_of_rfc_7748);
	TEST(curves_of_rfc_5903);
	TEST(a_scalar_out_of_range_is_drawn_again);
	TEST(bad_points_are_refused);
	TEST(an_all_zero_x25519_secret_is_refused);
	TEST(every_known_group_agrees_with_itself);
	TEST(keys_sign_and_verify);
	TEST(ed25519_of_rfc_8032);
	TEST(chance_is_lent);
	TEST(a_scripted_salt_makes_the_same_signature);
	TEST(comparing_and_wiping);
	crypt_close(c);
	return tap_end();
}
