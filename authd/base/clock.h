/* SPDX-License-Identifier: Apache-2.0
 *
 * Times and durations. Wall time is int64_t milliseconds since 1970 UTC and is passed into rules,
 * never read there; waiting uses the monotonic clock. Durations are int64_t seconds written `30s
 * 15m 8h 30d`.
 */
#ifndef AUTHD_BASE_CLOCK_H
#define AUTHD_BASE_CLOCK_H

#include "base/str.h"

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
/* CPU time of this thread, for the slow-callback watchdog and the benches. */
int64_t clock_thread_cpu_us(void);

/* "2026-11-21T22:47:03.123Z" */
#define TIME_TEXT_LEN 24
void time_format(int64_t wall_ms, char out[TIME_TEXT_LEN + 1]);
/* RFC 3339 with Z or an offset, optional fraction. */
bool time_parse(struct str s, int64_t *wall_ms);

/* A number and one of s m h d, or "0"; false when malformed, negative or over 400 days. */
bool duration_parse(struct str s, int64_t *seconds);
/* The largest unit that divides evenly: 28800 -> "8h", 0 -> "0". */
#define DURATION_TEXT_LEN 24
void duration_format(int64_t seconds, char out[DURATION_TEXT_LEN]);

#endif
