/* SPDX-License-Identifier: ISC */
/* pack.h - compression, the libraries': zlib, brotli, zstd. The only room that sees them.
 *
 * Numbers are IANA's TLS Certificate Compression Algorithm IDs (RFC 8879).
 */
#ifndef TULLE_PACK_PACK_H
#define TULLE_PACK_PACK_H

#include "base/bytes.h"

enum pack_kind { PACK_ZLIB = 1, PACK_BROTLI = 2, PACK_ZSTD = 3 };

bool pack_known(unsigned kind);
/* The packed length; 0: it does not fit (or is not known). */
size_t pack(unsigned kind, struct bytes plain, struct room out);
/* Whether it unpacks to exactly out.len bytes and not one more (a bomb stops there). */
bool unpack(unsigned kind, struct bytes packed, struct room out);

#endif
