/* SPDX-License-Identifier: Apache-2.0
 *
 * Times and durations as text, against known instants and against themselves.
 */
#include "base/clock.h"

#include <time.h>

#include "support/check.h"

static void check_time(int64_t ms, const char *text)
{
    char out[TIME_TEXT_LEN + 1];
    int64_t back;
    time_format(ms, out);
    assert_string_equal(out, text);
    assert_true(time_parse(str_of(text), &back));
    assert_int_equal(back, ms);
}

static void test_known_instants(void **state)
{
    (void)state;
    check_time(0, "1970-01-01T00:00:00.000Z");
    check_time(-1, "1969-12-31T23:59:59.999Z");
    check_time(951782400000, "2000-02-29T00:00:00.000Z");
    check_time(2147483648000, "2038-01-19T03:14:08.000Z");
    check_time(1795301223123, "2026-11-21T22:47:03.123Z");
    check_time(253402300799999, "9999-12-31T23:59:59.999Z");
    check_time(-62167219200000, "0000-01-01T00:00:00.000Z");
}

static void test_every_day_of_the_calendar(void **state)
{
    (void)state;
    for (int64_t day = -719528; day < 2932897; day += 97) {
        char out[TIME_TEXT_LEN + 1];
        char libc[TIME_TEXT_LEN + 1];
        struct tm tm;
        time_t seconds = (time_t)(day * 86400);
        time_format(day * 86400000, out);
        assert_non_null(gmtime_r(&seconds, &tm));
        strftime(libc, sizeof(libc), "-%m-%dT%H:%M:%S.000Z", &tm);
        assert_string_equal(out + 4, libc);
        int64_t back;
        assert_true(time_parse(str_of(out), &back));
        assert_int_equal(back, day * 86400000);
    }
}

static void test_out_of_the_calendar(void **state)
{
    (void)state;
    char out[TIME_TEXT_LEN + 1];
    time_format(INT64_MAX, out);
    assert_string_equal(out, "9999-12-31T23:59:59.999Z");
    time_format(INT64_MIN, out);
    assert_string_equal(out, "0000-01-01T00:00:00.000Z");
}

static void test_parses_offsets_and_fractions(void **state)
{
    (void)state;
    int64_t ms;
    assert_true(time_parse(STR("1970-01-01T01:00:00+01:00"), &ms));
    assert_int_equal(ms, 0);
    assert_true(time_parse(STR("1969-12-31T19:30:00.5-04:30"), &ms));
    assert_int_equal(ms, 500);
    assert_true(time_parse(STR("1970-01-01T00:00:00.123987654321Z"), &ms));
    assert_int_equal(ms, 123);
}

static void test_refuses_malformed_times(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-11-21",
        "2026-11-21T22:47:03",
        "2026-11-21t22:47:03Z",
        "2026-11-21 22:47:03Z",
        "2026-11-21T22:47:03z",
        "2026-11-21T22:47Z",
        "2026-13-21T22:47:03Z",
        "2026-00-21T22:47:03Z",
        "2026-11-31T22:47:03Z",
        "2026-02-29T22:47:03Z",
        "2100-02-29T22:47:03Z",
        "2026-11-00T22:47:03Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T22:60:03Z",
        "2026-11-21T22:47:60Z",
        "2026-11-21T22:47:03.Z",
        "2026-11-21T22:47:03.1",
        "2026-11-21T22:47:03ZZ",
        "2026-11-21T22:47:03+0100",
        "2026-11-21T22:47:03+24:00",
        "2026-11-21T22:47:03+01:60",
        "-026-11-21T22:47:03Z",
        "2026-1 -21T22:47:03Z",
    };
    int64_t ms;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(time_parse(str_of(bad[i]), &ms));
}

static void check_duration(const char *text, int64_t seconds, const char *canonical)
{
    char out[DURATION_TEXT_LEN];
    int64_t parsed;
    assert_true(duration_parse(str_of(text), &parsed));
    assert_int_equal(parsed, seconds);
    duration_format(seconds, out);
    assert_string_equal(out, canonical);
}

static void test_durations(void **state)
{
    (void)state;
    check_duration("0", 0, "0");
    check_duration("0m", 0, "0");
    check_duration("30s", 30, "30s");
    check_duration("90s", 90, "90s");
    check_duration("15m", 900, "15m");
    check_duration("8h", 28800, "8h");
    check_duration("480m", 28800, "8h");
    check_duration("24h", 86400, "1d");
    check_duration("400d", 34560000, "400d");
    check_duration("34560000s", 34560000, "400d");
}

static void test_refuses_malformed_durations(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",   "1",    "s",    "-1s", "+1s",       "1 s", "1S",
        "1w", "1.5h", "401d", "1hh", "34560001s", " 1s", "99999999999999999999s"};
    int64_t seconds;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(duration_parse(str_of(bad[i]), &seconds));
}

static void test_largest_duration_fits(void **state)
{
    (void)state;
    char out[DURATION_TEXT_LEN];
    duration_format(INT64_MAX, out);
    assert_string_equal(out, "9223372036854775807s");
    duration_format(-1, out);
    assert_string_equal(out, "0");
}

static void test_clocks_move(void **state)
{
    (void)state;
    int64_t mono = clock_mono_us();
    assert_true(clock_wall_ms() > 1700000000000);
    assert_true(clock_mono_ms() >= mono / 1000);
    assert_true(clock_mono_us() >= mono);
    assert_true(clock_thread_cpu_us() > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_instants),
        cmocka_unit_test(test_every_day_of_the_calendar),
        cmocka_unit_test(test_out_of_the_calendar),
        cmocka_unit_test(test_parses_offsets_and_fractions),
        cmocka_unit_test(test_refuses_malformed_times),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_refuses_malformed_durations),
        cmocka_unit_test(test_largest_duration_fits),
        cmocka_unit_test(test_clocks_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
