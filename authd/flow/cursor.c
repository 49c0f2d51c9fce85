/* SPDX-License-Identifier: Apache-2.0
 *
 * Time (8 bytes, big endian), id and MAC, in base64url.
 */
#include "flow/cursor.h"

#include "base/arena.h"
#include "crypto/token.h"

enum {
    TIME_LEN = 8,
    POSITION_LEN = TIME_LEN + ID_LEN,
    MAC_LEN = 32,
    BYTES_LEN = POSITION_LEN + MAC_LEN,
    TEXT_LEN = BASE64URL_LEN(BYTES_LEN),
};

/* The position has a fixed length, so that scope and position cannot run into each other. */
static void mac_of(struct arena *a, const uint8_t key[32], struct str scope,
                   const uint8_t position[POSITION_LEN], uint8_t out[MAC_LEN])
{
    struct buf b;
    buf_init(&b, a, POSITION_LEN + scope.len);
    buf_add(&b, position, POSITION_LEN);
    buf_str(&b, scope);
    keyed_hash(key, buf_view(&b), out);
}

struct str cursor_text(struct arena *a, const uint8_t key[32], struct str scope,
                       const struct cursor *position)
{
    uint8_t bytes[BYTES_LEN];
    char *text = arena_alloc(a, TEXT_LEN);
    for (int i = 0; i < TIME_LEN; i++)
        bytes[i] = (uint8_t)((uint64_t)position->at >> (8 * (TIME_LEN - 1 - i)));
    memcpy(bytes + TIME_LEN, position->id.z, ID_LEN);
    mac_of(a, key, scope, bytes, bytes + POSITION_LEN);
    return (struct str){text, base64url_encode(text, bytes, sizeof(bytes))};
}

bool cursor_read(struct arena *a, const uint8_t key[32], struct str scope, struct str text,
                 struct cursor *out)
{
    uint8_t bytes[BYTES_LEN];
    uint8_t mac[MAC_LEN];
    size_t n;
    *out = (struct cursor){0};
    if (!base64url_decode(text, bytes, sizeof(bytes), &n) || n != sizeof(bytes))
        return false;
    mac_of(a, key, scope, bytes, mac);
    if (!bytes_equal_secret(mac, bytes + POSITION_LEN, MAC_LEN))
        return false;
    uint64_t at = 0;
    for (int i = 0; i < TIME_LEN; i++)
        at = at << 8 | bytes[i];
    out->at = (int64_t)at;
    memcpy(out->id.z, bytes + TIME_LEN, ID_LEN);
    return true;
}
