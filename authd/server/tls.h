/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS for clients: one context per process, replaced as a whole when certificates are reloaded.
 * Sessions resume by tickets whose keys belong to the process, so a reload does not cost everybody
 * a full handshake.
 */
#ifndef AUTHD_SERVER_TLS_H
#define AUTHD_SERVER_TLS_H

#include <openssl/ssl.h>

#include "server/settings.h"

/* NULL after logging what is wrong with which file. */
SSL_CTX *tls_create(const struct settings *s);

#endif
