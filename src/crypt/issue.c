/* SPDX-License-Identifier: ISC */
#include "crypt/issue.h"
