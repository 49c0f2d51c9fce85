/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fixture_tenants.h"

#include "base/arena.h"
#include "crypto/jwt.h"
#include "crypto/token.h"
#include "store/registry_internal.h"
#include "support/check.h"

char operator_admin[48];
char operator_reader[48];

/* What stays the same when a snapshot is replaced. */
static struct lasting {
    struct fixture_tenant *fixture;
    const char *slug;
    struct id id;
    struct id client;
    struct id kid;
    struct id keys[2];
    int64_t revision;
} lasting[2];

static struct client_key key_row(const struct lasting *l, int i, const char *text)
{
    struct client_key key = {.id = l->keys[i], .kind = i == 0 ? KEY_PUBLISHABLE : KEY_SECRET};
    key_hash(str_of(text), key.hash);
    return key;
}

static void add_client(struct tenant *t, const struct lasting *l, bool with_keys)
{
    t->clients = arena_new(t->arena, struct client);
    t->clients[0] = (struct client){.id = l->client, .name = STR("web")};
    t->client_count = 1;
    t->keys = arena_new_array(t->arena, 2, struct client_key);
    t->keys[0] = key_row(l, 0, l->fixture->publishable);
    t->keys[1] = key_row(l, 1, l->fixture->secret);
    t->key_count = with_keys ? 2 : 0;
}

static void add_policy(struct tenant *t, const char *policy_json)
{
    json_t *document;
    struct problems problems = {.arena = t->arena};
    assert_int_equal(json_read(str_of(policy_json), &document), ERR_OK);
    assert_true(policy_from_json(t->arena, document, &t->policy, &problems));
    json_decref(document);
}

static struct tenant *snapshot(struct lasting *l, enum tenant_status status,
                               const char *policy_json, bool with_keys)
{
    struct arena *a = arena_create(4096);
    struct tenant *t = arena_new(a, struct tenant);
    t->refs = 1;
    t->arena = a;
    t->id = l->id;
    t->slug = str_of(l->slug);
    t->name = t->slug;
    t->status = status;
    t->revision = ++l->revision;
    struct buf issuer;
    buf_init(&issuer, a, 64);
    buf_printf(&issuer, SITE "/t/%s", l->slug);
    t->issuer = buf_view(&issuer);
    t->shard = (uint64_t)(l - lasting) + 1;
    add_client(t, l, with_keys);
    add_policy(t, policy_json);
    t->signing_keys = arena_new(a, struct signing_key);
    t->signing_keys[0] = (struct signing_key){.kid = l->kid, .published_at = 1, .signs_at = 1};
    t->signing_key_count = 1;
    return t;
}

static struct lasting *lasting_of(const struct fixture_tenant *fixture)
{
    return fixture == &acme ? &lasting[0] : &lasting[1];
}

void fixture_replace(struct fixture_tenant *fixture, enum tenant_status status,
                     const char *policy_json, bool with_keys)
{
    struct lasting *l = lasting_of(fixture);
    fixture->tenant = snapshot(l, status, policy_json, with_keys);
    registry_put(fixture->tenant);
}

static void make_token(struct fixture_tenant *fixture, struct str kid)
{
    struct arena *a = arena_create(1024);
    struct str header = jwt_header(a, "at+jwt", kid);
    memcpy(fixture->token, header.ptr, header.len);
    memcpy(fixture->token + header.len, "e30.c2ln", sizeof("e30.c2ln"));
    arena_destroy(a);
}

static void open_one(struct lasting *l, struct fixture_tenant *fixture, const char *slug,
                     const char *policy_json)
{
    *l = (struct lasting){.fixture = fixture,
                          .slug = slug,
                          .id = id_new("tnt_", 1),
                          .client = id_new("cli_", 1),
                          .kid = id_new("key_", 1),
                          .keys = {id_new("key_", 1), id_new("key_", 1)}};
    key_generate("pk_live_", fixture->publishable);
    key_generate("sk_live_", fixture->secret);
    make_token(fixture, id_str(&l->kid));
    fixture_replace(fixture, TENANT_ACTIVE, policy_json, true);
}

static void set_operator(struct operator_key *key, char *text, bool may_write)
{
    key_generate("op_", text);
    key_hash(str_of(text), key->hash);
    key->entry = (struct operator_entry){.operator_id = id_new("adm_", 1),
                                         .key_id = id_new("key_", 1),
                                         .may_write = may_write,
                                         .name = STR("somebody")};
}

static void open_operators(void)
{
    struct arena *a = arena_create(1024);
    struct operator_key *keys = arena_new_array(a, 2, struct operator_key);
    set_operator(&keys[0], operator_admin, true);
    set_operator(&keys[1], operator_reader, false);
    registry_set_operators(a, keys, 2);
}

void fixture_tenants_open(void)
{
    open_operators();
    open_one(&lasting[0], &acme, "acme",
             "{\"allowed_origins\":[\"https://app.acme.com\",\"http://localhost:3000\"]}");
    open_one(&lasting[1], &globex, "globex", "{\"allowed_origins\":[\"https://globex.test\"]}");
}

void fixture_tenants_close(void)
{
    for (int i = 0; i < 2; i++)
        registry_remove(id_str(&lasting[i].id));
    registry_clear();
}
