/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an address, an X-Forwarded-For list and an Authorization header. An address that is
 * read is the same when written and read again; a list changes nothing unless the peer is trusted.
 */
#include "base/id.h"
#include "fuzz.h"
#include "http/address.h"
#include "http/bearer.h"

static const struct http_address proxy = {{[10] = 0xff, 0xff, 10, 0, 0, 1}};
static const struct http_address stranger = {{[10] = 0xff, 0xff, 192, 0, 2, 1}};

static bool same(struct http_address a, struct http_address b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static void check_address(struct str text)
{
    struct http_address address;
    struct http_address again;
    char written[ADDRESS_TEXT_MAX];
    if (!address_parse(text, &address))
        return;
    address_format(&address, written);
    bool parsed = address_parse(str_of(written), &again);
    assert(parsed && same(address, again));
}

static void check_bearer(struct str header)
{
    struct str token;
    char kid[ID_LEN];
    bool sent = bearer_parse(header, &token) == BEARER_SENT;
    assert(sent == (token.ptr != NULL));
    for (size_t i = 0; i < token.len; i++)
        assert(token.ptr[i] > ' ' && token.ptr[i] < 0x7F && token.ptr[i] != ',');
    struct str found = bearer_kid(header, kid, sizeof(kid));
    assert(found.len <= sizeof(kid));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    struct str text = {(const char *)data, size};
    const struct http_network trusted = {{{[10] = 0xff, 0xff, 10, 0, 0, 0}}, 104};
    if (!ready)
        address_set_proxies(&trusted, 1);
    ready = true;
    check_address(text);
    check_bearer(text);
    assert(same(address_of_client(stranger, text), stranger));
    (void)address_of_client(proxy, text);
    return 0;
}
