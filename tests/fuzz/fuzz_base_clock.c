/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a time, a duration and an id: what is accepted survives being written and read
 * again.
 */
#include "base/clock.h"
#include "base/id.h"
#include "fuzz.h"

static void check_time(struct str text)
{
    char out[TIME_TEXT_LEN + 1];
    int64_t ms;
    int64_t again;
    if (!time_parse(text, &ms))
        return;
    time_format(ms, out);
    bool parsed = time_parse(str_of(out), &again);
    assert(parsed);
    /* An offset can carry the first and last day out of the calendar, where formatting stops. */
    bool at_the_edge = str_starts(text, STR("0000-01-01")) || str_starts(text, STR("9999-12-31"));
    assert(again == ms || at_the_edge);
}

static void check_duration(struct str text)
{
    char out[DURATION_TEXT_LEN];
    int64_t seconds;
    int64_t again;
    if (!duration_parse(text, &seconds))
        return;
    assert(seconds >= 0 && seconds <= 400 * 86400);
    duration_format(seconds, out);
    bool parsed = duration_parse(str_of(out), &again);
    assert(parsed && again == seconds);
}

static void check_id(struct str text)
{
    struct id id;
    uint8_t bytes[ULID_BYTES];
    if (!id_parse(text, "usr_", &id))
        return;
    id_to_bytes(&id, bytes);
    struct id again = id_from_bytes("usr_", bytes);
    assert(id_eq(&id, &again) && str_eq(id_str(&id), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    check_time(text);
    check_duration(text);
    check_id(text);
    return 0;
}
