/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding and walking Wycheproof's files.
 */
#include "support/vectors.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *load_from(const char *directory, const char *below, const char *file)
{
    char path[4096];
    if (!directory)
        return NULL;
    snprintf(path, sizeof(path), "%s%s/%s", directory, below, file);
    return json_load_file(path, 0, NULL);
}

json_t *vectors_load(const char *file)
{
    const char *source = getenv("SOURCE_DIR");
    json_t *found = load_from(getenv("AUTHD_VECTORS"), "", file);
    if (!found)
        found = load_from(source, "/../shared/vectors", file);
    if (!found)
        found = load_from(source, "/../../shared/vectors", file);
    return found;
}

void vectors_each(const json_t *file, void (*fn)(const json_t *group, const json_t *test))
{
    size_t i;
    size_t j;
    json_t *group;
    json_t *test;
    json_array_foreach(json_object_get(file, "testGroups"), i, group)
    {
        json_array_foreach(json_object_get(group, "tests"), j, test) fn(group, test);
    }
}
