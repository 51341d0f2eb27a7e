/* SPDX-License-Identifier: ISC */
#include "proto/tls/sessions.h"
