/* SPDX-License-Identifier: ISC */
/* crypt_key.c - tests of src/crypt/key_read.c: keys in every form, and a good sentence for each thing that may be wrong. */
#include "crypt/key.h"
#include "tap.h"

static struct rng rng;
static struct crypt *c;

static const char sec1_pem[] =
	"-----BEGIN EC PARAMETERS-----\n"
	"BggqhkjOPQMBBw==\n"
	"-----END EC PARAMETERS-----\n"
	"-----BEGIN EC PRIVATE KEY-----\n"
	"MHcCAQEEIFy/AZZ6pqTNgJjWcqm5ZnyXafGjcrQ0MlLPzIFlAFCYoAoGCCqGSM49\n"
	"AwEHoUQDQgAEKRC9hjiFcBViYq88Gzt/AHqxAaT/Qt0QXtecixam+t2hVcqeHvg1\n"
	"4ElEvJErVppXb8tTMLOdvHG34wX/smiYUQ==\n"
	"-----END EC PRIVATE KEY-----\n";
static const char rsa1024_pem[] =
	"-----BEGIN RSA PRIVATE KEY-----\n"
	"MIICXAIBAAKBgQC48f/unQBjmT8CfdJb8b82d9ujkLMoU693f+IV5lqtpebELW5m\n"
	"ckP1/ZwfhmpsEjXykgJng4Hmi/UG9U6xhBkQJri70KU0shoaf7Qs4N64v7MGxig6\n"
	"7m8f9f1iG/2bhE8BbWz+Q5mcId0yoJUiumStKD9r404FM44aKQVD+ZIvPwIDAQAB\n"
	"AoGAa3hc04iySC4t+kGpMrqY9YrSvAqCwUVX6mYKt9UjDlMgdRE9XRS7Pz+/MGaI\n"
	"gwJWDP4hnYtCufjMSt3Te74aXVZZIHKBjMvrVyIRZoLIO4MRIOdSfvJ0biLMhe2K\n"
	"AZsT/qiZKKapegC1I/PjnGBzjqAGpTSv0rdv2y1ZQdZzs7kCQQDfghafq/WQWrxi\n"
	"vO8T1I6dKUu4nDiAFP3CBUjgHAC9TP+Uo7P2RWElYa19YDgsRLDwMtDMefpR6/F+\n"
	"E9Px8gyjAkEA09TJE5/rpyQh6CBDSq24L4HpuoMZz6H0tm2qDImcTYAyhlOoUcPJ\n"
	"cp+dFqAxgdSfYcrCva9/hcVyMX9m0ofAtQJBAJ58ORyZq7PjkyeUfxaZp1KrwKS0\n"
	"KaAwwks8whMf6CpTGfvFJMvhIGSIYaPAgbRqNOjtr37+k1BZtNDIsIYkM28CQDHy\n"
	"oXsEIU+m4GvYd6V7MsvY6SC2WvavbIE7eHY+WGGZ0dAEl9K3xJ9HbYXxPdssJGyt\n"
	"n5+UaxBCzztGnBsWMWUCQFQb4MB+NoAt2kpswB6aGIuKMYmARF/w4mEv/u8356Ox\n"
	"YLhXQkn6PQeTBFU5q9RBcurmLpfhlgJZlZx+4ctP1sw=\n"
	"-----END RSA PRIVATE KEY-----\n";
static const char p521_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIBLMRhWJFlNw8/uCEu\n"
	"66U2qAwgq0T5Um96CqQ5u7ei4M1bgtYOPFNK2QFFlBhIcQjWlVGD4FLdYoae3ymO\n"
	"YJfv5w6hgYkDgYYABADHClSvn2elz0symt9qBC236ita2JpM+TzmtM2vV4iM89m+\n"
	"BMpx2LGbUGOrmktmK1ht3NktCF5z6gBuugHvTMRnEQEEnyKLzIal0zN6SoqNQ9qX\n"
	"mCijbJlYlxS2e9pA3PVDSntIkhG24QbvLdYC1iuzeJacIqIulT6Xkx4HDq3aQ1+6\n"
	"Mw==\n"
	"-----END PRIVATE KEY-----\n";
static const char enc_pem[] =
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
	"MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhqkBvqDLQrtQICCAAw\n"
	"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEMpnnTxJe3Cf2B3X/7OSM20EQK0c\n"
	"eoQnI7/dnLDOG31seCoh7IutVQ933CXF5KIas8XPK31vfFWKB/Gfunbbryyv9qnx\n"
	"pY2HSky846TZACKgVUY=\n"
	"-----END ENCRYPTED PRIVATE KEY-----\n";
static const char pub_pem[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MCowBQYDK2VwAyEAug3Psy4Beq/L4LwTJQpB5lA4tI3jGo5FXJTy1qQn748=\n"
	"-----END PUBLIC KEY-----\n";
static const char encold_pem[] =
	"-----BEGIN EC PRIVATE KEY-----\n"
	"Proc-Type: 4,ENCRYPTED\n"
	"DEK-Info: AES-128-CBC,9E78D3B02842C037D46E866C245D9F16\n"
	"\n"
	"gmyntmK0v68tRDlDf7fJIDiDxRgEg/57at5PyGJnBf+zTBb2DLglxAVx/mpxM8p8\n"
	"6VC/SNs2GrO5y4FvKnGqDeXRin1lhUQN7Df/0TzzldjAjNX8adla7mPSbAc5F6av\n"
	"mgupZ5vropm6jZ2AgRs3wR5kYKblTFTB4LKwGxpXR0Q=\n"
	"-----END EC PRIVATE KEY-----\n";
static const char ed448_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MEcCAQAwBQYDK2VxBDsEOZ2LDG6PV2p26I8qwHAq7q1e2zvPpN9v3JP88QBJXqwi\n"
	"yfw7BxzILOM/tGQv0rz+8HFdGoeSymzGzA==\n"
	"-----END PRIVATE KEY-----\n";
static const char ed_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIFCXmEMnIocFggUvLGRcNEpf+6869Xm3iriStUVPlYnh\n"
	"-----END PRIVATE KEY-----\n";

static char words[300];

static struct crypt_key *read_text(const char *pem)
{
	struct text why = text_in(words, sizeof words);
	return crypt_key_read(c, bytes_of(pem), &why);
}

#define CHECK_REFUSED(pem, sentence) \
	do { \
		CHECK(read_text(pem) == NULL); \
		CHECK_STR(words, sentence); \
	} while (0)

static void good_keys(void)
{
	static const struct { const char *pem; enum crypt_key_kind kind; unsigned bits; } keys[] = {
		{ sec1_pem, CRYPT_KEY_P256, 256 }, { ed_pem, CRYPT_KEY_ED25519, 253 },
	};
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct crypt_key *key = read_text(keys[i].pem);
		CHECK_STR(words, "");
		CHECK(key != NULL);
		CHECK_EQ(crypt_key_kind(key), keys[i].kind);
		CHECK(crypt_key_bits(key) >= keys[i].bits && crypt_key_bits(key) <= 256);
		crypt_key_end(key);
	}
	char with_text[1000];
	snprintf(with_text, sizeof with_text, "Bag Attributes\n    friendlyName: x\n%s", ed_pem);
	struct crypt_key *key = read_text(with_text);
	CHECK(key != NULL);
	crypt_key_end(key);
}

static void other_things_than_keys(void)
{
	CHECK_REFUSED("", "the file is empty; a private key in PEM is expected (-----BEGIN PRIVATE KEY-----)");
	CHECK_REFUSED("hello\nworld\n", "there is no line -----BEGIN ...----- in it; a private key in PEM is expected "
	                                "(-----BEGIN PRIVATE KEY-----)");
	CHECK_REFUSED("0\x2e\x02\x01", "this is DER, not PEM; convert it: openssl pkey -inform DER -in FILE -out NEW");
	CHECK_REFUSED("# mine\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
	              "line 2: this is a certificate, not its private key; a private key in PEM is expected");
	CHECK_REFUSED(pub_pem, "line 1: this is a public key; the private key that belongs to it is needed");
	CHECK_REFUSED("-----BEGIN DH SOMETHING-----\nMAA=\n-----END DH SOMETHING-----\n",
	              "line 1: -----BEGIN DH SOMETHING-----; a private key in PEM is expected (-----BEGIN PRIVATE KEY-----)");
}

static void encrypted_keys(void)
{
	CHECK_REFUSED(enc_pem, "line 1: the key is encrypted with a password; write it without: openssl pkey -in FILE -out NEW");
	CHECK_REFUSED(encold_pem,
	              "line 1: the key is encrypted with a password; write it without: openssl pkey -in FILE -out NEW");
}

static void damaged_keys(void)
{
	CHECK_REFUSED("\n\n-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIFCX\n",
	              "line 3: a PEM block begins here, but is damaged: its base64 text or its END line is not whole");
	CHECK_REFUSED("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw*CIEIFCX\n-----END PRIVATE KEY-----\n",
	              "line 1: a PEM block begins here, but is damaged: its base64 text or its END line is not whole");
	CHECK_REFUSED("-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n",
	              "line 1: what is inside is not a key, or of a kind that libcrypto does not know; was the file cut or edited?");
}

static void keys_of_the_wrong_kind_or_size(void)
{
	CHECK_REFUSED(p521_pem, "line 1: a key of kind EC secp521r1; TLS takes ECDSA (P-256, P-384), Ed25519 and RSA");
	CHECK_REFUSED(ed448_pem, "line 1: a key of kind ED448; TLS takes ECDSA (P-256, P-384), Ed25519 and RSA");
	CHECK_REFUSED(rsa1024_pem, "line 1: an RSA key of 1024 bits; 2048 to 8192 are taken: make a new one");
	struct text why = text_in(words, sizeof words);
	struct crypt_key *key = crypt_key_read_weak(c, bytes_of(rsa1024_pem), &why);
	CHECK(key != NULL);
	CHECK_EQ(crypt_key_bits(key), 1024);
	CHECK(crypt_key_fits(key, CRYPT_RSA_PSS_RSAE_SHA256) && crypt_key_fits(key, CRYPT_RSA_PKCS1_SHA512));
	CHECK(!crypt_key_fits(key, CRYPT_RSA_PSS_RSAE_SHA512)); /* its salt would not fit */
	crypt_key_end(key);
}

static void halves_that_do_not_belong_together(void)
{
	char changed[sizeof sec1_pem];
	memcpy(changed, sec1_pem, sizeof sec1_pem);
	char *at = strstr(changed, "IFy/AZZ6"); /* in the private half */
	CHECK(at != NULL);
	at[3] = 'B';
	CHECK_REFUSED(changed, "line 4: the key's private and public halves do not belong together; was the file edited?");
}

/* Every prefix of a file, and every byte of it changed: an answer, and a sentence with it if that is no. */
static void any_bytes(void)
{
	char copy[sizeof p521_pem];
	for (size_t n = 0; n < sizeof sec1_pem - 1; n++) {
		struct text why = text_in(words, sizeof words);
		struct crypt_key *key = crypt_key_read(c, (struct bytes){ (const uint8_t *)sec1_pem, n }, &why);
		CHECK((key == NULL) == (words[0] != '\0'));
		crypt_key_end(key);
	}
	for (size_t at = 0; at < sizeof ed_pem - 1; at++)
		for (unsigned bit = 0; bit < 8; bit += 3) {
			memcpy(copy, ed_pem, sizeof ed_pem);
			copy[at] = (char)(copy[at] ^ 1 << bit);
			struct crypt_key *key = read_text(copy);
			CHECK((key == NULL) == (words[0] != '\0'));
			crypt_key_end(key);
		}
}

int main(void)
{
	rng_init_number(&rng, 3);
	c = crypt_open(&rng);
	TEST(good_keys);
	TEST(other_things_than_keys);
	TEST(encrypted_keys);
	TEST(damaged_keys);
	TEST(keys_of_the_wrong_kind_or_size);
	TEST(halves_that_do_not_belong_together);
	TEST(any_bytes);
	crypt_close(c);
	return tap_end();
}
