/* SPDX-License-Identifier: ISC */
#include "crypt/hash.h"
