/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an e-mail address and as a password: the key of an address is an address with that
 * very key, and normalising a password twice changes nothing.
 */
#include "base/arena.h"
#include "domain/decide.h"
#include "fuzz.h"

static void check_email(struct arena *a, struct str typed)
{
    struct str key;
    struct str again;
    if (!email_valid(a, typed, &key))
        return;
    size_t at = str_find(key, '@');
    assert(key.len <= EMAIL_MAX && at > 0 && at + 1 < key.len);
    assert(str_find(str_slice(key, at + 1, key.len), '@') == key.len - at - 1);
    for (size_t i = 0; i < key.len; i++)
        assert((unsigned char)key.ptr[i] > ' ' && key.ptr[i] != 0x7f);
    assert(utf8_valid(key));
    bool valid = email_valid(a, key, &again);
    assert(valid && str_eq(key, again));
}

static void check_password(struct arena *a, struct str typed)
{
    struct policy policy;
    struct password_facts facts = {0};
    struct str again;
    policy_defaults(&policy);
    if (!password_normalise(a, typed, &facts.password))
        return;
    assert(utf8_valid(facts.password));
    bool normal = password_normalise(a, facts.password, &again);
    assert(normal && str_eq(facts.password, again));
    if (decide_password(&policy, &facts) == PASSWORD_ACCEPT)
        assert(facts.password.len >= 8 && facts.password.len <= PASSWORD_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_create(1024);
    struct str text = {(const char *)data, size};
    check_email(a, text);
    check_password(a, text);
    arena_destroy(a);
    return 0;
}
