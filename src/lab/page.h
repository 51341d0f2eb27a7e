/* SPDX-License-Identifier: ISC */
/* page.h - the page of report.h without its data: what stands before it and after it. Made from web/. */
#ifndef TULLE_LAB_PAGE_H
#define TULLE_LAB_PAGE_H

#include "base/bytes.h"

extern const struct bytes page_before, page_after;

#endif
