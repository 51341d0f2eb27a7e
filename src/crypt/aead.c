/* SPDX-License-Identifier: ISC */
#include "crypt/aead.h"
