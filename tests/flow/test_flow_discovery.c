/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/json.h"
#include "crypto/jwt.h"
#include "crypto/seal.h"
#include "flow/discovery.h"
#include "flow/verify_cache.h"
#include "support/check.h"

static struct tenant tenant_with(struct arena *a, struct signing_key *keys, size_t n)
{
    return (struct tenant){.arena = a,
                           .id = {"tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA"},
                           .slug = STR("acme"),
                           .issuer = STR("https://auth.example.com/t/acme"),
                           .signing_keys = keys,
                           .signing_key_count = n};
}

static struct signing_key key_at(int64_t published, int64_t signs, int64_t leaves)
{
    struct signing_key k = {.kid = id_new("key_", published),
                            .published_at = published,
                            .signs_at = signs,
                            .leaves_at = leaves};
    uint8_t secret[64];
    ed25519_generate(k.public_key, secret);
    return k;
}

static size_t keys_in(struct str jwks)
{
    json_t *document;
    assert_int_equal(json_read(jwks, &document), ERR_OK);
    size_t n = json_array_size(json_object_get(document, "keys"));
    json_decref(document);
    return n;
}

/* J16: published before it signs, gone when it leaves; the ETag follows the bytes. */
static void j16_jwks_follows_the_keys_lives(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    struct signing_key keys[] = {key_at(200000, 300000, 0), key_at(100000, 100000, 500000)};
    struct tenant t = tenant_with(a, keys, 2);
    discovery_prebuild(&t, 130000);
    assert_int_equal(keys_in(t.jwks), 1);
    struct str first = t.jwks_etag;
    discovery_prebuild(&t, 135000);
    assert_true(str_eq(t.jwks_etag, first));
    discovery_prebuild(&t, 200000);
    assert_int_equal(keys_in(t.jwks), 2);
    assert_false(str_eq(t.jwks_etag, first));
    discovery_prebuild(&t, 500000);
    assert_int_equal(keys_in(t.jwks), 1);
    arena_destroy(a);
}

static void jwks_has_no_private_part(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    struct signing_key keys[] = {key_at(1, 1, 0)};
    struct tenant t = tenant_with(a, keys, 1);
    json_t *document;
    discovery_prebuild(&t, 10);
    assert_int_equal(json_read(t.jwks, &document), ERR_OK);
    const json_t *key = json_array_get(json_object_get(document, "keys"), 0);
    assert_string_equal(json_string_value(json_object_get(key, "kty")), "OKP");
    assert_string_equal(json_string_value(json_object_get(key, "alg")), "EdDSA");
    assert_string_equal(json_string_value(json_object_get(key, "kid")), keys[0].kid.z);
    assert_null(json_object_get(key, "d"));
    json_decref(document);
    arena_destroy(a);
}

/* B25: the metadata's issuer is the tenant's; B09: neither implicit nor password appears. */
static void b25_b09_metadata_says_what_is_true(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    struct tenant t = tenant_with(a, NULL, 0);
    discovery_prebuild(&t, 10);
    check_str(t.openid_metadata,
              "{\"issuer\":\"https://auth.example.com/t/acme\","
              "\"jwks_uri\":\"https://auth.example.com/t/acme/.well-known/jwks.json\"}");
    check_str(t.oauth_metadata,
              "{\"issuer\":\"https://auth.example.com/t/acme\","
              "\"jwks_uri\":\"https://auth.example.com/t/acme/.well-known/jwks.json\","
              "\"response_types_supported\":[],\"grant_types_supported\":[]}");
    check_str(t.jwks, "{\"keys\":[],\"tenant\":\"tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA\"}");
    assert_true(t.jwks_etag.ptr[0] == '"' && t.jwks_etag.ptr[t.jwks_etag.len - 1] == '"');
    arena_destroy(a);
}

static struct token_digest digest_of(int64_t n)
{
    return verify_cache_digest((struct str){(const char *)&n, sizeof(n)});
}

static void cache_is_bounded_and_forgets_the_soonest_first(void **state)
{
    (void)state;
    size_t kept = 0;
    struct token_facts out;
    for (int64_t n = 0; n < 3 * VERIFY_CACHE_ENTRIES; n++) {
        struct token_digest d = digest_of(n);
        struct token_facts f = {.build = (uint64_t)n, .expires_at = 1000 + n};
        verify_cache_put(&d, &f, 10);
    }
    for (int64_t n = 0; n < 3 * VERIFY_CACHE_ENTRIES; n++) {
        struct token_digest d = digest_of(n);
        if (!verify_cache_find(&d, 10, &out))
            continue;
        assert_int_equal(out.build, n);
        kept++;
    }
    assert_in_range(kept, VERIFY_CACHE_ENTRIES / 2, VERIFY_CACHE_ENTRIES);
    struct token_digest last = digest_of(3 * VERIFY_CACHE_ENTRIES - 1);
    assert_true(verify_cache_find(&last, 10, &out));
    assert_false(verify_cache_find(&last, out.expires_at, &out));
    verify_cache_thread_cleanup();
    assert_false(verify_cache_find(&last, 10, &out));
    verify_cache_thread_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(j16_jwks_follows_the_keys_lives),
        cmocka_unit_test(jwks_has_no_private_part),
        cmocka_unit_test(b25_b09_metadata_says_what_is_true),
        cmocka_unit_test(cache_is_bounded_and_forgets_the_soonest_first),
    };
    json_setup();
    if (crypto_setup() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
