/* SPDX-License-Identifier: ISC */
/* Names by IANA's registries "TLS Parameters" and "TLS ExtensionType Values". */
#include "wire/tls.h"

struct name { uint16_t number; const char *name; };

static const char *find(const struct name *names, size_t count, unsigned number)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].number == number) return names[i].name;
	return NULL;
}
#define FIND(names, number) find(names, COUNT(names), number)

const char *tls_version_name(unsigned version)
{
	static const struct name names[] = { { 0x0002, "SSL 2.0" }, { 0x0300, "SSL 3.0" }, { TLS_1_0, "TLS 1.0" },
		{ TLS_1_1, "TLS 1.1" }, { TLS_1_2, "TLS 1.2" }, { TLS_1_3, "TLS 1.3" } };
	return tls_is_grease(version) ? "GREASE" : FIND(names, version);
}

const char *tls_content_name(unsigned content)
{
	static const struct name names[] = { { TLS_CHANGE_CIPHER_SPEC, "change_cipher_spec" }, { TLS_ALERT, "alert" },
		{ TLS_HANDSHAKE, "handshake" }, { TLS_APPLICATION_DATA, "application_data" }, { 24, "heartbeat" }, { 25, "tls12_cid" },
		{ 26, "ACK" } };
	return FIND(names, content);
}

const char *tls_message_name(unsigned type)
{
	static const struct name names[] = { { TLS_HELLO_REQUEST, "HelloRequest" }, { TLS_CLIENT_HELLO, "ClientHello" },
		{ TLS_SERVER_HELLO, "ServerHello" }, { 3, "HelloVerifyRequest" }, { TLS_NEW_SESSION_TICKET, "NewSessionTicket" },
		{ TLS_END_OF_EARLY_DATA, "EndOfEarlyData" }, { TLS_ENCRYPTED_EXTENSIONS, "EncryptedExtensions" },
		{ TLS_CERTIFICATE, "Certificate" }, { TLS_SERVER_KEY_EXCHANGE, "ServerKeyExchange" },
		{ TLS_CERTIFICATE_REQUEST, "CertificateRequest" }, { TLS_SERVER_HELLO_DONE, "ServerHelloDone" },
		{ TLS_CERTIFICATE_VERIFY, "CertificateVerify" }, { TLS_CLIENT_KEY_EXCHANGE, "ClientKeyExchange" },
		{ TLS_FINISHED, "Finished" }, { 21, "CertificateURL" }, { TLS_CERTIFICATE_STATUS, "CertificateStatus" },
		{ 23, "SupplementalData" }, { TLS_KEY_UPDATE, "KeyUpdate" }, { TLS_COMPRESSED_CERTIFICATE, "CompressedCertificate" },
		{ TLS_MESSAGE_HASH, "message_hash" } };
	return FIND(names, type);
}

static const struct { uint8_t number; const char *name, *words; } alerts[] = {
	{ TLS_CLOSE_NOTIFY, "close_notify", "nothing more will come from this side" },
	{ TLS_UNEXPECTED_MESSAGE, "unexpected_message", "a message came that does not belong here" },
	{ TLS_BAD_RECORD_MAC, "bad_record_mac", "a record's authentication tag is not right" },
	{ 21, "decryption_failed", "a record could not be decrypted (no longer used)" },
	{ TLS_RECORD_OVERFLOW, "record_overflow", "a record is longer than allowed" },
	{ 30, "decompression_failure", "a record could not be decompressed (no longer used)" },
	{ TLS_HANDSHAKE_FAILURE, "handshake_failure", "the two sides have no version, cipher suite, group or signature in common" },
	{ 41, "no_certificate", "there is no certificate to send (SSL 3.0)" },
	{ TLS_BAD_CERTIFICATE, "bad_certificate", "a certificate is corrupt or its signature is not right" },
	{ TLS_UNSUPPORTED_CERTIFICATE, "unsupported_certificate", "a certificate is of a kind that is not supported" },
	{ TLS_CERTIFICATE_REVOKED, "certificate_revoked", "a certificate was revoked by who had signed it" },
	{ TLS_CERTIFICATE_EXPIRED, "certificate_expired", "a certificate has expired or is not valid yet" },
	{ TLS_CERTIFICATE_UNKNOWN, "certificate_unknown", "a certificate is not acceptable for some other reason" },
	{ TLS_ILLEGAL_PARAMETER, "illegal_parameter", "a field of the handshake says what it may not say" },
	{ TLS_UNKNOWN_CA, "unknown_ca", "no chain leads from the certificate to a certificate authority that is trusted" },
	{ TLS_ACCESS_DENIED, "access_denied", "the certificate is good, but its owner may not come in" },
	{ TLS_DECODE_ERROR, "decode_error", "a message cannot be read: some length in it is wrong" },
	{ TLS_DECRYPT_ERROR, "decrypt_error", "a signature, a Finished or a PSK binder is not right" },
	{ 60, "export_restriction", "the key is longer than once allowed for export (no longer used)" },
	{ TLS_PROTOCOL_VERSION, "protocol_version", "the version asked for is known, but not supported" },
	{ TLS_INSUFFICIENT_SECURITY, "insufficient_security", "the server wants stronger ciphers than the client has" },
	{ TLS_INTERNAL_ERROR, "internal_error", "an error inside, such as no memory, that is not the peer's fault" },
	{ TLS_INAPPROPRIATE_FALLBACK, "inappropriate_fallback", "the client fell back to a lower version than both can do" },
	{ TLS_USER_CANCELED, "user_canceled", "the user has given up the handshake" },
	{ TLS_NO_RENEGOTIATION, "no_renegotiation", "this connection will not be negotiated again" },
	{ TLS_MISSING_EXTENSION, "missing_extension", "an extension that is needed is not in the message" },
	{ TLS_UNSUPPORTED_EXTENSION, "unsupported_extension", "an extension came that was not asked for or may not be there" },
	{ 111, "certificate_unobtainable", "the certificate cannot be had from the place named (no longer used)" },
	{ TLS_UNRECOGNIZED_NAME, "unrecognized_name", "no server of the name asked for is here" },
	{ TLS_BAD_CERTIFICATE_STATUS_RESPONSE, "bad_certificate_status_response", "the stapled OCSP response is not good" },
	{ 114, "bad_certificate_hash_value", "the certificate is not the one that was announced (no longer used)" },
	{ TLS_UNKNOWN_PSK_IDENTITY, "unknown_psk_identity", "none of the pre-shared keys offered is known" },
	{ TLS_CERTIFICATE_REQUIRED, "certificate_required", "the client should have sent a certificate" },
	{ TLS_NO_APPLICATION_PROTOCOL, "no_application_protocol", "the two sides have no application protocol in common" },
	{ 121, "ech_required", "the hello should have been encrypted" },
};

const char *tls_alert_name(unsigned alert)
{
	for (size_t i = 0; i < COUNT(alerts); i++)
		if (alerts[i].number == alert) return alerts[i].name;
	return NULL;
}

const char *tls_alert_words(unsigned alert)
{
	for (size_t i = 0; i < COUNT(alerts); i++)
		if (alerts[i].number == alert) return alerts[i].words;
	return NULL;
}

const char *tls_extension_name(unsigned type)
{
	static const struct name names[] = { { 0, "server_name" }, { 1, "max_fragment_length" }, { 2, "client_certificate_url" },
		{ 3, "trusted_ca_keys" }, { 4, "truncated_hmac" }, { 5, "status_request" }, { 6, "user_mapping" }, { 7, "client_authz" },
		{ 8, "server_authz" }, { 9, "cert_type" }, { 10, "supported_groups" }, { 11, "ec_point_formats" }, { 12, "srp" },
		{ 13, "signature_algorithms" }, { 14, "use_srtp" }, { 15, "heartbeat" },
		{ 16, "application_layer_protocol_negotiation" }, { 17, "status_request_v2" }, { 18, "signed_certificate_timestamp" },
		{ 19, "client_certificate_type" }, { 20, "server_certificate_type" }, { 21, "padding" }, { 22, "encrypt_then_mac" },
		{ 23, "extended_master_secret" }, { 24, "token_binding" }, { 25, "cached_info" }, { 26, "tls_lts" },
		{ 27, "compress_certificate" }, { 28, "record_size_limit" }, { 29, "pwd_protect" }, { 30, "pwd_clear" },
		{ 31, "password_salt" }, { 32, "ticket_pinning" }, { 33, "tls_cert_with_extern_psk" }, { 34, "delegated_credential" },
		{ 35, "session_ticket" }, { 41, "pre_shared_key" }, { 42, "early_data" }, { 43, "supported_versions" }, { 44, "cookie" },
		{ 45, "psk_key_exchange_modes" }, { 47, "certificate_authorities" }, { 48, "oid_filters" }, { 49, "post_handshake_auth" },
		{ 50, "signature_algorithms_cert" }, { 51, "key_share" }, { 52, "transparency_info" }, { 54, "connection_id" },
		{ 55, "external_id_hash" }, { 56, "external_session_id" }, { 57, "quic_transport_parameters" }, { 58, "ticket_request" },
		{ 59, "dnssec_chain" }, { 13172, "next_protocol_negotiation" }, { 17513, "application_settings" },
		{ 17613, "application_settings" }, { 0xfe0d, "encrypted_client_hello" }, { 0xff01, "renegotiation_info" } };
	return tls_is_grease(type) ? "GREASE" : FIND(names, type);
}

const char *tls_group_name(unsigned group)
{
	static const struct name names[] = { { 19, "secp192r1" }, { 21, "secp224r1" }, { 22, "secp256k1" }, { 23, "secp256r1" },
		{ 24, "secp384r1" }, { 25, "secp521r1" }, { 26, "brainpoolP256r1" }, { 27, "brainpoolP384r1" },
		{ 28, "brainpoolP512r1" }, { 29, "x25519" }, { 30, "x448" }, { 256, "ffdhe2048" }, { 257, "ffdhe3072" },
		{ 258, "ffdhe4096" }, { 259, "ffdhe6144" }, { 260, "ffdhe8192" }, { 0x0200, "MLKEM512" }, { 0x0201, "MLKEM768" },
		{ 0x0202, "MLKEM1024" }, { 0x11eb, "SecP256r1MLKEM768" }, { 0x11ec, "X25519MLKEM768" }, { 0x11ed, "SecP384r1MLKEM1024" },
		{ 0x6399, "X25519Kyber768Draft00" } };
	return tls_is_grease(group) ? "GREASE" : FIND(names, group);
}

const char *tls_scheme_name(unsigned scheme)
{
	static const struct name names[] = { { 0x0201, "rsa_pkcs1_sha1" }, { 0x0202, "dsa_sha1" }, { 0x0203, "ecdsa_sha1" },
		{ 0x0301, "rsa_pkcs1_sha224" }, { 0x0302, "dsa_sha224" }, { 0x0303, "ecdsa_sha224" }, { 0x0401, "rsa_pkcs1_sha256" },
		{ 0x0402, "dsa_sha256" }, { 0x0403, "ecdsa_secp256r1_sha256" }, { 0x0501, "rsa_pkcs1_sha384" }, { 0x0502, "dsa_sha384" },
		{ 0x0503, "ecdsa_secp384r1_sha384" }, { 0x0601, "rsa_pkcs1_sha512" }, { 0x0602, "dsa_sha512" },
		{ 0x0603, "ecdsa_secp521r1_sha512" }, { 0x0804, "rsa_pss_rsae_sha256" }, { 0x0805, "rsa_pss_rsae_sha384" },
		{ 0x0806, "rsa_pss_rsae_sha512" }, { 0x0807, "ed25519" }, { 0x0808, "ed448" }, { 0x0809, "rsa_pss_pss_sha256" },
		{ 0x080a, "rsa_pss_pss_sha384" }, { 0x080b, "rsa_pss_pss_sha512" }, { 0x081a, "ecdsa_brainpoolP256r1tls13_sha256" },
		{ 0x081b, "ecdsa_brainpoolP384r1tls13_sha384" }, { 0x081c, "ecdsa_brainpoolP512r1tls13_sha512" },
		{ 0x0904, "mldsa44" }, { 0x0905, "mldsa65" }, { 0x0906, "mldsa87" } };
	return tls_is_grease(scheme) ? "GREASE" : FIND(names, scheme);
}

const char *tls_suite_name(unsigned suite)
{
	static const struct name names[] = { { 0x1301, "TLS_AES_128_GCM_SHA256" }, { 0x1302, "TLS_AES_256_GCM_SHA384" },
		{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256" }, { 0x1304, "TLS_AES_128_CCM_SHA256" }, { 0x1305, "TLS_AES_128_CCM_8_SHA256" },
#define SUITE(number, name) { number, "TLS_" name }
		SUITE(0x0000, "NULL_WITH_NULL_NULL"), SUITE(0x0001, "RSA_WITH_NULL_MD5"), SUITE(0x0002, "RSA_WITH_NULL_SHA"),
		SUITE(0x0004, "RSA_WITH_RC4_128_MD5"), SUITE(0x0005, "RSA_WITH_RC4_128_SHA"), SUITE(0x000a, "RSA_WITH_3DES_EDE_CBC_SHA"),
		SUITE(0x0016, "DHE_RSA_WITH_3DES_EDE_CBC_SHA"), SUITE(0x002f, "RSA_WITH_AES_128_CBC_SHA"),
		SUITE(0x0032, "DHE_DSS_WITH_AES_128_CBC_SHA"), SUITE(0x0033, "DHE_RSA_WITH_AES_128_CBC_SHA"),
		SUITE(0x0034, "DH_anon_WITH_AES_128_CBC_SHA"), SUITE(0x0035, "RSA_WITH_AES_256_CBC_SHA"),
		SUITE(0x0038, "DHE_DSS_WITH_AES_256_CBC_SHA"), SUITE(0x0039, "DHE_RSA_WITH_AES_256_CBC_SHA"),
		SUITE(0x003a, "DH_anon_WITH_AES_256_CBC_SHA"), SUITE(0x003b, "RSA_WITH_NULL_SHA256"),
		SUITE(0x003c, "RSA_WITH_AES_128_CBC_SHA256"), SUITE(0x003d, "RSA_WITH_AES_256_CBC_SHA256"),
		SUITE(0x0041, "RSA_WITH_CAMELLIA_128_CBC_SHA"), SUITE(0x0045, "DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"),
		SUITE(0x0067, "DHE_RSA_WITH_AES_128_CBC_SHA256"), SUITE(0x006b, "DHE_RSA_WITH_AES_256_CBC_SHA256"),
		SUITE(0x0084, "RSA_WITH_CAMELLIA_256_CBC_SHA"), SUITE(0x0088, "DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"),
		SUITE(0x009c, "RSA_WITH_AES_128_GCM_SHA256"), SUITE(0x009d, "RSA_WITH_AES_256_GCM_SHA384"),
		SUITE(0x009e, "DHE_RSA_WITH_AES_128_GCM_SHA256"), SUITE(0x009f, "DHE_RSA_WITH_AES_256_GCM_SHA384"),
		SUITE(0x00a8, "PSK_WITH_AES_128_GCM_SHA256"), SUITE(0x00a9, "PSK_WITH_AES_256_GCM_SHA384"),
		SUITE(0x00ff, "EMPTY_RENEGOTIATION_INFO_SCSV"), SUITE(0x5600, "FALLBACK_SCSV"),
		SUITE(0xc007, "ECDHE_ECDSA_WITH_RC4_128_SHA"), SUITE(0xc008, "ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
		SUITE(0xc009, "ECDHE_ECDSA_WITH_AES_128_CBC_SHA"), SUITE(0xc00a, "ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
		SUITE(0xc011, "ECDHE_RSA_WITH_RC4_128_SHA"), SUITE(0xc012, "ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
		SUITE(0xc013, "ECDHE_RSA_WITH_AES_128_CBC_SHA"), SUITE(0xc014, "ECDHE_RSA_WITH_AES_256_CBC_SHA"),
		SUITE(0xc023, "ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"), SUITE(0xc024, "ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
		SUITE(0xc027, "ECDHE_RSA_WITH_AES_128_CBC_SHA256"), SUITE(0xc028, "ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
		SUITE(0xc02b, "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), SUITE(0xc02c, "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
		SUITE(0xc02f, "ECDHE_RSA_WITH_AES_128_GCM_SHA256"), SUITE(0xc030, "ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
		SUITE(0xc035, "ECDHE_PSK_WITH_AES_128_CBC_SHA"), SUITE(0xc036, "ECDHE_PSK_WITH_AES_256_CBC_SHA"),
		SUITE(0xc09c, "RSA_WITH_AES_128_CCM"), SUITE(0xc09d, "RSA_WITH_AES_256_CCM"), SUITE(0xc09e, "DHE_RSA_WITH_AES_128_CCM"),
		SUITE(0xc09f, "DHE_RSA_WITH_AES_256_CCM"), SUITE(0xc0ac, "ECDHE_ECDSA_WITH_AES_128_CCM"),
		SUITE(0xc0ad, "ECDHE_ECDSA_WITH_AES_256_CCM"), SUITE(0xc0ae, "ECDHE_ECDSA_WITH_AES_128_CCM_8"),
		SUITE(0xc0af, "ECDHE_ECDSA_WITH_AES_256_CCM_8"), SUITE(0xcca8, "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
		SUITE(0xcca9, "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"), SUITE(0xccaa, "DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
		SUITE(0xccab, "PSK_WITH_CHACHA20_POLY1305_SHA256"), SUITE(0xccac, "ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256") };
	return tls_is_grease(suite) ? "GREASE" : FIND(names, suite);
}
