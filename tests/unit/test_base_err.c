/* SPDX-License-Identifier: Apache-2.0
 *
 * The error rows: every one is complete and found by its code.
 */
#include "base/err.h"

#include <string.h>

#include "support/check.h"

static void test_rows_are_complete(void **state)
{
    (void)state;
    for (int i = ERR_OK + 1; i < ERR_COUNT; i++) {
        const struct err_row *row = &err_rows[i];
        assert_in_range(row->status, 400, 599);
        assert_true(row->text[0] && row->cause[0] && row->remedy[0]);
        assert_int_equal(err_from_code(row->code), i);
    }
}

static void test_unknown_codes(void **state)
{
    (void)state;
    assert_int_equal(err_from_code("no_such_code"), ERR_OK);
    assert_int_equal(err_from_code("ok"), ERR_OK);
    assert_int_equal(err_from_code(""), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_complete),
        cmocka_unit_test(test_unknown_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
