/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy table: every row at its boundaries, in every wrong type, in text and in JSON, and
 * changes to a stored document.
 */
#include "domain/policy.h"

#include <inttypes.h>
#include <stdio.h>

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

static int64_t integer(const struct policy *policy, const struct policy_row *row)
{
    int64_t v;
    memcpy(&v, (const char *)policy + row->offset, sizeof(v));
    return v;
}

/* Reads {name: value}; takes the reference. *code is the one problem's, or NULL. */
static bool reads(const struct policy_row *row, json_t *value, struct policy *out,
                  const char **code)
{
    struct problems p = {.arena = a};
    json_t *document = json_object();
    json_object_set_new(document, row->name, value);
    bool good = policy_from_json(a, document, out, &p);
    json_decref(document);
    assert_int_equal(good, p.n == 0);
    *code = p.n ? p.list[0].code : NULL;
    if (p.n) {
        assert_true(str_starts(p.list[0].field, STR("policy.")));
        assert_string_equal(str_z(a, p.list[0].field) + strlen("policy."), row->name);
        assert_true(p.list[0].message.len > 0);
    }
    return good;
}

static bool accepts(const struct policy_row *row, json_t *value)
{
    struct policy policy;
    const char *code;
    return reads(row, value, &policy, &code);
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

/* A number, or the duration of so many seconds. */
static json_t *amount(const struct policy_row *row, int64_t v)
{
    if (row->type == POLICY_number)
        return json_integer(v);
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64 "s", v);
    return json_string(text);
}

static void test_amounts_at_their_boundaries(void **state)
{
    (void)state;
    for (size_t i = 0; i < policy_row_count; i++) {
        const struct policy_row *row = &policy_rows[i];
        if (row->type != POLICY_number && row->type != POLICY_duration)
            continue;
        const int64_t inside[] = {row->min, row->min + 1, row->max - 1, row->max};
        for (size_t k = 0; k < 4; k++) {
            struct policy policy;
            const char *code;
            assert_true(reads(row, amount(row, inside[k]), &policy, &code));
            assert_int_equal(integer(&policy, row), inside[k]);
        }
        assert_false(accepts(row, amount(row, row->min - 1)));
        assert_false(accepts(row, amount(row, row->max + 1)));
        assert_false(accepts(row, amount(row, INT64_MAX)));
        assert_false(accepts(row, amount(row, INT64_MIN)));
    }
}

static void test_durations_by_form(void **state)
{
    (void)state;
    const struct policy_row *row = row_of("session_duration");
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {{"1s", 1},     {"30s", 30},      {"15m", 900},
                {"8h", 28800}, {"30d", 2592000}, {"400d", 34560000}};
    static const char *const bad[] = {"",         "0",     "0s",    "8",    "8 h",
                                      "h",        "8H",    "8h ",   " 8h",  "-8h",
                                      "+8h",      "8.5h",  "8h30m", "1w",   "1y",
                                      "401d",     "9601h", "1e3s",  "0x1s", "99999999999999999999s",
                                      "infinity", "null"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        struct policy policy;
        const char *code;
        assert_true(reads(row, json_string(good[i].text), &policy, &code));
        assert_int_equal(policy.session_duration, good[i].seconds);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(accepts(row, json_string(bad[i])));
    assert_true(accepts(row_of("session_idle"), json_string("0")));
    assert_true(accepts(row_of("session_idle"), json_string("0s")));
}

static void test_choices(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",      "|",           "Open", "open ", "ope",
                                        "openn", "open|closed", "0",    "1"};
    for (size_t i = 0; i < policy_row_count; i++) {
        const struct policy_row *row = &policy_rows[i];
        struct str rest = str_of(row->choices);
        struct str word;
        for (int64_t k = 0; str_split(&rest, '|', &word); k++) {
            struct policy policy;
            const char *code;
            assert_true(reads(row, json_stringn(word.ptr, word.len), &policy, &code));
            assert_int_equal(integer(&policy, row), k);
        }
        for (size_t k = 0; row->choices && k < sizeof(wrong) / sizeof(*wrong); k++)
            assert_false(accepts(row, json_string(wrong[k])));
    }
}

/* The enumerations of the header are positions in the rows' words. */
static void test_choice_positions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *word;
        int64_t value;
    } rows[] = {
        {"password_hash", "argon2id", PASSWORD_HASH_ARGON2ID},
        {"password_hash", "scrypt", PASSWORD_HASH_SCRYPT},
        {"password_blocklist", "off", BLOCKLIST_OFF},
        {"password_blocklist", "common", BLOCKLIST_COMMON},
        {"sign_up", "open", SIGN_UP_OPEN},
        {"sign_up", "closed", SIGN_UP_CLOSED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct policy policy;
        const char *code;
        const struct policy_row *row = row_of(rows[i].name);
        assert_true(reads(row, json_string(rows[i].word), &policy, &code));
        assert_int_equal(integer(&policy, row), rows[i].value);
    }
}

static bool type_fits(enum policy_type type, const json_t *value)
{
    if (type == POLICY_number)
        return json_is_integer(value);
    if (type == POLICY_origins || type == POLICY_names)
        return json_is_array(value) && json_array_size(value) == 0;
    return json_is_string(value);
}

static void test_every_wrong_type_of_every_row(void **state)
{
    (void)state;
    json_t *values = read_json("[null, true, false, 1, 1.0, 1e3, \"x\", [], [1], [null], [[\"a\"]],"
                               " [\"https://a.example\", 1], {}, {\"a\":1}]");
    for (size_t i = 0; i < policy_row_count; i++) {
        size_t k;
        json_t *value;
        json_array_foreach(values, k, value)
        {
            struct policy policy;
            const char *code;
            if (type_fits(policy_rows[i].type, value))
                continue;
            assert_false(reads(&policy_rows[i], json_incref(value), &policy, &code));
            assert_string_equal(code, "wrong_type");
        }
    }
    json_decref(values);
}

/* n different elements. */
static json_t *many(const char *prefix, int64_t n)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < n; i++) {
        json_t *item = json_sprintf("%s%d", prefix, (int)i);
        json_array_append_new(list, item);
    }
    return list;
}

static void test_list_lengths(void **state)
{
    (void)state;
    for (size_t i = 0; i < policy_row_count; i++) {
        const struct policy_row *row = &policy_rows[i];
        const char *prefix = row->type == POLICY_origins ? "https://app.acme.com:1" : "claim_";
        if (row->type != POLICY_origins && row->type != POLICY_names)
            continue;
        assert_true(accepts(row, many(prefix, 0)));
        assert_true(accepts(row, many(prefix, row->max - 1)));
        assert_true(accepts(row, many(prefix, row->max)));
        assert_false(accepts(row, many(prefix, row->max + 1)));
        assert_false(accepts(row, many(prefix, 9999)));
    }
}

static void test_origins_become_canonical_and_are_unique(void **state)
{
    (void)state;
    struct policy policy;
    const char *code;
    const struct policy_row *row = row_of("allowed_origins");
    assert_true(reads(row, read_json("[\"HTTPS://App.Acme.com:443\",\"http://[0:0::1]:3000\"]"),
                      &policy, &code));
    check_str(policy.allowed_origins.items[0], "https://app.acme.com");
    check_str(policy.allowed_origins.items[1], "http://[::1]:3000");
    assert_false(
        reads(row, read_json("[\"https://a.example\",\"https://A.example:443\"]"), &policy, &code));
    assert_string_equal(code, "duplicate");
    assert_int_equal(policy.allowed_origins.n, 0);
    assert_false(reads(row, read_json("[\"https://*.acme.com\"]"), &policy, &code));
    assert_string_equal(code, "malformed");
    assert_false(accepts(row, read_json("[\"\"]")));
    assert_false(accepts(row, read_json("[\"null\"]")));
    assert_false(accepts(row, read_json("[\"https://a.example/\"]")));
}

static void test_claim_names(void **state)
{
    (void)state;
    const struct policy_row *row = row_of("tenant_claim_aliases");
    static const char *const good[] = {
        "tenant_id",
        "tenantId",
        "_t",
        "https://acme.com/tenant",
        "a.b-c:d/e",
        "T",
        "a234567890123456789012345678901234567890123456789012345678901234"};
    static const char *const bad[] = {
        "",
        " ",
        "1a",
        "-a",
        ".a",
        "a b",
        "a\"b",
        "a\\b",
        "a\nb",
        "a\x7f",
        "t\xc3\xa4",
        "a+b",
        "a,b",
        "a'b",
        "a2345678901234567890123456789012345678901234567890123456789012345",
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "client_id",
        "sid",
        "auth_time",
        "amr",
        "acr",
        "tenant",
        "org_id",
        "org_role",
        "permissions",
        "roles",
        "email",
        "email_verified",
        "name",
        "scope",
        "typ",
        "azp",
        "owner",
        "type"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(accepts(row, json_pack("[s]", good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (accepts(row, json_pack("[s]", bad[i])))
            fail_msg("accepted: %s", bad[i]);
    }
    assert_false(accepts(row, read_json("[\"t\",\"t\"]")));
    assert_true(accepts(row, read_json("[\"t\",\"T\"]")));
}

static void test_text_lengths_and_characters(void **state)
{
    (void)state;
    char text[300];
    struct policy policy;
    const char *code;
    const struct policy_row *row = row_of("audience");
    memset(text, 'x', sizeof(text));
    for (size_t n = 254; n <= 258; n++)
        assert_int_equal(accepts(row, json_stringn(text, n)), n <= 256);
    assert_true(reads(row, json_string("https://api.acme.com"), &policy, &code));
    check_str(policy.audience, "https://api.acme.com");
    assert_true(accepts(row, json_string("")));
    assert_true(accepts(row, json_string("b\xc3\274cher")));
    assert_false(accepts(row, json_string("a\nb")));
    assert_false(accepts(row, json_string("a\tb")));
    assert_false(accepts(row, json_string("a\x7f")));
    assert_false(accepts(row, json_stringn_nocheck("a\0b", 3)));
    assert_false(accepts(row, json_stringn_nocheck("a\xff", 2)));
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

/* Text of the defaults is what the rows say. */
static void test_presets_pass_their_own_checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < policy_row_count; i++) {
        const struct policy_row *row = &policy_rows[i];
        struct problems p = {.arena = a};
        json_t *value = policy_value_from_text(row, str_of(row->preset), &p);
        assert_non_null(value);
        assert_true(accepts(row, value));
        assert_true(strlen(row->doc) > 10);
    }
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
        cmocka_unit_test(test_amounts_at_their_boundaries),
        cmocka_unit_test(test_durations_by_form),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_choice_positions),
        cmocka_unit_test(test_every_wrong_type_of_every_row),
        cmocka_unit_test(test_list_lengths),
        cmocka_unit_test(test_origins_become_canonical_and_are_unique),
        cmocka_unit_test(test_claim_names),
        cmocka_unit_test(test_text_lengths_and_characters),
        cmocka_unit_test(test_every_wrong_member_is_named),
        cmocka_unit_test(test_unknown_member_fails_closed),
        cmocka_unit_test(test_patches),
        cmocka_unit_test(test_text_of_the_command_line),
        cmocka_unit_test(test_written_reads_back_the_same),
        cmocka_unit_test(test_presets_pass_their_own_checks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
