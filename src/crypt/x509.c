/* SPDX-License-Identifier: ISC */
#include "crypt/x509.h"
