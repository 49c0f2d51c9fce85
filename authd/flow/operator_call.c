/* SPDX-License-Identifier: Apache-2.0
 *
 * The common part of operators' flows.
 */
#include "flow/operator_call.h"

#include <stdio.h>

#include "base/log.h"
#include "crypto/token.h"

struct control_write operator_write(const struct call *c)
{
    return (struct control_write){
        .audit_id = id_new("evt_", c->now),
        .now = c->now,
        .operator_id = id_str(&c->operator->operator_id),
        .address = c->address,
        .request_id = c->request_id,
    };
}

void operator_written(int64_t revision)
{
    if (revision && registry_wait(revision) != ERR_OK)
        log_warn("own_write_not_seen", LOG_INT("revision", revision));
}

void etag_set(struct call *c, int64_t revision)
{
    struct buf b;
    buf_init(&b, c->arena, 24);
    buf_int(&b, revision);
    c->etag = buf_view(&b);
}

enum err if_match_revision(const struct call *c, int64_t *revision)
{
    *revision = 0;
    if (!str_is_set(c->if_match) || str_eqz(c->if_match, "*"))
        return ERR_OK;
    return str_to_int(c->if_match, 1, INT64_MAX, revision) ? ERR_OK : ERR_precondition_failed;
}

/* "pk_live_...wxyz": enough to tell keys apart, too little to help a guess. */
static void hint_make(const char *prefix, struct str text, char out[KEY_HINT_LEN])
{
    snprintf(out, KEY_HINT_LEN, "%s...%.4s", prefix, text.ptr + text.len - 4);
}

struct str credential_make(const struct call *c, const char *prefix, struct key_record *out)
{
    char *text = arena_alloc(c->arena, KEY_TEXT_MAX + 1);
    key_generate(prefix, text);
    struct str key = str_of(text);
    out->id = id_new("key_", c->now);
    key_hash(key, out->hash);
    hint_make(prefix, key, out->hint);
    return key;
}

struct str client_credential_make(const struct call *c, struct str kind, struct str environment,
                                  struct key_record *out)
{
    char prefix[KEY_HINT_LEN];
    snprintf(prefix, sizeof(prefix), "%s_%.*s_", str_eqz(kind, "secret") ? "sk" : "pk",
             STR_FMT(environment));
    return credential_make(c, prefix, out);
}
