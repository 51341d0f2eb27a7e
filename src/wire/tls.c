/* SPDX-License-Identifier: ISC */
#include "wire/tls.h"
