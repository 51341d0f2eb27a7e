/* SPDX-License-Identifier: ISC */
#include "crypt/crypt.h"
