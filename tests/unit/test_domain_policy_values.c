/* SPDX-License-Identifier: Apache-2.0
 *
 * Policy values: every row at its boundaries, in every word, list length and spelling, and in every
 * wrong type.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "domain/policy.h"
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

static const char *const claim_names[] = {
    "tenant_id",
    "tenantId",
    "_t",
    "https://acme.com/tenant",
    "a.b-c:d/e",
    "T",
    "a234567890123456789012345678901234567890123456789012345678901234"};
static const char *const no_claim_names[] = {
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

static void test_claim_names(void **state)
{
    (void)state;
    const struct policy_row *row = row_of("tenant_claim_aliases");
    for (size_t i = 0; i < sizeof(claim_names) / sizeof(*claim_names); i++)
        assert_true(accepts(row, json_pack("[s]", claim_names[i])));
    for (size_t i = 0; i < sizeof(no_claim_names) / sizeof(*no_claim_names); i++) {
        if (accepts(row, json_pack("[s]", no_claim_names[i])))
            fail_msg("accepted: %s", no_claim_names[i]);
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
        cmocka_unit_test(test_amounts_at_their_boundaries),
        cmocka_unit_test(test_durations_by_form),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_choice_positions),
        cmocka_unit_test(test_every_wrong_type_of_every_row),
        cmocka_unit_test(test_list_lengths),
        cmocka_unit_test(test_origins_become_canonical_and_are_unique),
        cmocka_unit_test(test_claim_names),
        cmocka_unit_test(test_text_lengths_and_characters),
        cmocka_unit_test(test_presets_pass_their_own_checks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
