/* SPDX-License-Identifier: Apache-2.0
 *
 * cmocka with the headers it forgets to include, and comparisons for our own types.
 */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

#define check_str(actual, literal)                                       \
    do {                                                                 \
        struct str check_it = (actual);                                  \
        assert_int_equal(check_it.len, sizeof(literal) - 1);             \
        assert_memory_equal(check_it.ptr, literal, sizeof(literal) - 1); \
    } while (0)

#endif
