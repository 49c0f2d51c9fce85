/* SPDX-License-Identifier: Apache-2.0
 *
 * One HTTP exchange with the issuer, bounded in time and size. libcurl only here.
 */
#ifndef AUTHD_VERIFY_EXCHANGE_H
#define AUTHD_VERIFY_EXCHANGE_H

#include "authd/verify.h"
#include "verify/text.h"

enum { ANSWER_MAX = 64 << 10 };

struct exchanger;

struct answer {
    char *body; /* the caller's, for answer_free */
    size_t len;
    long status;
    int64_t fresh_s; /* Cache-Control and Age; -1: not said */
};

/* NULL without memory. */
struct exchanger *authdv_exchanger_new(const struct authd_verify_options *o);
void authdv_exchanger_free(struct exchanger *x);

/* GET, or POST of a JSON body with the secret key. NULL, or a constant sentence on what failed;
 * a redirect is a status like any other. */
const char *authdv_get(struct exchanger *x, const char *url, struct answer *out);
const char *authdv_post(struct exchanger *x, const char *url, struct slice json,
                        struct answer *out);
void authdv_answer_free(struct answer *a);

/* max-age in the value of Cache-Control: 0 for no-store and no-cache, -1 when it says nothing. */
int64_t authdv_max_age(const char *cache_control);

/* An absolute URL without user, query or fragment and without a slash at its end: https, or http to
 * loopback or where that is allowed. NULL, or what is wrong. */
const char *authdv_url_complaint(const char *url, bool allow_http);

#endif
