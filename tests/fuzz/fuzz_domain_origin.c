/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an origin, as an Origin header and as an issuer: what is accepted is canonical
 * already when read again, made of harmless characters, and allowed only to a tenant that listed
 * exactly it.
 */
#include "base/arena.h"
#include "domain/tenant.h"
#include "fuzz.h"

static void check_characters(struct str origin)
{
    for (size_t i = 0; i < origin.len; i++) {
        char c = origin.ptr[i];
        bool lower = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        assert(lower || (c != '\0' && strchr(":/.-_[]", c)));
    }
}

static void check_canonical(struct arena *a, struct str text)
{
    struct str origin;
    struct str again;
    if (!origin_parse(a, text, &origin))
        return;
    check_characters(origin);
    assert(str_starts(origin, STR("http://")) || str_starts(origin, STR("https://")));
    bool parsed = origin_parse(a, origin, &again);
    assert(parsed && str_eq(origin, again));
    struct tenant t = {.policy.allowed_origins = {&origin, 1}};
    assert(tenant_allows_origin(&t, origin));
    assert(tenant_allows_origin(&t, text) == str_eq(text, origin));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_create(1024);
    struct str text = {(const char *)data, size};
    struct str listed = STR("https://app.acme.com");
    struct tenant t = {.issuer = STR("https://id.example.com/t/acme"),
                       .policy.allowed_origins = {&listed, 1}};
    check_canonical(a, text);
    bool own = str_eqz(text, "https://id.example.com");
    assert(tenant_allows_origin(&t, text) == (own || str_eq(text, listed)));
    t = (struct tenant){.issuer = text};
    assert(!tenant_allows_origin(&t, STR("null")));
    arena_destroy(a);
    return 0;
}
