/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes and seals the secrets of a tenant. Plain ones exist only in these functions and are wiped
 * before they return.
 */
#include "store/tenant_keys.h"

#include <ctype.h>
#include <stdio.h>

#include "crypto/jwt.h"
#include "crypto/token.h"
#include "store/store.h"

static void name_make(const struct id *id, const char *suffix, char out[TENANT_NAME_LEN + 1])
{
    int n = snprintf(out, TENANT_NAME_LEN + 1, "t_%s%s", id->z + ID_PREFIX_LEN, suffix);
    for (int i = 0; i < n; i++)
        out[i] = (char)tolower((unsigned char)out[i]);
}

static void signing_key_fill(const uint8_t key[SEAL_KEY_LEN], struct str tenant, int64_t now,
                             struct signing_key_record *out)
{
    uint8_t secret[SIGNING_SECRET_LEN];
    out->kid = id_new("key_", now);
    ed25519_generate(out->public_key, secret);
    envelope_signing_seal(key, tenant, id_str(&out->kid), secret, out->sealed);
    bytes_wipe(secret, sizeof(secret));
}

static void passwords_fill(const uint8_t key[SEAL_KEY_LEN], struct tenant_keys *out)
{
    char text[DB_PASSWORD_LEN + 1];
    char both[DB_PASSWORDS_LEN];
    for (int i = 0; i < 2; i++) {
        random_password(text);
        memcpy(both + i * DB_PASSWORD_LEN, text, DB_PASSWORD_LEN);
    }
    envelope_passwords_seal(key, id_str(&out->id), both, out->sealed_passwords);
    bytes_wipe(text, sizeof(text));
    bytes_wipe(both, sizeof(both));
}

void tenant_keys_make(int64_t now, struct tenant_keys *out)
{
    *out = (struct tenant_keys){.id = id_new("tnt_", now), .now = now};
    uint8_t key[SEAL_KEY_LEN];
    random_bytes(key, sizeof(key));
    envelope_tenant_key_wrap(store_config.root_key, id_str(&out->id), key, out->wrapped_key);
    passwords_fill(key, out);
    struct signing_key_record first;
    signing_key_fill(key, id_str(&out->id), now, &first);
    bytes_wipe(key, sizeof(key));
    out->kid = first.kid;
    memcpy(out->public_key, first.public_key, sizeof(out->public_key));
    memcpy(out->sealed_signing, first.sealed, sizeof(out->sealed_signing));
    name_make(&out->id, "", out->database);
    name_make(&out->id, "_own", out->owner);
    name_make(&out->id, "_a", out->login[0]);
    name_make(&out->id, "_b", out->login[1]);
}

struct db_query tenant_keys_insert(const struct tenant_keys *keys, int unless_ready)
{
    return (struct db_query){
        .sql = SQL_SPARE_INSERT,
        .params = {db_id(&keys->id), db_time(keys->now),
                   db_bytes(keys->wrapped_key, sizeof(keys->wrapped_key)),
                   db_text(str_of(keys->database)), db_text(str_of(keys->owner)),
                   db_text(str_of(keys->login[0])), db_text(str_of(keys->login[1])),
                   db_bytes(keys->sealed_passwords, sizeof(keys->sealed_passwords)),
                   db_id(&keys->kid), db_bytes(keys->public_key, sizeof(keys->public_key)),
                   db_bytes(keys->sealed_signing, sizeof(keys->sealed_signing)),
                   unless_ready ? db_int(unless_ready) : db_null()}};
}

enum err signing_key_make(struct str tenant, struct str wrapped_key, int64_t now,
                          struct signing_key_record *out)
{
    uint8_t key[SEAL_KEY_LEN];
    enum err e = envelope_tenant_key_unwrap(store_config.root_key, tenant, wrapped_key, key);
    if (e == ERR_OK)
        signing_key_fill(key, tenant, now, out);
    bytes_wipe(key, sizeof(key));
    return e;
}
