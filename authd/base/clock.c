/* SPDX-License-Identifier: Apache-2.0
 *
 * The clocks of the kernel, and times and durations as text. The calendar is our own arithmetic
 * (proleptic Gregorian, years 0 to 9999): no locale, no time zone, no leap seconds.
 */
#include "base/clock.h"

#include <time.h>

enum { MS_PER_DAY = 86400000, DAYS_MAX = 400 };

static int64_t read_us(clockid_t id)
{
    struct timespec t = {0};
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_thread_cpu_us(void)
{
    return read_us(CLOCK_THREAD_CPUTIME_ID);
}

struct date {
    int64_t year;
    int64_t month;
    int64_t day;
};

/* Days since 1970-01-01. Years are counted from March so that the leap day comes last, in eras of
 * 400 years. */
static int64_t days_from_date(struct date d)
{
    int64_t year = d.year + 400 - (d.month <= 2);
    int64_t era = year / 400;
    int64_t year_of_era = year % 400;
    int64_t day_of_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (era - 1) * 146097 + day_of_era - 719468;
}

static struct date date_from_days(int64_t days)
{
    int64_t shifted = days + 719468 + 146097;
    int64_t era = shifted / 146097;
    int64_t day_of_era = shifted % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct date d = {.day = day_of_year - (153 * month + 2) / 5 + 1};
    d.month = month < 10 ? month + 3 : month - 9;
    d.year = year_of_era + (era - 1) * 400 + (d.month <= 2);
    return d;
}

static char *put_digits(char *to, int64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + width;
}

static int64_t clamp_to_calendar(int64_t wall_ms)
{
    const int64_t first = days_from_date((struct date){0, 1, 1}) * MS_PER_DAY;
    const int64_t end = days_from_date((struct date){10000, 1, 1}) * MS_PER_DAY;
    if (wall_ms < first)
        return first;
    return wall_ms < end ? wall_ms : end - 1;
}

void time_format(int64_t wall_ms, char out[TIME_TEXT_LEN + 1])
{
    wall_ms = clamp_to_calendar(wall_ms);
    int64_t ms = (wall_ms % MS_PER_DAY + MS_PER_DAY) % MS_PER_DAY;
    struct date d = date_from_days((wall_ms - ms) / MS_PER_DAY);
    memcpy(out, "0000-00-00T00:00:00.000Z", TIME_TEXT_LEN + 1);
    put_digits(out, d.year, 4);
    put_digits(out + 5, d.month, 2);
    put_digits(out + 8, d.day, 2);
    put_digits(out + 11, ms / 3600000, 2);
    put_digits(out + 14, ms / 60000 % 60, 2);
    put_digits(out + 17, ms / 1000 % 60, 2);
    put_digits(out + 20, ms % 1000, 3);
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* The digits at [from, from + n) as a number within [min, max]. */
static bool field(struct str s, size_t from, size_t n, int64_t min, int64_t max, int64_t *out)
{
    return from + n <= s.len && str_to_int(str_slice(s, from, from + n), min, max, out);
}

static bool char_at(struct str s, size_t at, char c)
{
    return at < s.len && s.ptr[at] == c;
}

static bool parse_date(struct str s, int64_t *days)
{
    struct date d;
    if (!field(s, 0, 4, 0, 9999, &d.year) || !char_at(s, 4, '-') ||
        !field(s, 5, 2, 1, 12, &d.month) || !char_at(s, 7, '-') ||
        !field(s, 8, 2, 1, days_in_month(d.year, d.month), &d.day))
        return false;
    *days = days_from_date(d);
    return true;
}

static bool parse_time_of_day(struct str s, int64_t *ms)
{
    int64_t hour;
    int64_t minute;
    int64_t second;
    if (!field(s, 0, 2, 0, 23, &hour) || !char_at(s, 2, ':') || !field(s, 3, 2, 0, 59, &minute) ||
        !char_at(s, 5, ':') || !field(s, 6, 2, 0, 59, &second))
        return false;
    *ms = ((hour * 60 + minute) * 60 + second) * 1000;
    return true;
}

/* Takes ".123456" off the front; what is finer than a millisecond is cut. */
static bool take_fraction(struct str *s, int64_t *ms)
{
    *ms = 0;
    if (!char_at(*s, 0, '.'))
        return true;
    size_t n = 0;
    int64_t weight = 100;
    while (n + 1 < s->len && s->ptr[n + 1] >= '0' && s->ptr[n + 1] <= '9') {
        *ms += (s->ptr[n + 1] - '0') * weight;
        weight /= 10;
        n++;
    }
    *s = str_slice(*s, n + 1, s->len);
    return n > 0;
}

static bool parse_offset(struct str s, int64_t *ms)
{
    int64_t hour;
    int64_t minute;
    *ms = 0;
    if (str_eq(s, STR("Z")))
        return true;
    if (s.len != 6 || (s.ptr[0] != '+' && s.ptr[0] != '-') || !field(s, 1, 2, 0, 23, &hour) ||
        s.ptr[3] != ':' || !field(s, 4, 2, 0, 59, &minute))
        return false;
    *ms = (hour * 60 + minute) * (s.ptr[0] == '-' ? -60000 : 60000);
    return true;
}

bool time_parse(struct str s, int64_t *wall_ms)
{
    int64_t days;
    int64_t time_of_day;
    int64_t fraction;
    int64_t offset;
    if (!parse_date(s, &days) || !char_at(s, 10, 'T') ||
        !parse_time_of_day(str_slice(s, 11, s.len), &time_of_day))
        return false;
    struct str rest = str_slice(s, 19, s.len);
    if (!take_fraction(&rest, &fraction) || !parse_offset(rest, &offset))
        return false;
    *wall_ms = days * MS_PER_DAY + time_of_day + fraction - offset;
    return true;
}

struct unit {
    char name;
    int64_t seconds;
};

static const struct unit units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
enum { UNIT_COUNT = sizeof(units) / sizeof(units[0]) };

bool duration_parse(struct str s, int64_t *seconds)
{
    *seconds = 0;
    if (str_eq(s, STR("0")))
        return true;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (s.len < 2 || s.ptr[s.len - 1] != units[i].name)
            continue;
        int64_t n;
        int64_t max = (int64_t)DAYS_MAX * 86400 / units[i].seconds;
        if (!str_to_int(str_slice(s, 0, s.len - 1), 0, max, &n))
            return false;
        *seconds = n * units[i].seconds;
        return true;
    }
    return false;
}

static size_t count_digits(uint64_t v)
{
    size_t n = 1;
    while (v >= 10) {
        v /= 10;
        n++;
    }
    return n;
}

void duration_format(int64_t seconds, char out[DURATION_TEXT_LEN])
{
    memcpy(out, "0", 2);
    if (seconds <= 0)
        return;
    size_t i = 0;
    while (seconds % units[i].seconds != 0)
        i++;
    int64_t n = seconds / units[i].seconds;
    char *end = put_digits(out, n, (int)count_digits((uint64_t)n));
    end[0] = units[i].name;
    end[1] = '\0';
}
