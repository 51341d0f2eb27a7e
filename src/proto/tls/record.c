/* SPDX-License-Identifier: ISC */
#include "proto/tls/inside.h"
