/* SPDX-License-Identifier: Apache-2.0
 *
 * Authorization: Bearer, neither too lax nor too strict.
 */
#include "base/arena.h"
#include "crypto/jwt.h"
#include "http/bearer.h"
#include "support/check.h"

static void bearer_parsing(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        enum bearer_form form;
        const char *token;
    } cases[] = {
        {NULL, BEARER_ABSENT, NULL},
        {"", BEARER_ABSENT, NULL},
        {"Bearer abc", BEARER_SENT, "abc"},
        {"bearer abc", BEARER_SENT, "abc"},
        {"BEARER abc", BEARER_SENT, "abc"},
        {"bEaReR a.b-c_d~e+f/g==", BEARER_SENT, "a.b-c_d~e+f/g=="},
        {"Bearer", BEARER_MALFORMED, NULL},
        {"Bearer ", BEARER_MALFORMED, NULL},
        {"Bearer  abc", BEARER_MALFORMED, NULL},
        {"Bearer\tabc", BEARER_MALFORMED, NULL},
        {"Bearer abc ", BEARER_MALFORMED, NULL},
        {"Bearer abc def", BEARER_MALFORMED, NULL},
        {"Bearer abc,def", BEARER_MALFORMED, NULL},
        {"Bearer abc, Bearer def", BEARER_MALFORMED, NULL},
        {"Bearer =abc", BEARER_MALFORMED, NULL},
        {"Bearer a=b", BEARER_MALFORMED, NULL},
        {"Bearer \"abc\"", BEARER_MALFORMED, NULL},
        {"Bearer ab\xC3\xA9", BEARER_MALFORMED, NULL},
        {"Bearer:abc", BEARER_MALFORMED, NULL},
        {" Bearer abc", BEARER_ABSENT, NULL},
        {"BearerX abc", BEARER_ABSENT, NULL},
        {"Bearer-abc", BEARER_ABSENT, NULL},
        {"Basic abc", BEARER_ABSENT, NULL},
        {"Token abc", BEARER_ABSENT, NULL},
        {"abc", BEARER_ABSENT, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str token;
        assert_int_equal(bearer_parse(str_of(cases[i].header), &token), cases[i].form);
        assert_true(cases[i].token ? str_eqz(token, cases[i].token) : !token.ptr);
    }
}

static struct str kid_of(struct arena *a, const char *header_json, char kid[ID_LEN])
{
    char *encoded = arena_alloc(a, 1024);
    size_t n = base64url_encode(encoded, header_json, strlen(header_json));
    memcpy(encoded + n, ".e30.sig", 8);
    return bearer_kid((struct str){encoded, n + 8}, kid, ID_LEN);
}

static void finds_the_kid_of_our_tokens(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    char kid[ID_LEN];
    struct id id = id_new("key_", 1);
    struct str header = jwt_header(a, "at+jwt", id_str(&id));
    assert_true(str_eq(bearer_kid(header, kid, sizeof(kid)), id_str(&id)));
    check_str(kid_of(a, "{\"kid\":\"k\"}", kid), "k");
    assert_null(kid_of(a, "{}", kid).ptr);
    assert_null(kid_of(a, "{\"kid\":\"\"}", kid).ptr);
    assert_null(kid_of(a, "{\"kid\":\"0123456789012345678901234567890\"}", kid).ptr);
    assert_null(kid_of(a, "{\"kid\":", kid).ptr);
    assert_null(kid_of(a, "{\"kid\":7}", kid).ptr);
    assert_null(bearer_kid(STR("not base64url!.x"), kid, sizeof(kid)).ptr);
    assert_null(bearer_kid(STR(""), kid, sizeof(kid)).ptr);
    assert_null(bearer_kid(STR("."), kid, sizeof(kid)).ptr);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bearer_parsing),
        cmocka_unit_test(finds_the_kid_of_our_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
