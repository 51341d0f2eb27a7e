/* SPDX-License-Identifier: ISC */
/* tls_ca.h - a private certificate authority in two files, and certificates from it.
 *
 *     tls ca new --out lab                              // lab.pem and lab.key
 *     tls cert issue www.example.com 10.0.0.1 --ca lab  // www.example.com.pem and www.example.com.key
 *     tls ca crl stolen.pem --ca lab                    // lab.crl
 *     tls cert ocsp www.example.com.pem --ca lab        // www.example.com.ocsp
 *     tls cert show www.example.com.pem
 *
 * Each is done when it is opened; nothing is sent or waited for.
 */
#ifndef TULLE_TOOL_TLS_CA_H
#define TULLE_TOOL_TLS_CA_H

#include "tool/tool.h"

extern const char tls_ca_help[];
struct tool *tls_ca_open(int argc, const char *const *argv, struct tool_env *);   /* argv[0] is "ca" */
struct tool *tls_cert_open(int argc, const char *const *argv, struct tool_env *); /* "cert" */

#endif
