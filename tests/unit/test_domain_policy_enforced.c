/* SPDX-License-Identifier: Apache-2.0
 *
 * No policy is stored and then ignored: some code outside the policy table reads every row. Found
 * by looking for `policy->NAME` and `policy.NAME` in the sources themselves.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "domain/policy.h"
#include "support/check.h"

enum { ROWS_MAX = 256 };
static bool enforced[ROWS_MAX];

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether what follows `policy->` or `policy.` is exactly this name. */
static bool reads_row(const char *member, const char *name)
{
    size_t n = strlen(name);
    return strncmp(member, name, n) == 0 && !is_name_char(member[n]);
}

static void note_member(const char *member)
{
    for (size_t i = 0; i < policy_row_count; i++)
        enforced[i] = enforced[i] || reads_row(member, policy_rows[i].name);
}

static void scan_line(const char *line)
{
    static const char word[] = "policy";
    for (const char *at = strstr(line, word); at; at = strstr(at + 1, word)) {
        const char *after = at + sizeof(word) - 1;
        if (strncmp(after, "->", 2) == 0)
            note_member(after + 2);
        else if (*after == '.')
            note_member(after + 1);
    }
}

static int scan_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    char line[1024];
    const char *name = path + ftw->base;
    struct str file = str_of(name);
    if (type != FTW_F || !str_ends(file, STR(".c")) || str_starts(file, STR("policy")))
        return 0;
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f))
        scan_line(line);
    fclose(f);
    return 0;
}

static void test_every_policy_is_read_by_a_rule(void **state)
{
    (void)state;
    char path[4096];
    const char *root = getenv("SOURCE_DIR");
    assert_non_null(root);
    assert_true(policy_row_count <= ROWS_MAX);
    snprintf(path, sizeof(path), "%s/authd", root);
    assert_int_equal(nftw(path, scan_file, 16, FTW_PHYS), 0);
    for (size_t i = 0; i < policy_row_count; i++) {
        if (!enforced[i])
            fail_msg("no code reads the policy %s", policy_rows[i].name);
    }
}

static void test_the_search_itself(void **state)
{
    (void)state;
    assert_true(reads_row("sign_up == SIGN_UP_OPEN", "sign_up"));
    assert_true(reads_row("audience.len", "audience"));
    assert_false(reads_row("sign_up_disclosure", "sign_up"));
    assert_false(reads_row("sign", "sign_up"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_search_itself),
        cmocka_unit_test(test_every_policy_is_read_by_a_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
