/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy document: defaults, what is refused, changes to it, and its forms as JSON and as text
 * of the command line.
 */
#include "domain/policy.h"

#include "base/arena.h"
#include "support/check.h"

static struct arena *a;

static json_t *read_json(const char *text)
{
    json_t *value;
    assert_int_equal(json_read(str_of(text), &value), ERR_OK);
    return value;
}

static const struct policy_row *row_of(const char *name)
{
    for (size_t i = 0; i < policy_row_count; i++) {
        if (strcmp(policy_rows[i].name, name) == 0)
            return &policy_rows[i];
    }
    fail_msg("no row %s", name);
    return NULL;
}

static void test_defaults_are_the_contract(void **state)
{
    (void)state;
    struct policy p;
    policy_defaults(&p);
    assert_int_equal(p.session_duration, 30 * 86400);
    assert_int_equal(p.session_idle, 0);
    assert_int_equal(p.access_token_ttl, 900);
    assert_int_equal(p.refresh_overlap, 10);
    assert_int_equal(p.max_sessions_per_user, 0);
    assert_int_equal(p.allowed_origins.n, 0);
    assert_int_equal(p.password_min_length, 8);
    assert_int_equal(p.password_hash, PASSWORD_HASH_ARGON2ID);
    assert_int_equal(p.password_blocklist, BLOCKLIST_COMMON);
    assert_int_equal(p.sign_up, SIGN_UP_OPEN);
    assert_int_equal(p.lockout_after, 10);
    assert_int_equal(p.lockout_delay, 900);
    assert_int_equal(p.tenant_claim_aliases.n, 2);
    check_str(p.tenant_claim_aliases.items[0], "tenant_id");
    check_str(p.tenant_claim_aliases.items[1], "tenantId");
    assert_int_equal(p.audience.len, 0);
}

static void test_absent_is_the_default(void **state)
{
    (void)state;
    struct policy from_nothing;
    struct policy from_empty;
    struct policy defaults;
    json_t *empty = json_object();
    policy_defaults(&defaults);
    assert_true(policy_from_json(a, NULL, &from_nothing, NULL));
    assert_true(policy_from_json(a, empty, &from_empty, NULL));
    assert_memory_equal(&from_nothing, &defaults, sizeof(defaults));
    assert_memory_equal(&from_empty, &defaults, sizeof(defaults));
    json_decref(empty);
}

static void test_every_wrong_member_is_named(void **state)
{
    (void)state;
    struct policy policy;
    struct problems p = {.arena = a};
    json_t *document =
        read_json("{\"session_duration\":\"8x\",\"audience\":\"a\",\"sign_up\":\"no\","
                  "\"mfa_policy\":\"required\",\"allowed_origins\":[\"*\",\"null\"]}");
    assert_false(policy_from_json(a, document, &policy, &p));
    assert_int_equal(p.n, 5);
    json_decref(document);
    json_t *list = read_json("[]");
    p.n = 0;
    assert_false(policy_from_json(a, list, &policy, &p));
    check_str(p.list[0].field, "policy");
    json_decref(list);
}

/* A policy of a newer version cannot be enforced: refused when read, too. */
static void test_unknown_member_fails_closed(void **state)
{
    (void)state;
    struct policy policy;
    struct problems p = {.arena = a};
    json_t *document = read_json("{\"mfa_policy\":\"required\"}");
    assert_false(policy_from_json(a, document, &policy, &p));
    check_str(p.list[0].field, "policy.mfa_policy");
    assert_string_equal(p.list[0].code, "unknown_field");
    json_decref(document);
}

static json_t *patched(const char *document, const char *patch, struct problems *p)
{
    json_t *before = document ? read_json(document) : NULL;
    json_t *copy = json_deep_copy(before);
    json_t *change = read_json(patch);
    *p = (struct problems){.arena = a};
    json_t *after = policy_patch(a, before, change, p);
    assert_int_equal(after == NULL, p->n > 0);
    assert_true(json_equal(before, copy) || !document);
    json_decref(before);
    json_decref(copy);
    json_decref(change);
    return after;
}

static void test_patches(void **state)
{
    (void)state;
    static const struct {
        const char *document;
        const char *patch;
        const char *result; /* NULL = refused */
    } rows[] = {
        {NULL, "{}", "{}"},
        {NULL, "{\"session_duration\":\"8h\"}", "{\"session_duration\":\"8h\"}"},
        {"{}", "{\"session_duration\":null}", "{}"},
        {"{\"session_duration\":\"8h\"}", "{}", "{\"session_duration\":\"8h\"}"},
        {"{\"session_duration\":\"8h\"}", "{\"session_duration\":null}", "{}"},
        {"{\"session_duration\":\"8h\"}", "{\"sign_up\":\"closed\"}",
         "{\"session_duration\":\"8h\",\"sign_up\":\"closed\"}"},
        {"{\"session_duration\":\"8h\"}", "{\"session_duration\":\"9h\"}",
         "{\"session_duration\":\"9h\"}"},
        {"{\"sign_up\":\"closed\"}", "{\"sign_up\":null,\"lockout_after\":3}",
         "{\"lockout_after\":3}"},
        {"{}", "{\"sign_up\":\"ajar\"}", NULL},
        {"{}", "{\"lockout_after\":3,\"lockout_delay\":3}", NULL},
        {"{}", "{\"nonsense\":1}", NULL},
        {"{}", "{\"nonsense\":null}", NULL},
        {"{}", "[]", NULL},
        {"[]", "{}", NULL},
        {"{\"broken\":1}", "{\"lockout_after\":3}", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct problems p;
        json_t *after = patched(rows[i].document, rows[i].patch, &p);
        assert_int_equal(after == NULL, rows[i].result == NULL);
        if (!after)
            continue;
        json_t *expected = read_json(rows[i].result);
        assert_true(json_equal(after, expected));
        json_decref(expected);
        json_decref(after);
    }
}

static void test_text_of_the_command_line(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        const char *json; /* in brackets; NULL = refused */
    } rows[] = {
        {"session_duration", "8h", "[\"8h\"]"},
        {"session_duration", "8", NULL},
        {"session_duration", "", NULL},
        {"session_idle", "0", "[\"0\"]"},
        {"max_sessions_per_user", "5", "[5]"},
        {"max_sessions_per_user", "-5", "[-5]"},
        {"max_sessions_per_user", "five", NULL},
        {"max_sessions_per_user", "5 ", NULL},
        {"max_sessions_per_user", "", NULL},
        {"max_sessions_per_user", "99999999999999999999", NULL},
        {"sign_up", "closed", "[\"closed\"]"},
        {"sign_up", "Closed", NULL},
        {"audience", "", "[\"\"]"},
        {"audience", "api", "[\"api\"]"},
        {"audience", "\xff", NULL},
        {"allowed_origins", "", "[[]]"},
        {"allowed_origins", "https://app.acme.com", "[[\"https://app.acme.com\"]]"},
        {"allowed_origins", " https://a.b , https://c.d ", "[[\"https://a.b\",\"https://c.d\"]]"},
        {"allowed_origins", "https://a.b,,", "[[\"https://a.b\",\"\",\"\"]]"},
        {"allowed_origins", "https://a.b,\xff", NULL},
        {"tenant_claim_aliases", "", "[[]]"},
        {"tenant_claim_aliases", "tid,tenantId", "[[\"tid\",\"tenantId\"]]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct problems p = {.arena = a};
        json_t *value = policy_value_from_text(row_of(rows[i].name), str_of(rows[i].text), &p);
        assert_int_equal(value == NULL, rows[i].json == NULL);
        assert_int_equal(p.n, value == NULL);
        if (!value)
            continue;
        json_t *expected = read_json(rows[i].json);
        assert_true(json_equal(value, json_array_get(expected, 0)));
        json_decref(expected);
        json_decref(value);
    }
}

static struct str written(const struct policy *policy)
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

static void check_round_trip(const struct policy *policy)
{
    struct policy again;
    json_t *document;
    struct str text = written(policy);
    assert_int_equal(json_read(text, &document), ERR_OK);
    assert_true(policy_from_json(a, document, &again, NULL));
    assert_true(str_eq(text, written(&again)));
    json_decref(document);
}

static void test_written_reads_back_the_same(void **state)
{
    (void)state;
    struct policy policy;
    policy_defaults(&policy);
    check_round_trip(&policy);
    assert_true(strstr(str_z(a, written(&policy)), "\"access_token_ttl\":\"15m\""));
    json_t *document = read_json("{\"session_duration\":\"8h\",\"allowed_origins\":[\"https://"
                                 "app.acme.com\"],\"lockout_after\":3,"
                                 "\"password_hash\":\"scrypt\",\"audience\":\"a "
                                 "\\\"b\\\"\",\"tenant_claim_aliases\":[\"https://x/t\"]}");
    assert_true(policy_from_json(a, document, &policy, NULL));
    json_decref(document);
    check_round_trip(&policy);
    assert_true(strstr(str_z(a, written(&policy)), "\"session_duration\":\"8h\""));
    assert_true(strstr(str_z(a, written(&policy)), "\"password_hash\":\"scrypt\""));
}

static int setup(void **state)
{
    (void)state;
    a = arena_create(4096);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(a);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_the_contract),
        cmocka_unit_test(test_absent_is_the_default),
        cmocka_unit_test(test_every_wrong_member_is_named),
        cmocka_unit_test(test_unknown_member_fails_closed),
        cmocka_unit_test(test_patches),
        cmocka_unit_test(test_text_of_the_command_line),
        cmocka_unit_test(test_written_reads_back_the_same),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
