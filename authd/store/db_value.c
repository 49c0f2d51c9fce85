/* SPDX-License-Identifier: Apache-2.0
 *
 * Values in PostgreSQL's binary format, both ways: integers big endian, timestamptz as microseconds
 * since 2000-01-01, jsonb as a version byte and the text. A struct db_rows is a PGresult that only
 * this file can look into.
 */
#include "store/db_value.h"

#include <assert.h>
#include <endian.h>
#include <limits.h>
#include <stdlib.h>

/* From pg_type.dat; stable by PostgreSQL's own promise. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_TIMESTAMPTZ = 1184,
    OID_JSONB = 3802
};

enum { JSONB_VERSION = 1 };
static const int64_t epoch_2000_ms = INT64_C(946684800000);

static void put_number(char out[8], int64_t v)
{
    uint64_t big = htobe64((uint64_t)v);
    memcpy(out, &big, sizeof(big));
}

static int length_of(struct str s)
{
    assert(s.len <= INT_MAX);
    return (int)s.len;
}

static struct str jsonb_form(struct arena *a, struct str text)
{
    char *bytes = arena_alloc(a, text.len + 1);
    bytes[0] = JSONB_VERSION;
    memcpy(bytes + 1, text.ptr, text.len);
    return (struct str){bytes, text.len + 1};
}

static struct str encode(const struct db_param *p, struct arena *a, char number[8])
{
    switch (p->type) {
    case DB_TEXT:
    case DB_BYTES:
        return p->str;
    case DB_JSON:
        return jsonb_form(a, p->str);
    case DB_INT:
        put_number(number, p->num);
        return (struct str){number, 8};
    case DB_TIME:
        put_number(number, (p->num - epoch_2000_ms) * 1000);
        return (struct str){number, 8};
    case DB_BOOL:
        number[0] = p->num != 0;
        return (struct str){number, 1};
    case DB_NULL:
        break;
    }
    return STR_NONE;
}

void db_encode(struct db_encoded *e, struct arena *a, const struct db_param *params, int n)
{
    assert(n <= DB_PARAMS_MAX);
    for (int i = 0; i < n; i++) {
        struct str s = encode(&params[i], a, e->numbers[i]);
        e->values[i] = s.ptr;
        e->lengths[i] = length_of(s);
        e->formats[i] = 1;
    }
}

static void clear(void *result)
{
    PQclear(result);
}

const struct db_rows *db_rows_keep(struct arena *a, PGresult *result)
{
    arena_defer(a, clear, result);
    return (const struct db_rows *)result;
}

static const PGresult *result_of(const struct db_rows *r)
{
    return (const PGresult *)r;
}

/* The cell's bytes, or NULL ptr; *type receives its type. */
static struct str cell(const struct db_rows *r, size_t row, int col, Oid *type)
{
    const PGresult *res = result_of(r);
    assert(row < db_count(r) && col >= 0 && col < PQnfields(res));
    *type = PQftype(res, col);
    if (PQgetisnull(res, (int)row, col))
        return STR_NONE;
    return (struct str){PQgetvalue(res, (int)row, col), (size_t)PQgetlength(res, (int)row, col)};
}

size_t db_count(const struct db_rows *r)
{
    return (size_t)PQntuples(result_of(r));
}

size_t db_affected(const struct db_rows *r)
{
    PGresult *res = (PGresult *)(uintptr_t)r; /* PQcmdTuples only reads, but does not say so */
    return strtoul(PQcmdTuples(res), NULL, 10);
}

bool db_is_null(const struct db_rows *r, size_t row, int col)
{
    Oid type;
    return cell(r, row, col, &type).ptr == NULL;
}

struct str db_get_text(const struct db_rows *r, size_t row, int col)
{
    Oid type;
    struct str s = cell(r, row, col, &type);
    assert(type == OID_TEXT || type == OID_JSONB || type == OID_BYTEA || type == OID_NAME);
    if (!s.ptr || type != OID_JSONB)
        return s;
    assert(s.len > 0 && s.ptr[0] == JSONB_VERSION);
    return str_slice(s, 1, s.len);
}

struct id db_get_id(const struct db_rows *r, size_t row, int col)
{
    struct str s = db_get_text(r, row, col);
    struct id id = {0};
    if (s.ptr) {
        assert(s.len == ID_LEN);
        memcpy(id.z, s.ptr, ID_LEN);
    }
    return id;
}

static int64_t signed_number(struct str s)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++)
        v = v << 8 | (uint8_t)s.ptr[i];
    unsigned unused = 64 - 8 * (unsigned)s.len;
    return (int64_t)(v << unused) >> unused;
}

int64_t db_get_int(const struct db_rows *r, size_t row, int col)
{
    Oid type;
    struct str s = cell(r, row, col, &type);
    assert(type == OID_INT8 || type == OID_INT4 || type == OID_INT2);
    return s.ptr ? signed_number(s) : 0;
}

bool db_get_bool(const struct db_rows *r, size_t row, int col)
{
    Oid type;
    struct str s = cell(r, row, col, &type);
    assert(type == OID_BOOL);
    return s.ptr && s.ptr[0];
}

int64_t db_get_time(const struct db_rows *r, size_t row, int col)
{
    Oid type;
    struct str s = cell(r, row, col, &type);
    assert(type == OID_TIMESTAMPTZ);
    if (!s.ptr)
        return 0;
    int64_t us = signed_number(s);
    int64_t ms = us / 1000 - (us % 1000 < 0); /* towards the past, as time goes */
    return ms + epoch_2000_ms;
}
