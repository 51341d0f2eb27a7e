/* SPDX-License-Identifier: ISC */
#include "pack/pack.h"
