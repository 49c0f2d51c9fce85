/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

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

static void drop_documents(struct tenant *t)
{
    struct tenant_documents *d = t->documents;
    if (d)
        arena_destroy(d->arena);
    t->documents = NULL;
}

/* As a new snapshot's first reader would find them. */
static const struct tenant_documents *documents_at(struct tenant *t, int64_t now)
{
    drop_documents(t);
    return tenant_documents(t, now);
}

/* J16: published before it signs, gone when it leaves; the ETag follows the bytes. */
static void j16_jwks_follows_the_keys_lives(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    struct signing_key keys[] = {key_at(200000, 300000, 0), key_at(100000, 100000, 500000)};
    struct tenant t = tenant_with(a, keys, 2);
    struct document jwks = documents_at(&t, 130000)->jwks;
    assert_int_equal(keys_in(jwks.body), 1);
    struct str first = str_copy(a, jwks.etag);
    assert_true(str_eq(documents_at(&t, 135000)->jwks.etag, first));
    jwks = documents_at(&t, 200000)->jwks;
    assert_int_equal(keys_in(jwks.body), 2);
    assert_false(str_eq(jwks.etag, first));
    assert_int_equal(keys_in(documents_at(&t, 500000)->jwks.body), 1);
    drop_documents(&t);
    arena_destroy(a);
}

static void jwks_has_no_private_part(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    struct signing_key keys[] = {key_at(1, 1, 0)};
    struct tenant t = tenant_with(a, keys, 1);
    json_t *document;
    assert_int_equal(json_read(documents_at(&t, 10)->jwks.body, &document), ERR_OK);
    const json_t *key = json_array_get(json_object_get(document, "keys"), 0);
    assert_string_equal(json_string_value(json_object_get(key, "kty")), "OKP");
    assert_string_equal(json_string_value(json_object_get(key, "alg")), "EdDSA");
    assert_string_equal(json_string_value(json_object_get(key, "kid")), keys[0].kid.z);
    assert_null(json_object_get(key, "d"));
    json_decref(document);
    drop_documents(&t);
    arena_destroy(a);
}

/* B25: the metadata's issuer is the tenant's; B09: neither implicit nor password appears. */
static void b25_b09_metadata_says_what_is_true(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    struct tenant t = tenant_with(a, NULL, 0);
    const struct tenant_documents *d = documents_at(&t, 10);
    check_str(d->openid_metadata.body,
              "{\"issuer\":\"https://auth.example.com/t/acme\","
              "\"jwks_uri\":\"https://auth.example.com/t/acme/.well-known/jwks.json\"}");
    check_str(d->oauth_metadata.body,
              "{\"issuer\":\"https://auth.example.com/t/acme\","
              "\"jwks_uri\":\"https://auth.example.com/t/acme/.well-known/jwks.json\","
              "\"response_types_supported\":[],\"grant_types_supported\":[]}");
    check_str(d->jwks.body, "{\"keys\":[]}");
    struct str etag = d->jwks.etag;
    assert_true(etag.ptr[0] == '"' && etag.ptr[etag.len - 1] == '"');
    drop_documents(&t);
    arena_destroy(a);
}

/* Loops that ask a snapshot for the first time together are all given the same documents. */
enum { ASKING = 4, SNAPSHOTS = 200 };
static struct tenant shared[SNAPSHOTS];

static void *ask_all(void *arg)
{
    const struct tenant_documents **got = arg;
    size_t whole = 0;
    for (size_t i = 0; i < SNAPSHOTS; i++) {
        got[i] = tenant_documents(&shared[i], 10);
        whole += str_eq(got[i]->jwks.body, STR("{\"keys\":[]}"));
    }
    return (void *)whole;
}

static void documents_are_made_once(void **state)
{
    (void)state;
    static const struct tenant_documents *got[ASKING][SNAPSHOTS];
    pthread_t threads[ASKING];
    for (size_t i = 0; i < SNAPSHOTS; i++)
        shared[i] = tenant_with(NULL, NULL, 0);
    for (size_t i = 0; i < ASKING; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_all, got[i]), 0);
    for (size_t i = 0; i < ASKING; i++) {
        void *whole;
        pthread_join(threads[i], &whole);
        assert_int_equal((size_t)whole, SNAPSHOTS);
    }
    for (size_t i = 0; i < SNAPSHOTS; i++) {
        for (size_t k = 1; k < ASKING; k++)
            assert_ptr_equal(got[k][i], got[0][i]);
        drop_documents(&shared[i]);
    }
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
        cmocka_unit_test(documents_are_made_once),
        cmocka_unit_test(cache_is_bounded_and_forgets_the_soonest_first),
    };
    json_setup();
    if (crypto_setup() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
