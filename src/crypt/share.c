/* SPDX-License-Identifier: ISC */
#include "crypt/share.h"
