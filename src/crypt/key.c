/* SPDX-License-Identifier: ISC */
#include "crypt/key.h"
