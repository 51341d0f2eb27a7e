/* SPDX-License-Identifier: ISC */
#include "crypt/x509_parts.h"

bool x509_ocsp_look(const struct x509_path *path, const struct x509_trust *trust, const struct x509_ask *ask, struct x509_answer *a)
{
	(void)trust;
	if (ask->must_staple && ask->ocsp.len == 0)
		return x509_refuse(a, X509_REVOCATION_UNKNOWN, 0, path->at[0], "no OCSP response was stapled, but one is required");
	return true;
}
