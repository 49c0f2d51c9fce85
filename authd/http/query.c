/* SPDX-License-Identifier: Apache-2.0
 *
 * Query strings. A name that comes twice is refused rather than resolved: whoever reads the request
 * before or after us might take the other one.
 */
#include "http/match.h"
#include "http/percent.h"

enum { VALUES_MAX = sizeof(((struct field_values *)0)->names) / sizeof(struct str) };

struct str values_get(const struct field_values *values, struct str name)
{
    for (size_t i = 0; i < values->n; i++) {
        if (str_eq(values->names[i], name))
            return values->values[i];
    }
    return STR_NONE;
}

static enum err add_pair(struct arena *a, struct str pair, struct field_values *values)
{
    struct str name;
    struct str value;
    size_t equals = str_find(pair, '=');
    struct str raw_value = equals < pair.len ? str_slice(pair, equals + 1, pair.len) : STR("");
    if (!percent_decode(a, str_slice(pair, 0, equals), PERCENT_QUERY, &name) ||
        !percent_decode(a, raw_value, PERCENT_QUERY, &value))
        return ERR_bad_request;
    if (name.len == 0 || values->n == VALUES_MAX || values_get(values, name).ptr)
        return ERR_bad_request;
    values->names[values->n] = name;
    values->values[values->n++] = value;
    return ERR_OK;
}

enum err query_parse(struct arena *a, struct str raw, struct field_values *values)
{
    struct str rest = raw;
    struct str pair;
    values->n = 0;
    while (str_split(&rest, '&', &pair)) {
        if (pair.len == 0)
            continue;
        enum err e = add_pair(a, pair, values);
        if (e)
            return e;
    }
    return ERR_OK;
}
