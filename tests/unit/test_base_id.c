/* SPDX-License-Identifier: Apache-2.0
 *
 * Ids and randomness: one spelling per id, order by time, and no randomness shared with a forked
 * child.
 */
#include "base/id.h"

#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

static void test_new_ids(void **state)
{
    (void)state;
    struct id a = id_new("usr_", 1469918176385);
    struct id b = id_new("usr_", 1469918176385);
    struct id later = id_new("usr_", 1469918176386);
    assert_memory_equal(a.z, "usr_01ARYZ6S41", 14);
    assert_int_equal(strlen(a.z), ID_LEN);
    assert_false(id_eq(&a, &b));
    assert_true(strcmp(later.z, a.z) > 0 && strcmp(later.z, b.z) > 0);
}

static void test_bytes_round_trip(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint8_t bytes[ULID_BYTES];
        struct id a = id_new("ses_", INT64_C(1) << 40);
        struct id parsed;
        id_to_bytes(&a, bytes);
        struct id b = id_from_bytes("ses_", bytes);
        assert_true(id_eq(&a, &b));
        assert_true(id_parse(id_str(&a), "ses_", &parsed));
        assert_true(id_eq(&a, &parsed));
    }
}

static void test_largest(void **state)
{
    (void)state;
    uint8_t bytes[ULID_BYTES];
    memset(bytes, 0xFF, sizeof(bytes));
    struct id id = id_from_bytes("usr_", bytes);
    assert_string_equal(id.z, "usr_7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

static void test_refuses_other_spellings(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "usr_",
        "usr_01JD9W8V3S8Q3ZK6T4N0E2M5R",
        "usr_01JD9W8V3S8Q3ZK6T4N0E2M5RAA",
        "ses_01JD9W8V3S8Q3ZK6T4N0E2M5RA",
        "usr_01jd9w8v3s8q3zk6t4n0e2m5ra",
        "usr_01JD9W8V3S8Q3ZK6T4N0E2M5RI",
        "usr_01JD9W8V3S8Q3ZK6T4N0E2M5RL",
        "usr_O1JD9W8V3S8Q3ZK6T4N0E2M5RA",
        "usr_U1JD9W8V3S8Q3ZK6T4N0E2M5RA",
        "usr_81JD9W8V3S8Q3ZK6T4N0E2M5RA",
    };
    struct id id;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(id_parse(str_of(bad[i]), "usr_", &id));
        assert_int_equal(id_str(&id).len, 0);
    }
    assert_false(id_parse((struct str){"usr_01JD9W8V3S8Q3ZK6T4N0E2M5R\0", ID_LEN}, "usr_", &id));
    assert_true(id_parse(STR("usr_01JD9W8V3S8Q3ZK6T4N0E2M5RA"), "usr_", &id));
    assert_int_equal(id_str(&id).len, ID_LEN);
}

static void test_random_below(void **state)
{
    (void)state;
    unsigned seen[10] = {0};
    for (int i = 0; i < 10000; i++)
        seen[random_below(10)]++;
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], 700, 1300);
    assert_int_equal(random_below(0), 0);
    assert_int_equal(random_below(1), 0);
}

static void test_random_sizes(void **state)
{
    (void)state;
    uint8_t a[2000] = {0};
    uint8_t b[2000] = {0};
    for (size_t n = 16; n <= sizeof(a); n += 31) {
        random_bytes(a, n);
        random_bytes(b, n);
        assert_memory_not_equal(a, b, n);
    }
}

static void test_child_draws_its_own(void **state)
{
    (void)state;
    uint8_t ours[16];
    uint8_t theirs[16] = {0};
    int ends[2];
    random_bytes(ours, sizeof(ours));
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        random_bytes(theirs, sizeof(theirs));
        _exit(write(ends[1], theirs, sizeof(theirs)) == sizeof(theirs) ? 0 : 1);
    }
    random_bytes(ours, sizeof(ours));
    assert_int_equal(read(ends[0], theirs, sizeof(theirs)), sizeof(theirs));
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_memory_not_equal(ours, theirs, sizeof(ours));
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_ids),
        cmocka_unit_test(test_bytes_round_trip),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_refuses_other_spellings),
        cmocka_unit_test(test_random_below),
        cmocka_unit_test(test_random_sizes),
        cmocka_unit_test(test_child_draws_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
