/* SPDX-License-Identifier: ISC */
#include "proto/tls/tickets.h"
