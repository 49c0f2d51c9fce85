/* SPDX-License-Identifier: Apache-2.0
 *
 * Applies the embedded migrations of a plane. Each runs in a transaction of its own that also takes
 * the advisory lock and looks again at what is applied, so that any number of processes may migrate
 * at once and a kill leaves whole versions only.
 */
#include "store/migrate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/token.h"
#include "migrations_generated.h"
#include "store/db_sync.h"

/* One for all planes: they live in different databases. */
enum { MIGRATION_LOCK = 0x61757468 };

struct migration {
    int version;
    int needs; /* binaries that do not carry this version must not serve the result; 0 = any may */
    struct str name;
    const char *text;
    char checksum[64];
};

struct plane {
    const char *name;
    const char *schema;
};

static const struct plane planes[] = {{"control", SCHEMA_CONTROL}, {"tenant", SCHEMA_TENANT}};

static const struct plane *plane_of(const char *name)
{
    size_t i = 0;
    while (strcmp(planes[i].name, name) != 0) {
        i++;
        assert(i < sizeof(planes) / sizeof(*planes));
    }
    return &planes[i];
}

/* The number after "-- needs: ". */
static int read_needs(const char *text)
{
    const char *at = strstr(text, "-- needs: ");
    return at ? (int)strtol(at + strlen("-- needs: "), NULL, 10) : 0;
}

/* "control/0001_initial.sql"; false when it is another plane's. */
static bool read_migration(const struct embedded_text *e, const struct plane *plane,
                           struct migration *out)
{
    struct str path = str_of(e->path);
    struct str dir;
    if (!str_split(&path, '/', &dir) || !str_eqz(dir, plane->name))
        return false;
    uint8_t digest[TOKEN_HASH_LEN];
    plain_hash(str_of(e->text), digest);
    hex_encode(out->checksum, digest, sizeof(digest));
    out->version = (int)strtol(path.ptr, NULL, 10);
    size_t name_at = str_find(path, '_') + 1;
    out->name = str_slice(path, name_at, path.len - (sizeof(".sql") - 1));
    out->needs = read_needs(e->text);
    out->text = e->text;
    return true;
}

/* The embedded list is in the order of file names, so versions ascend. */
static bool next_migration(const struct plane *plane, size_t *pos, struct migration *out)
{
    while (*pos < migrations_generated_count) {
        if (read_migration(&migrations_generated[(*pos)++], plane, out))
            return true;
    }
    return false;
}

int migrate_latest(const char *plane)
{
    struct migration m = {0};
    size_t pos = 0;
    while (next_migration(plane_of(plane), &pos, &m))
        continue;
    return m.version;
}

/* What is applied */

static const char list_sql[] = "SELECT version, needs, checksum FROM migration ORDER BY version";

static MUST_CHECK enum err list_applied(PGconn *c, struct arena *a, const struct db_rows **applied)
{
    return sync_exec(c, a, "migration_list", list_sql, NULL, 0, applied);
}

/* Row of the version, or -1. */
static int find_applied(const struct db_rows *applied, int version)
{
    for (size_t i = 0; i < db_count(applied); i++) {
        if (db_get_int(applied, i, 0) == version)
            return (int)i;
    }
    return -1;
}

/* What is applied is unchanged, and nothing of it needs a newer binary. */
static bool is_servable(const struct plane *plane, const struct db_rows *applied)
{
    int64_t latest = migrate_latest(plane->name);
    for (size_t i = 0; i < db_count(applied); i++) {
        if (db_get_int(applied, i, 1) <= latest)
            continue;
        log_error("migration_too_new", LOG_Z("plane", plane->name),
                  LOG_INT("version", db_get_int(applied, i, 0)),
                  LOG_Z("remedy", "run the newer authd that migrated this database"));
        return false;
    }
    struct migration m;
    for (size_t pos = 0; next_migration(plane, &pos, &m);) {
        int row = find_applied(applied, m.version);
        if (row < 0 || str_eq(db_get_text(applied, (size_t)row, 2),
                              (struct str){m.checksum, sizeof(m.checksum)}))
            continue;
        log_error("migration_changed", LOG_Z("plane", plane->name), LOG_INT("version", m.version),
                  LOG_Z("remedy", "an applied migration must not be edited; add another"));
        return false;
    }
    return true;
}

/* Applying */

struct apply {
    const struct plane *plane;
    struct arena *arena;
    struct migration migration;
    bool applied_now;
};

static MUST_CHECK enum err take_lock(PGconn *c, struct arena *a)
{
    struct db_param params[] = {db_int(MIGRATION_LOCK)};
    return sync_exec(c, a, "migration_lock", "SELECT pg_advisory_xact_lock($1::bigint)", params, 1,
                     NULL);
}

static MUST_CHECK enum err record(PGconn *c, struct arena *a, const struct migration *m)
{
    struct db_param params[] = {db_int(m->version), db_text(m->name),
                                db_text((struct str){m->checksum, sizeof(m->checksum)}),
                                db_int(m->needs), db_time(clock_wall_ms())};
    return sync_exec(c, a, "migration_record",
                     "INSERT INTO migration (version, name, checksum, needs, applied_at)"
                     " VALUES ($1::bigint, $2, $3, $4::bigint, $5::timestamptz)",
                     params, 5, NULL);
}

static enum err apply_one(PGconn *c, void *arg)
{
    struct apply *apply = arg;
    const struct db_rows *applied;
    enum err e = take_lock(c, apply->arena);
    if (!e)
        e = list_applied(c, apply->arena, &applied);
    if (e)
        return e;
    if (!is_servable(apply->plane, applied))
        return ERR_conflict;
    if (find_applied(applied, apply->migration.version) >= 0)
        return ERR_OK;
    e = sync_script(c, "migration", apply->migration.text);
    if (!e)
        e = record(c, apply->arena, &apply->migration);
    apply->applied_now = !e;
    return e;
}

static enum err prepare_schema(PGconn *c, void *arg)
{
    struct apply *apply = arg;
    char script[512];
    snprintf(script, sizeof(script),
             "CREATE SCHEMA IF NOT EXISTS %s;"
             "CREATE TABLE IF NOT EXISTS %s.migration (version integer PRIMARY KEY,"
             " name text NOT NULL, checksum text NOT NULL, needs integer NOT NULL,"
             " applied_at timestamptz NOT NULL)",
             apply->plane->schema, apply->plane->schema);
    enum err e = take_lock(c, apply->arena);
    return e ? e : sync_script(c, "migration_schema", script);
}

static MUST_CHECK enum err use_schema(PGconn *c, const struct plane *plane)
{
    char script[128];
    snprintf(script, sizeof(script), "SET client_min_messages = warning; SET search_path = %s",
             plane->schema);
    return sync_script(c, "migration_search_path", script);
}

static MUST_CHECK enum err apply_all(PGconn *c, struct apply *apply)
{
    const struct migration *m = &apply->migration;
    enum err e = use_schema(c, apply->plane);
    if (!e)
        e = sync_tx(c, prepare_schema, apply);
    for (size_t pos = 0; !e && next_migration(apply->plane, &pos, &apply->migration);) {
        apply->applied_now = false;
        e = sync_tx(c, apply_one, apply);
        if (!e && apply->applied_now)
            log_info("migration_applied", LOG_Z("plane", apply->plane->name),
                     LOG_INT("version", m->version), LOG_STR("name", m->name));
    }
    return e;
}

static MUST_CHECK enum err highest_version(PGconn *c, struct arena *a, int *version)
{
    const struct db_rows *applied;
    enum err e = list_applied(c, a, &applied);
    size_t n = e ? 0 : db_count(applied);
    *version = n ? (int)db_get_int(applied, n - 1, 0) : 0;
    return e;
}

enum err migrate_run(PGconn *c, const char *plane, int *version)
{
    struct apply apply = {.plane = plane_of(plane), .arena = arena_create(1024)};
    int highest = 0;
    enum err e = apply_all(c, &apply);
    if (!e)
        e = highest_version(c, apply.arena, version ? version : &highest);
    arena_destroy(apply.arena);
    return e;
}

static bool has_all(const struct plane *plane, const struct db_rows *applied)
{
    struct migration m;
    for (size_t pos = 0; next_migration(plane, &pos, &m);) {
        if (find_applied(applied, m.version) < 0)
            return false;
    }
    return true;
}

enum err migrate_check(PGconn *c, const char *plane)
{
    const struct plane *p = plane_of(plane);
    struct arena *a = arena_create(1024);
    const struct db_rows *applied;
    enum err e = list_applied(c, a, &applied);
    bool never_migrated = e == ERR_internal_error; /* 42P01: no table `migration` */
    if (never_migrated || (!e && (!has_all(p, applied) || !is_servable(p, applied))))
        e = ERR_tenant_not_provisioned;
    arena_destroy(a);
    return e;
}
