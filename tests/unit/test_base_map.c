/* SPDX-License-Identifier: Apache-2.0
 *
 * The map against a plain array that does the same, and SipHash against its authors' vectors.
 */
#include "base/map.h"

#include "base/id.h"
#include "base/siphash.h"
#include "support/check.h"

enum { VALUES = 300, HASHES = 40 };

static int values[VALUES];

static bool holds(const struct map *m, uint64_t hash, const void *value)
{
    size_t pos = 0;
    unsigned hits = 0;
    void *at;
    while ((at = map_next(m, hash, &pos)))
        hits += at == value;
    assert_true(hits <= 1);
    return hits == 1;
}

static size_t count(const struct map *m)
{
    size_t pos = 0;
    size_t n = 0;
    while (map_each(m, &pos))
        n++;
    return n;
}

static void test_empty(void **state)
{
    (void)state;
    struct map m = {0};
    assert_false(holds(&m, 1, values));
    assert_false(map_remove(&m, 1, values));
    assert_int_equal(count(&m), 0);
    map_free(&m);
}

static void test_against_an_array(void **state)
{
    (void)state;
    struct map m = {0};
    bool present[VALUES] = {false};
    size_t n = 0;
    for (int step = 0; step < 20000; step++) {
        uint32_t i = random_below(VALUES);
        uint64_t hash = i % HASHES;
        if (present[i])
            assert_true(map_remove(&m, hash, &values[i]));
        else
            map_put(&m, hash, &values[i]);
        present[i] = !present[i];
        n = present[i] ? n + 1 : n - 1;
        assert_int_equal(holds(&m, hash, &values[i]), present[i]);
        assert_int_equal(m.used, n);
    }
    for (size_t i = 0; i < VALUES; i++)
        assert_int_equal(holds(&m, i % HASHES, &values[i]), present[i]);
    assert_int_equal(count(&m), n);
    map_free(&m);
}

static void test_stays_small(void **state)
{
    (void)state;
    struct map m = {0};
    for (uint64_t i = 0; i < 10000; i++) {
        map_put(&m, i, values);
        assert_true(map_remove(&m, i, values));
    }
    assert_true(m.cap <= 64);
    map_free(&m);
}

static void test_siphash_vectors(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd), UINT64_C(0x0d6c8009d9a94f5a),
        UINT64_C(0x85676696d7fb7e2d), UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
        UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137), UINT64_C(0x93f5f5799a932462),
    };
    struct siphash_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    static const char data[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    for (size_t n = 0; n < sizeof(expected) / sizeof(expected[0]); n++)
        assert_true(siphash(key, (struct str){data, n}) == expected[n]);
    assert_true(siphash(key, (struct str){data, 15}) == UINT64_C(0xa129ca6149be45e5));
}

static void test_map_hash(void **state)
{
    (void)state;
    assert_true(map_hash(STR("a")) == map_hash(STR("a")));
    assert_true(map_hash(STR("a")) != map_hash(STR("b")));
    assert_true(map_hash(STR_NONE) == map_hash(STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),       cmocka_unit_test(test_against_an_array),
        cmocka_unit_test(test_stays_small), cmocka_unit_test(test_siphash_vectors),
        cmocka_unit_test(test_map_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
