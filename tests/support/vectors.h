/* SPDX-License-Identifier: Apache-2.0
 *
 * Wycheproof's files, where they are: in the directory that AUTHD_VECTORS names, or beside the
 * source tree. They are not part of it, so a test skips what is not there.
 */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include <jansson.h>

/* NULL when there is no such file; the caller releases it with json_decref. */
json_t *vectors_load(const char *file);

/* For every element of group["tests"] of every group: fn(group, test). */
void vectors_each(const json_t *file, void (*fn)(const json_t *group, const json_t *test));

#endif
