/* SPDX-License-Identifier: Apache-2.0
 *
 * libauthd-verify: any bytes as a token, any header and payload (separated by the first newline)
 * that a key of ours has signed, and any bytes as a payload.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "verify/claims.h"
#include "verify/token.h"

static unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
static unsigned char secret_key[crypto_sign_SECRETKEYBYTES];

static void setup_once(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    if (sodium_init() < 0)
        __builtin_trap();
    crypto_sign_keypair(public_key, secret_key);
}

static void check_list(const struct authd_string_list *list, size_t room)
{
    for (size_t i = 0; i < list->n; i++)
        assert(strlen(list->items[i]) > 0 && strlen(list->items[i]) < room);
}

static void check_claims(struct slice payload)
{
    static const struct expectation any = {.public_url = "https://a.example"};
    struct authd_claims *c = authdv_claims_read(payload);
    if (!c)
        return;
    assert(*c->issuer && *c->subject && *c->audience && *c->tenant_id);
    assert(c->expires_at >= 0 && c->issued_at >= 0 && c->not_before >= 0);
    assert(strlen(c->json) == payload.len && memcmp(c->json, payload.ptr, payload.len) == 0);
    assert(c->org_id || (!c->org_role && c->permissions.n == 0));
    check_list(&c->permissions, payload.len);
    check_list(&c->roles, payload.len);
    check_list(&c->amr, payload.len);
    assert(authdv_claims_judge(c, &any, c->expires_at) != AUTHD_VERIFY_NONE);
    authd_claims_free(c);
}

static bool is_split(struct slice text, struct token *t)
{
    if (!authdv_token_split(text, t))
        return false;
    assert(text.len <= TOKEN_MAX && *t->kid && strlen(t->kid) < KID_SIZE);
    assert(t->signing_input.ptr == text.ptr && t->signing_input.len == text.len - 87);
    assert(t->payload_len <= sizeof(t->payload));
    return true;
}

static size_t encode(char *out, size_t room, const char *bytes, size_t n)
{
    sodium_bin2base64(out, room, (const unsigned char *)bytes, n,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return strlen(out);
}

/* A block of exactly the token's size, for free(). */
static char *forge(const char *text, size_t size, size_t *length)
{
    const char *newline = memchr(text, '\n', size);
    size_t header = newline ? (size_t)(newline - text) : size;
    size_t room = size * 4 / 3 + 128;
    char *token = malloc(room);
    unsigned char signature[crypto_sign_BYTES];
    size_t n = encode(token, room, text, header);
    token[n++] = '.';
    n += encode(token + n, room - n, newline ? newline + 1 : "{}", newline ? size - header - 1 : 2);
    crypto_sign_detached(signature, NULL, (const unsigned char *)token, n, secret_key);
    token[n++] = '.';
    n += encode(token + n, room - n, (const char *)signature, sizeof(signature));
    *length = n;
    return realloc(token, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct token t;
    struct slice text = {(const char *)data, size};
    setup_once();
    check_claims(text);
    if (is_split(text, &t))
        assert(!authdv_signature_valid(&t, public_key));
    size_t n;
    char *forged = forge(text.ptr ? text.ptr : "", size, &n);
    if (is_split((struct slice){forged, n}, &t)) {
        assert(authdv_signature_valid(&t, public_key));
        check_claims((struct slice){t.payload, t.payload_len});
    }
    free(forged);
    return 0;
}
