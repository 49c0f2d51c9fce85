/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators' flows against a real control database: what they answer, what they write, and that
 * every write is audited, in the feed, and seen by this node when it returns.
 */
#include "support/check.h"

#include <stdio.h>

#include "crypto/token.h"
#include "flow/audit.h"
#include "flow/clients.h"
#include "flow/signing_keys.h"
#include "support/control_fixture.h"

static struct fixture f;

static enum err create(const char *slug, const char *policy)
{
    struct tenant_create_in in = {.slug = str_of(slug), .policy = str_of(policy)};
    struct tenant_created out = {0};
    return control_call(&f, tenant_create_flow, &in, &out);
}

static enum err by_ref(flow_fn flow, const char *ref, struct tenant_record *out)
{
    struct tenant_ref_in in = {.tenant = str_of(ref)};
    *out = (struct tenant_record){0};
    return control_call(&f, flow, &in, out);
}

static bool contains(struct str s, const char *part)
{
    return memmem(s.ptr, s.len, part, strlen(part)) != NULL;
}

/* ---- tenants ---- */

static void test_a_new_tenant_is_served_at_once(void **state)
{
    (void)state;
    uint8_t hash[TOKEN_HASH_LEN];
    const struct client_key *key;
    struct tenant_created out = control_tenant(&f, "first");
    check_str(out.record.issuer, "https://auth.example.com/t/first");
    check_str(out.record.name, "first");
    assert_true(contains(out.record.policy, "\"session_duration\":\"30d\""));
    key_hash(out.client->secret_key, hash);
    struct tenant *t = registry_by_key(hash, control_last.now, &key);
    assert_non_null(t);
    assert_int_equal(key->kind, KEY_SECRET);
    assert_int_equal(t->signing_key_count, 1);
    assert_non_null(tenant_signing_key(t, control_last.now));
    tenant_release(t);
    assert_true(str_starts(out.client->publishable_key, STR("pk_live_")));
}

static void test_slugs_are_given_once(void **state)
{
    (void)state;
    struct tenant_delete_in gone = {.tenant = STR("once")};
    control_tenant(&f, "once");
    assert_int_equal(create("once", NULL), ERR_slug_taken);
    assert_int_equal(control_call(&f, tenant_delete_flow, &gone, NULL), ERR_OK);
    assert_int_equal(control_call(&f, tenant_delete_flow, &gone, NULL), ERR_not_found);
    assert_int_equal(create("once", NULL), ERR_slug_taken);
    assert_int_equal(create("Once", NULL), ERR_validation_failed);
    assert_int_equal(create("once-more", "{\"session_duration\":\"soon\"}"), ERR_validation_failed);
    struct tenant_record out;
    assert_int_equal(by_ref(tenant_get_flow, "once", &out), ERR_not_found);
}

static void test_slug_or_id(void **state)
{
    (void)state;
    struct tenant_created made = control_tenant(&f, "either");
    struct tenant_record out;
    assert_int_equal(by_ref(tenant_get_flow, "either", &out), ERR_OK);
    assert_true(id_eq(&out.id, &made.record.id));
    assert_int_equal(by_ref(tenant_get_flow, made.record.id.z, &out), ERR_OK);
    check_str(out.slug, "either");
    assert_int_equal(by_ref(tenant_get_flow, "neither", &out), ERR_not_found);
}

static void test_status_machine(void **state)
{
    (void)state;
    struct tenant_record out;
    control_tenant(&f, "states");
    assert_int_equal(by_ref(tenant_reactivate_flow, "states", &out), ERR_conflict);
    assert_int_equal(by_ref(tenant_suspend_flow, "states", &out), ERR_OK);
    check_str(out.status, "suspended");
    struct tenant *t = registry_by_slug(STR("states"));
    assert_int_equal(t->status, TENANT_SUSPENDED);
    tenant_release(t);
    assert_int_equal(by_ref(tenant_suspend_flow, "states", &out), ERR_conflict);
    assert_int_equal(by_ref(tenant_reactivate_flow, "states", &out), ERR_OK);
    check_str(out.status, "active");
    struct tenant_delete_in gone = {.tenant = STR("states")};
    assert_int_equal(control_call(&f, tenant_delete_flow, &gone, NULL), ERR_OK);
    assert_null(registry_by_slug(STR("states")));
    assert_int_equal(by_ref(tenant_suspend_flow, "states", &out), ERR_not_found);
}

static void test_update_patches_the_policy(void **state)
{
    (void)state;
    struct tenant_created made = control_tenant(&f, "patched");
    struct tenant_update_in in = {.tenant = STR("patched"),
                                  .policy =
                                      STR("{\"session_duration\":\"8h\",\"sign_up\":\"closed\"}")};
    struct tenant_record out = {0};
    assert_int_equal(control_call(&f, tenant_update_flow, &in, &out), ERR_OK);
    assert_true(contains(out.policy, "\"session_duration\":\"8h\""));
    struct tenant *t = registry_by_id(id_str(&made.record.id));
    assert_int_equal(t->policy.session_duration, 8 * 3600);
    tenant_release(t);
    in.policy = STR("{\"sign_up\":null}");
    assert_int_equal(control_call(&f, tenant_update_flow, &in, &out), ERR_OK);
    assert_true(contains(out.policy, "\"sign_up\":\"open\""));
    assert_true(contains(out.policy, "\"session_duration\":\"8h\""));
    in.policy = STR("{\"no_such\":1}");
    assert_int_equal(control_call(&f, tenant_update_flow, &in, &out), ERR_validation_failed);
}

static void test_if_match(void **state)
{
    (void)state;
    struct tenant_created made = control_tenant(&f, "matched");
    struct tenant_update_in in = {.tenant = STR("matched"), .name = STR("new name")};
    struct tenant_record out = {0};
    char etag[24];
    snprintf(etag, sizeof(etag), "%lld", (long long)made.record.revision);
    control_if_match = etag;
    assert_int_equal(control_call(&f, tenant_update_flow, &in, &out), ERR_OK);
    check_str(out.name, "new name");
    assert_true(out.revision > made.record.revision);
    assert_int_equal(control_call(&f, tenant_update_flow, &in, &out), ERR_precondition_failed);
    control_if_match = "no number";
    assert_int_equal(control_call(&f, tenant_update_flow, &in, &out), ERR_precondition_failed);
    control_if_match = NULL;
}

/* ---- every write ---- */

struct counts {
    int64_t audit, change, head;
};

static struct counts counts_now(void)
{
    return (struct counts){fixture_number(&f, "SELECT count(*) FROM audit"),
                           fixture_number(&f, "SELECT count(*) FROM change"),
                           fixture_number(&f, "SELECT revision FROM feed_head")};
}

/* One audit row, one change, one revision; or none of them. */
static void check_written(struct counts before, int64_t n)
{
    struct counts after = counts_now();
    assert_int_equal(after.audit, before.audit + n);
    assert_int_equal(after.change, before.change + n);
    assert_int_equal(after.head, before.head + n);
}

static void test_every_write_is_audited_and_published(void **state)
{
    (void)state;
    struct tenant_created made = control_tenant(&f, "audited");
    struct tenant_update_in update = {.tenant = STR("audited"), .name = STR("x")};
    struct tenant_record tenant = {0};
    struct counts before = counts_now();
    assert_int_equal(control_call(&f, tenant_update_flow, &update, &tenant), ERR_OK);
    check_written(before, 1);
    before = counts_now();
    assert_int_equal(by_ref(tenant_reactivate_flow, "audited", &tenant), ERR_conflict);
    update.tenant = STR("nobody");
    assert_int_equal(control_call(&f, tenant_update_flow, &update, &tenant), ERR_not_found);
    assert_int_equal(create("audited", NULL), ERR_slug_taken);
    check_written(before, 0);

    struct audit_list_in in = {
        .filter = {.tenant = STR("audited"), .event = STR("tenant.updated")}};
    struct page_out page = {0};
    assert_int_equal(control_call(&f, audit_list_flow, &in, &page), ERR_OK);
    assert_int_equal(page.data.n, 1);
    const struct audit_record *entry = page.data.items;
    assert_true(contains(entry->before, "\"name\": \"audited\""));
    assert_true(contains(entry->after, "\"name\": \"x\""));
    check_str(entry->request_id, "req_test");
    check_str(entry->address, "192.0.2.1");
    check_str(entry->actor_type, "operator");
    assert_true(str_eq(entry->tenant_id, id_str(&made.record.id)));
}

static void test_no_secret_in_the_audit_log(void **state)
{
    (void)state;
    struct tenant_created made = control_tenant(&f, "discreet");
    assert_int_equal(fixture_number(&f,
                                    "SELECT count(*) FROM audit a, client_key k WHERE"
                                    " a.after::text LIKE '%%' || encode(k.hash, 'hex') || '%%'"),
                     0);
    assert_int_equal(fixture_number(&f,
                                    "SELECT count(*) FROM audit WHERE audit::text LIKE '%%%.*s%%'",
                                    STR_FMT(made.client->secret_key)),
                     0);
}

static void test_revisions_have_no_gaps(void **state)
{
    (void)state;
    assert_int_equal(fixture_number(&f, "SELECT max(revision) - count(*) FROM change"), 0);
    assert_int_equal(fixture_number(&f, "SELECT max(revision) - (SELECT revision FROM feed_head)"
                                        " FROM change"),
                     0);
}

/* ---- clients and keys ---- */

static bool key_works(struct str text)
{
    uint8_t hash[TOKEN_HASH_LEN];
    const struct client_key *key;
    key_hash(text, hash);
    struct tenant *t = registry_by_key(hash, control_last.now, &key);
    if (t)
        tenant_release(t);
    return t != NULL;
}

static void test_client_life(void **state)
{
    (void)state;
    control_tenant(&f, "clients");
    struct client_create_in create_in = {
        .tenant = STR("clients"), .name = STR("app"), .type = STR("spa")};
    struct client_created made = {0};
    assert_int_equal(control_call(&f, client_create_flow, &create_in, &made), ERR_OK);
    assert_true(str_is_set(made.publishable_key));
    assert_false(str_is_set(made.secret_key));
    assert_true(key_works(made.publishable_key));

    struct key_create_in secret = {
        .tenant = STR("clients"), .client_id = made.record.id, .kind = STR("secret")};
    struct key_out key = {0};
    assert_int_equal(control_call(&f, key_create_flow, &secret, &key), ERR_validation_failed);

    struct client_update_in update = {.tenant = STR("clients"),
                                      .client_id = made.record.id,
                                      .audience = STR("https://api.example.com"),
                                      .has_audience = true};
    struct client_record out = {0};
    assert_int_equal(control_call(&f, client_update_flow, &update, &out), ERR_OK);
    check_str(out.audience, "https://api.example.com");
    check_str(out.name, "app");

    struct client_ref_in ref = {.tenant = STR("clients"), .client_id = made.record.id};
    assert_int_equal(control_call(&f, client_delete_flow, &ref, NULL), ERR_OK);
    assert_false(key_works(made.publishable_key));
    assert_int_equal(control_call(&f, client_delete_flow, &ref, NULL), ERR_not_found);
    assert_int_equal(control_call(&f, client_get_flow, &ref, &out), ERR_not_found);
}

static void test_a_client_is_its_tenants_only(void **state)
{
    (void)state;
    struct tenant_created a = control_tenant(&f, "mine");
    control_tenant(&f, "theirs");
    struct client_ref_in in = {.tenant = STR("theirs"), .client_id = a.client->id};
    struct client_record out = {0};
    assert_int_equal(control_call(&f, client_get_flow, &in, &out), ERR_not_found);
    assert_int_equal(control_call(&f, client_delete_flow, &in, NULL), ERR_not_found);
    in.tenant = STR("mine");
    assert_int_equal(control_call(&f, client_get_flow, &in, &out), ERR_OK);
}

static void test_keys_roll_and_end(void **state)
{
    (void)state;
    struct tenant_created t = control_tenant(&f, "rolling");
    struct key_create_in in = {
        .tenant = STR("rolling"), .client_id = t.client->id, .kind = STR("secret")};
    struct key_out old = {0};
    struct key_out new = {0};
    assert_int_equal(control_call(&f, key_create_flow, &in, &old), ERR_OK);
    struct key_roll_in roll = {
        .tenant = STR("rolling"), .client_id = t.client->id, .key_id = old.row.id};
    assert_int_equal(control_call(&f, key_roll_flow, &roll, &new), ERR_OK);
    check_str(new.row.kind, "secret");
    assert_true(key_works(old.key) && key_works(new.key));
    assert_int_equal(control_call(&f, key_roll_flow, &roll, &new), ERR_conflict); /* it has one */
    roll.has_overlap = true; /* none: the old one ends now */
    struct key_out newest = {0};
    roll.key_id = new.row.id;
    assert_int_equal(control_call(&f, key_roll_flow, &roll, &newest), ERR_OK);
    assert_false(key_works(new.key));
    assert_int_equal(control_call(&f, key_roll_flow, &roll, &newest), ERR_conflict);

    struct key_ref_in ref = {
        .tenant = STR("rolling"), .client_id = t.client->id, .key_id = old.row.id};
    struct counts before = counts_now();
    assert_int_equal(control_call(&f, key_revoke_flow, &ref, NULL), ERR_OK);
    assert_false(key_works(old.key));
    assert_int_equal(control_call(&f, key_revoke_flow, &ref, NULL), ERR_OK);
    check_written(before, 1);
}

/* ---- signing keys ---- */

static struct tenant *tenant_now(const char *slug)
{
    struct tenant *t = registry_by_slug(str_of(slug));
    assert_non_null(t);
    return t;
}

static void test_rotation_publishes_before_it_signs(void **state)
{
    (void)state;
    control_tenant(&f, "rotating");
    struct signing_key_rotate_in in = {.tenant = STR("rotating")};
    struct signing_key_out out = {0};
    struct tenant *t = tenant_now("rotating");
    struct id first = t->signing_keys[0].kid;
    tenant_release(t);
    assert_int_equal(control_call(&f, signing_key_rotate_flow, &in, &out), ERR_OK);
    check_str(out.status, "pending");
    t = tenant_now("rotating");
    assert_int_equal(t->signing_key_count, 2);
    assert_true(id_eq(&tenant_signing_key(t, control_last.now)->kid, &first));
    assert_true(id_eq(&tenant_signing_key(t, out.row.signs_at)->kid, &out.row.kid));
    tenant_release(t);

    in.revoke = true;
    assert_int_equal(control_call(&f, signing_key_rotate_flow, &in, &out), ERR_OK);
    check_str(out.status, "signing");
    t = tenant_now("rotating");
    assert_int_equal(t->signing_key_count, 1);
    assert_true(id_eq(&tenant_signing_key(t, control_last.now)->kid, &out.row.kid));
    tenant_release(t);

    struct signing_key_list_in list = {.tenant = STR("rotating")};
    struct page_out page = {0};
    assert_int_equal(control_call(&f, signing_key_list_flow, &list, &page), ERR_OK);
    assert_int_equal(page.data.n, 3);
    const struct signing_key_out *keys = page.data.items;
    check_str(keys[0].status, "signing");
    check_str(keys[1].status, "revoked");
}

/* ---- lists ---- */

static void test_pages_and_cursors(void **state)
{
    (void)state;
    char slug[32];
    struct id seen[64];
    size_t n = 0;
    for (int i = 0; i < 3; i++) {
        snprintf(slug, sizeof(slug), "page-%d", i);
        control_tenant(&f, slug);
    }
    struct tenant_list_in in = {.page = {.limit = 2}, .status = STR("active")};
    struct page_out page;
    do {
        page = (struct page_out){0};
        assert_int_equal(control_call(&f, tenant_list_flow, &in, &page), ERR_OK);
        const struct tenant_record *items = page.data.items;
        for (size_t i = 0; i < page.data.n; i++)
            seen[n++] = items[i].id;
        in.page.cursor = page.next_cursor;
    } while (page.has_more);
    assert_int_equal(n, fixture_number(&f, "SELECT count(*) FROM tenant WHERE status = 'active'"));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            assert_false(id_eq(&seen[i], &seen[j]));
}

static void test_a_cursor_opens_nowhere_else(void **state)
{
    (void)state;
    struct tenant_list_in in = {.page = {.limit = 1}};
    struct page_out page = {0};
    assert_int_equal(control_call(&f, tenant_list_flow, &in, &page), ERR_OK);
    assert_true(page.has_more);
    struct str cursor = page.next_cursor;
    in.status = STR("active"); /* another filter */
    in.page.cursor = cursor;
    assert_int_equal(control_call(&f, tenant_list_flow, &in, &page), ERR_validation_failed);
    in.status = STR_NONE;
    char *forged = (char *)(uintptr_t)str_z(control_last.arena, cursor);
    forged[10] = forged[10] == 'A' ? 'B' : 'A';
    in.page.cursor = str_of(forged);
    assert_int_equal(control_call(&f, tenant_list_flow, &in, &page), ERR_validation_failed);
    struct audit_list_in other = {.page = {.cursor = cursor}}; /* another list */
    assert_int_equal(control_call(&f, audit_list_flow, &other, &page), ERR_validation_failed);
    in.page.cursor = cursor;
    assert_int_equal(control_call(&f, tenant_list_flow, &in, &page), ERR_OK);
}

static int setup(void **state)
{
    (void)state;
    control_create(&f, "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    control_destroy(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_tenant_is_served_at_once),
        cmocka_unit_test(test_slugs_are_given_once),
        cmocka_unit_test(test_slug_or_id),
        cmocka_unit_test(test_status_machine),
        cmocka_unit_test(test_update_patches_the_policy),
        cmocka_unit_test(test_if_match),
        cmocka_unit_test(test_every_write_is_audited_and_published),
        cmocka_unit_test(test_no_secret_in_the_audit_log),
        cmocka_unit_test(test_client_life),
        cmocka_unit_test(test_a_client_is_its_tenants_only),
        cmocka_unit_test(test_keys_roll_and_end),
        cmocka_unit_test(test_rotation_publishes_before_it_signs),
        cmocka_unit_test(test_pages_and_cursors),
        cmocka_unit_test(test_a_cursor_opens_nowhere_else),
        cmocka_unit_test(test_revisions_have_no_gaps),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
