/* SPDX-License-Identifier: ISC */
#include "proto/tls/keylog.h"
