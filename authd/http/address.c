/* SPDX-License-Identifier: Apache-2.0
 *
 * Client addresses. X-Forwarded-For is a list that every proxy appends to, so only its right end,
 * as far as it was written by proxies we trust, says anything; what stands left of that is the
 * client's own invention and is not even parsed. RFC 7239's Forwarded is not read.
 */
#include "http/address.h"

#include <arpa/inet.h>
#include <stdatomic.h>

#include "base/arena.h"

/* An immutable list; readers take the newest. */
struct proxies {
    struct proxies *older;
    size_t n;
    struct http_network networks[];
};

static _Atomic(struct proxies *) current;

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void address_set_proxies(const struct http_network *proxies, size_t n)
{
    struct proxies *list = xcalloc(1, sizeof(*list) + n * sizeof(*proxies));
    list->n = n;
    if (n > 0)
        memcpy(list->networks, proxies, n * sizeof(*proxies));
    list->older = atomic_load(&current);
    atomic_store(&current, list);
}

static bool in_network(const struct http_address *a, const struct http_network *network)
{
    unsigned whole = network->prefix / 8;
    unsigned bits = network->prefix % 8;
    if (memcmp(a->bytes, network->address.bytes, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xFF00U >> bits);
    return bits == 0 || ((a->bytes[whole] ^ network->address.bytes[whole]) & mask) == 0;
}

static bool is_proxy(const struct proxies *list, const struct http_address *a)
{
    for (size_t i = 0; i < list->n; i++) {
        if (in_network(a, &list->networks[i]))
            return true;
    }
    return false;
}

/* Some proxies append the client's port; an IPv6 address has one only in brackets. */
static bool without_port(struct str *text)
{
    struct str port = STR_NONE;
    size_t colon = str_find(*text, ':');
    if (text->len > 0 && text->ptr[0] == '[') {
        size_t end = str_find(*text, ']');
        if (end == text->len)
            return false;
        if (end + 1 < text->len) {
            if (text->ptr[end + 1] != ':')
                return false;
            port = str_slice(*text, end + 2, text->len);
        }
        *text = str_slice(*text, 1, end);
    } else if (colon < text->len && str_find(*text, '.') < colon) {
        port = str_slice(*text, colon + 1, text->len);
        *text = str_slice(*text, 0, colon);
    }
    int64_t number;
    return !port.ptr || (port.len <= 5 && str_to_int(port, 0, 65535, &number));
}

bool address_parse(struct str text, struct http_address *out)
{
    char z[INET6_ADDRSTRLEN];
    bool bracketed = text.len > 0 && text.ptr[0] == '[';
    if (!without_port(&text) || text.len == 0 || text.len >= sizeof(z) ||
        str_find(text, '\0') < text.len)
        return false;
    memcpy(z, text.ptr, text.len);
    z[text.len] = '\0';
    if (inet_pton(AF_INET6, z, out->bytes) == 1)
        return true;
    memcpy(out->bytes, mapped_prefix, sizeof(mapped_prefix));
    return !bracketed && inet_pton(AF_INET, z, out->bytes + sizeof(mapped_prefix)) == 1;
}

/* By hand: inet_ntop goes through printf, and every request is logged with its address. */
static void format_ipv4(const uint8_t bytes[4], char out[ADDRESS_TEXT_MAX])
{
    struct buf b = {.ptr = out, .cap = ADDRESS_TEXT_MAX};
    for (int i = 0; i < 4; i++) {
        buf_int(&b, bytes[i]);
        buf_char(&b, i < 3 ? '.' : '\0');
    }
}

void address_format(const struct http_address *address, char out[ADDRESS_TEXT_MAX])
{
    const uint8_t *bytes = address->bytes;
    bool mapped = memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
    if (mapped)
        format_ipv4(bytes + sizeof(mapped_prefix), out);
    else
        inet_ntop(AF_INET6, bytes, out, ADDRESS_TEXT_MAX);
}

/* Cuts the last element off the list. */
static bool take_last(struct str *list, struct str *element)
{
    if (!list->ptr)
        return false;
    size_t from = list->len;
    while (from > 0 && list->ptr[from - 1] != ',')
        from--;
    *element = str_trim(str_slice(*list, from, list->len));
    *list = from > 0 ? str_slice(*list, 0, from - 1) : STR_NONE;
    return true;
}

struct http_address address_of_client(struct http_address peer, struct str forwarded_for)
{
    const struct proxies *list = atomic_load(&current);
    if (!list || list->n == 0 || !forwarded_for.ptr || !is_proxy(list, &peer))
        return peer;
    struct http_address client = peer;
    struct str element;
    while (is_proxy(list, &client) && take_last(&forwarded_for, &element)) {
        if (!address_parse(element, &client))
            return peer;
    }
    return client;
}
