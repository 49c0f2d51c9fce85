/* SPDX-License-Identifier: Apache-2.0
 *
 * A tenant's policy document as text, in and out.
 */
#include "flow/tenant_policy.h"

#include "base/log.h"

/* Compact text of a value, in the arena. */
static struct str json_in_arena(struct arena *a, const json_t *value)
{
    size_t n = json_dumpb(value, NULL, 0, JSON_COMPACT);
    char *text = arena_alloc(a, n + 1);
    json_dumpb(value, text, n, JSON_COMPACT);
    return (struct str){text, n};
}

static enum err patch_apply(struct call *c, const json_t *stored, struct str patch, struct str *out)
{
    json_t *change;
    enum err e = json_read(patch, &change);
    if (e != ERR_OK)
        return e;
    json_t *result = policy_patch(c->arena, stored, change, &c->problems);
    json_decref(change);
    if (!result)
        return ERR_validation_failed;
    *out = json_in_arena(c->arena, result);
    json_decref(result);
    return ERR_OK;
}

enum err tenant_policy_change(struct call *c, struct str stored, struct str patch, struct str *out)
{
    json_t *document;
    enum err e = json_read(stored, &document);
    if (e != ERR_OK)
        return ERR_internal_error;
    e = patch_apply(c, document, patch, out);
    json_decref(document);
    return e;
}

static struct str policy_text(struct arena *a, const struct policy *policy)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, a, 1024);
    json_start(&w, &b);
    json_object_start(&w);
    for (size_t i = 0; i < policy_row_count; i++) {
        json_key(&w, str_of(policy_rows[i].name));
        policy_write_value(&w, policy, &policy_rows[i]);
    }
    json_object_end(&w);
    return buf_view(&b);
}

enum err tenant_policy_effective(struct arena *a, struct str *document)
{
    json_t *stored;
    if (json_read(*document, &stored) != ERR_OK)
        return ERR_internal_error;
    struct policy policy;
    struct problems problems = {.arena = a};
    bool valid = policy_from_json(a, stored, &policy, &problems);
    json_decref(stored);
    if (!valid) {
        log_error("stored_policy_invalid", LOG_STR("field", problems.list[0].field));
        return ERR_internal_error;
    }
    *document = policy_text(a, &policy);
    return ERR_OK;
}
