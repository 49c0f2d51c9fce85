/* SPDX-License-Identifier: Apache-2.0
 *
 * The places of sealed values, and the purposes of derived keys. Both are part of what is stored:
 * changing one makes existing values unreadable.
 */
#include "store/envelope.h"

static const char key_check_text[] = "authd root key";

/* Purposes of seal_derive under the context "tenant  "; 4 is free. */
enum { DERIVE_REFRESH = 1, DERIVE_IDENTIFIER = 2, DERIVE_CURSOR = 3, DERIVE_VALUE = 5 };

static struct seal_place place_of_tenant(struct str tenant, struct str column)
{
    return (struct seal_place){tenant, STR("tenant"), column, tenant};
}

static struct seal_place place_of_signing_key(struct str tenant, struct str kid)
{
    return (struct seal_place){tenant, STR("signing_key"), STR("sealed_secret"), kid};
}

static struct seal_place place_of_key_check(struct str instance)
{
    return (struct seal_place){STR("control"), STR("instance"), STR("key_check"), instance};
}

/* A value of another length than its kind has goes the same way as one that was tampered with; the
 * length then reads 0, which opens nowhere. */
static enum err open_exactly(const uint8_t key[SEAL_KEY_LEN], const struct seal_place *place,
                             struct str sealed, size_t len, void *plain)
{
    size_t given = sealed.len == len + SEAL_OVERHEAD ? sealed.len : 0;
    return seal_open(key, place, sealed.ptr, given, plain);
}

void envelope_tenant_key_wrap(const uint8_t root[SEAL_KEY_LEN], struct str tenant,
                              const uint8_t key[SEAL_KEY_LEN], uint8_t out[WRAPPED_KEY_LEN])
{
    struct seal_place place = place_of_tenant(tenant, STR("wrapped_key"));
    seal(root, &place, key, SEAL_KEY_LEN, out);
}

enum err envelope_tenant_key_unwrap(const uint8_t root[SEAL_KEY_LEN], struct str tenant,
                                    struct str wrapped, uint8_t key[SEAL_KEY_LEN])
{
    struct seal_place place = place_of_tenant(tenant, STR("wrapped_key"));
    return open_exactly(root, &place, wrapped, SEAL_KEY_LEN, key);
}

void envelope_passwords_seal(const uint8_t key[SEAL_KEY_LEN], struct str tenant,
                             const char passwords[DB_PASSWORDS_LEN],
                             uint8_t out[SEALED_PASSWORDS_LEN])
{
    struct seal_place place = place_of_tenant(tenant, STR("sealed_passwords"));
    seal(key, &place, passwords, DB_PASSWORDS_LEN, out);
}

enum err envelope_passwords_open(const uint8_t key[SEAL_KEY_LEN], struct str tenant,
                                 struct str sealed, char passwords[DB_PASSWORDS_LEN])
{
    struct seal_place place = place_of_tenant(tenant, STR("sealed_passwords"));
    return open_exactly(key, &place, sealed, DB_PASSWORDS_LEN, passwords);
}

void envelope_signing_seal(const uint8_t key[SEAL_KEY_LEN], struct str tenant, struct str kid,
                           const uint8_t secret[SIGNING_SECRET_LEN],
                           uint8_t out[SEALED_SIGNING_LEN])
{
    struct seal_place place = place_of_signing_key(tenant, kid);
    seal(key, &place, secret, SIGNING_SECRET_LEN, out);
}

enum err envelope_signing_open(const uint8_t key[SEAL_KEY_LEN], struct str tenant, struct str kid,
                               struct str sealed, uint8_t secret[SIGNING_SECRET_LEN])
{
    struct seal_place place = place_of_signing_key(tenant, kid);
    return open_exactly(key, &place, sealed, SIGNING_SECRET_LEN, secret);
}

void envelope_key_check_seal(const uint8_t root[SEAL_KEY_LEN], struct str instance,
                             uint8_t out[SEALED_KEY_CHECK_LEN])
{
    struct seal_place place = place_of_key_check(instance);
    seal(root, &place, key_check_text, KEY_CHECK_TEXT_LEN, out);
}

bool envelope_key_check_ok(const uint8_t root[SEAL_KEY_LEN], struct str instance, struct str sealed)
{
    struct seal_place place = place_of_key_check(instance);
    uint8_t text[KEY_CHECK_TEXT_LEN];
    return open_exactly(root, &place, sealed, sizeof(text), text) == ERR_OK &&
           memcmp(text, key_check_text, sizeof(text)) == 0;
}

void envelope_derive(const uint8_t key[SEAL_KEY_LEN], struct tenant_secrets *out)
{
    static const char context[8] = "tenant  ";
    seal_derive(key, context, DERIVE_REFRESH, out->refresh);
    seal_derive(key, context, DERIVE_IDENTIFIER, out->identifier);
    seal_derive(key, context, DERIVE_CURSOR, out->cursor);
    seal_derive(key, context, DERIVE_VALUE, out->value);
}
