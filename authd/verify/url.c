/* SPDX-License-Identifier: Apache-2.0
 *
 * Which URLs an issuer may have. libcurl's own parser takes them apart, so that what is judged here
 * is what will be connected to.
 */
#include <arpa/inet.h>
#include <curl/curl.h>

#include "verify/exchange.h"

enum { URL_LEN_MAX = 1024 };

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static bool part_is(CURLU *u, CURLUPart part, bool (*test)(const char *))
{
    char *value = NULL;
    bool holds = curl_url_get(u, part, &value, 0) == CURLUE_OK && test(value);
    curl_free(value);
    return holds;
}

static bool is_https(const char *scheme)
{
    return strcmp(scheme, "https") == 0;
}

static bool is_http(const char *scheme)
{
    return strcmp(scheme, "http") == 0;
}

static const char *complaint_about(CURLU *u, bool allow_http)
{
    if (part_is(u, CURLUPART_SCHEME, is_https))
        return NULL;
    if (!part_is(u, CURLUPART_SCHEME, is_http))
        return "the URL is neither https nor http";
    if (allow_http || part_is(u, CURLUPART_HOST, is_loopback))
        return NULL;
    return "http beyond loopback needs allow_http";
}

/* Spelled as it will be compared with iss: nothing that a parser would tidy up, no user, query or
 * fragment. */
static bool is_plain(const char *url, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (url[i] <= ' ' || url[i] >= 127 || strchr("\\?#@\"<>", url[i]))
            return false;
    }
    return n > 0 && url[n - 1] != '/';
}

const char *authdv_url_complaint(const char *url, bool allow_http)
{
    size_t n = strnlen(url, URL_LEN_MAX + 1);
    if (n > URL_LEN_MAX)
        return "the URL is too long";
    if (!is_plain(url, n))
        return "the URL has a blank, a user, a query, a fragment or a slash at its end";
    CURLU *u = curl_url();
    if (!u)
        return "out of memory";
    const char *complaint = curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK
                                ? complaint_about(u, allow_http)
                                : "not an absolute URL";
    curl_url_cleanup(u);
    return complaint;
}
