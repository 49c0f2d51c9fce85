/* SPDX-License-Identifier: Apache-2.0
 *
 * Who sent a request, behind proxies that are known and none that are not.
 */
#ifndef AUTHD_HTTP_ADDRESS_H
#define AUTHD_HTTP_ADDRESS_H

#include "http/http.h"

enum { ADDRESS_TEXT_MAX = 46 };

/* The list is copied. Earlier lists stay allocated: a loop may still be reading one. */
void address_set_proxies(const struct http_network *proxies, size_t n);

/* The peer, unless it is a trusted proxy: then the rightmost address of X-Forwarded-For that is not
 * one (the leftmost when all are). A list that cannot be read up to there is not believed: the
 * peer. */
struct http_address address_of_client(struct http_address peer, struct str forwarded_for);

/* IPv4, IPv6, [IPv6], and with :port what has one. IPv4 becomes v4-mapped. */
bool address_parse(struct str text, struct http_address *out);
/* "192.0.2.1" or "2001:db8::1", NUL-terminated. */
void address_format(const struct http_address *address, char out[ADDRESS_TEXT_MAX]);

#endif
