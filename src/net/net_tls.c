/* SPDX-License-Identifier: ISC */
#include "net/net_tls.h"
