/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a request head. What is accepted has, read in the plainest way, one Host, at most
 * one way to frame a body, and no line ending but CRLF.
 */
#include "base/arena.h"
#include "fuzz.h"
#include "http/http.h"

static unsigned count_headers(struct str head, const char *name)
{
    struct str rest = head;
    struct str line;
    unsigned n = 0;
    while (str_split(&rest, '\n', &line)) {
        size_t colon = str_find(line, ':');
        n += colon < line.len && str_ieq(str_trim(str_slice(line, 0, colon)), str_of(name));
    }
    return n;
}

static struct str head_of(struct str raw)
{
    size_t from = str_starts(raw, STR("\r\n")) ? 2 : 0;
    const char *end = memmem(raw.ptr + from, raw.len - from, "\r\n\r\n", 4);
    return end ? str_slice(raw, from, (size_t)(end - raw.ptr) + 2) : str_slice(raw, from, raw.len);
}

static void check_accepted(struct str head)
{
    assert(head.len <= 16 * 1024);
    for (size_t i = 0; i < head.len; i++) {
        assert(head.ptr[i] != '\0');
        assert(head.ptr[i] != '\n' || (i > 0 && head.ptr[i - 1] == '\r'));
        assert(head.ptr[i] != '\r' || (i + 1 < head.len && head.ptr[i + 1] == '\n'));
    }
    assert(count_headers(head, "host") <= 1);
    assert(count_headers(head, "content-length") + count_headers(head, "transfer-encoding") <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str raw = {(const char *)data, size};
    if (http_check_head(raw) == ERR_OK)
        check_accepted(head_of(raw));
    return 0;
}
