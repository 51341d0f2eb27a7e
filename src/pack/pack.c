/* SPDX-License-Identifier: ISC */
#include "pack/pack.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <limits.h>
#include <zlib.h>
#include <zstd.h>

#define ZSTD_LEVEL 9
#define BROTLI_LEVEL 9

bool pack_known(unsigned kind) { return kind == PACK_ZLIB || kind == PACK_BROTLI || kind == PACK_ZSTD; }

static size_t zlib_pack(struct bytes plain, struct room out)
{
	uLongf len = out.len;
	return compress2(out.at, &len, plain.at, plain.len, Z_BEST_COMPRESSION) == Z_OK ? len : 0;
}

static size_t brotli_pack(struct bytes plain, struct room out)
{
	size_t len = out.len;
	return BrotliEncoderCompress(BROTLI_LEVEL, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, plain.len, plain.at, &len, out.at)
	       ? len : 0;
}

static size_t zstd_pack(struct bytes plain, struct room out)
{
	size_t len = ZSTD_compress(out.at, out.len, plain.at, plain.len, ZSTD_LEVEL);
	return ZSTD_isError(len) ? 0 : len;
}

size_t pack(unsigned kind, struct bytes plain, struct room out)
{
	switch (kind) {
	case PACK_ZLIB: return zlib_pack(plain, out);
	case PACK_BROTLI: return brotli_pack(plain, out);
	case PACK_ZSTD: return zstd_pack(plain, out);
	default: return 0;
	}
}

/* RFC 8879, 4: what follows the end of the packed form is an error too; so is a byte too few or too many. */
static bool zlib_unpack(struct bytes packed, struct room out)
{
	uLongf len = out.len;
	uLong used = packed.len;
	return uncompress2(out.at, &len, packed.at, &used) == Z_OK && len == out.len && used == packed.len;
}

/* Step by step: the one-call form does not say whether all of the input was used. */
static bool brotli_unpack(struct bytes packed, struct room out)
{
	BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	size_t in_left = packed.len, out_left = out.len;
	const uint8_t *in = packed.at;
	uint8_t *to = out.at;

	if (state == NULL) return false;
	BrotliDecoderResult result = BrotliDecoderDecompressStream(state, &in_left, &in, &out_left, &to, NULL);
	BrotliDecoderDestroyInstance(state);
	return result == BROTLI_DECODER_RESULT_SUCCESS && in_left == 0 && out_left == 0;
}

/* One frame and nothing behind it. It is unpacked straight into `out`, so no window is allocated for it. */
static bool zstd_unpack(struct bytes packed, struct room out)
{
	size_t frame = ZSTD_findFrameCompressedSize(packed.at, packed.len);
	if (ZSTD_isError(frame) || frame != packed.len) return false;
	size_t len = ZSTD_decompress(out.at, out.len, packed.at, packed.len);
	return !ZSTD_isError(len) && len == out.len;
}

bool unpack(unsigned kind, struct bytes packed, struct room out)
{
	switch (kind) {
	case PACK_ZLIB: return zlib_unpack(packed, out);
	case PACK_BROTLI: return brotli_unpack(packed, out);
	case PACK_ZSTD: return zstd_unpack(packed, out);
	default: return false;
	}
}
