/* SPDX-License-Identifier: Apache-2.0
 *
 * Migrations, and every SQL statement of the product against a freshly migrated database.
 */
#include "support/check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/db.h"
#include "store/db_sync.h"
#include "store/migrate.h"
#include "support/pg.h"

static struct pg *pg;

static PGconn *connect_to(const char *dbname)
{
    char url[PG_URL_MAX];
    PGconn *c;
    pg_url(pg, dbname, url);
    assert_int_equal(sync_connect(&(struct sync_target){.url = url}, &c), ERR_OK);
    return c;
}

static PGconn *fresh(const char *dbname, const char *plane)
{
    char script[128];
    PGconn *c = connect_to("postgres");
    snprintf(script, sizeof(script), "CREATE DATABASE %s", dbname);
    assert_int_equal(sync_script(c, "create", script), ERR_OK);
    sync_close(c);
    c = connect_to(dbname);
    assert_int_equal(migrate_run(c, plane, NULL), ERR_OK);
    return c;
}

static void test_migrate_twice(void **state)
{
    (void)state;
    PGconn *c = fresh("twice", "control");
    int version = 0;
    assert_int_equal(migrate_run(c, "control", &version), ERR_OK);
    assert_int_equal(version, migrate_latest("control"));
    assert_int_equal(migrate_check(c, "control"), ERR_OK);
    sync_close(c);
}

static void test_changed_migration_is_refused(void **state)
{
    (void)state;
    PGconn *c = fresh("changed", "tenant");
    assert_int_equal(sync_script(c, "edit", "UPDATE migration SET checksum = 'other'"), ERR_OK);
    assert_int_equal(migrate_run(c, "tenant", NULL), ERR_conflict);
    assert_int_equal(migrate_check(c, "tenant"), ERR_tenant_not_provisioned);
    sync_close(c);
}

/* Expand/contract: a database may be ahead, unless its migration says otherwise. */
static void test_database_ahead_of_the_binary(void **state)
{
    (void)state;
    PGconn *c = fresh("ahead", "tenant");
    assert_int_equal(sync_script(c, "ahead",
                                 "INSERT INTO migration VALUES (9000, 'later', 'x', 0,"
                                 " now())"),
                     ERR_OK);
    int version = 0;
    assert_int_equal(migrate_run(c, "tenant", &version), ERR_OK);
    assert_int_equal(version, 9000);
    assert_int_equal(migrate_check(c, "tenant"), ERR_OK);
    assert_int_equal(sync_script(c, "ahead",
                                 "UPDATE migration SET needs = 9000"
                                 " WHERE version = 9000"),
                     ERR_OK);
    assert_int_equal(migrate_check(c, "tenant"), ERR_tenant_not_provisioned);
    assert_int_equal(migrate_run(c, "tenant", NULL), ERR_conflict);
    sync_close(c);
}

static void test_unmigrated_database(void **state)
{
    (void)state;
    PGconn *c = connect_to("template1");
    sync_expect("42P01");
    assert_int_equal(migrate_check(c, "control"), ERR_tenant_not_provisioned);
    sync_close(c);
    char url[PG_URL_MAX];
    pg_url(pg, "template1", url);
    struct sync_target target = {.url = url, .schema = SCHEMA_CONTROL};
    assert_int_equal(sync_connect(&target, &c), ERR_tenant_not_provisioned);
    pg_url(pg, "nowhere", url);
    target = (struct sync_target){.url = url};
    assert_int_equal(sync_connect(&target, &c), ERR_tenant_not_provisioned);
    assert_string_equal(sync_sqlstate(), "3D000");
}

static enum err add_and_fail(PGconn *c, void *arg)
{
    (void)arg;
    enum err e = sync_script(c, "add", "CREATE TABLE half (x int)");
    return e ? e : ERR_conflict;
}

static void test_transaction_rolls_back(void **state)
{
    (void)state;
    PGconn *c = connect_to("postgres");
    assert_int_equal(sync_tx(c, add_and_fail, NULL), ERR_conflict);
    assert_int_equal(sync_script(c, "add", "CREATE TABLE half (x int); DROP TABLE half"), ERR_OK);
    sync_expect("42P04");
    assert_int_equal(sync_script(c, "create", "CREATE DATABASE postgres"), ERR_internal_error);
    assert_string_equal(sync_sqlstate(), "42P04");
    sync_close(c);
}

static void test_several_in_one_round_trip(void **state)
{
    (void)state;
    struct arena *a = arena_create(1024);
    const struct db_rows *head = NULL;
    const struct db_rows *instance = NULL;
    const struct sync_call calls[] = {{SQL_CONTROL_HEAD, NULL, &head},
                                      {SQL_CONTROL_INSTANCE, NULL, &instance}};
    PGconn *c = fresh("several", "control");
    assert_int_equal(sync_run_all(c, a, calls, 2), ERR_OK);
    assert_int_equal(db_count(head), 1);
    assert_int_equal(db_count(instance), 0);
    assert_int_equal(sync_run_all(c, a, calls, 1), ERR_OK); /* the connection is as it was */
    assert_int_equal(sync_script(c, "rename", "ALTER TABLE feed_head RENAME TO away"), ERR_OK);
    sync_expect("42P01");
    instance = NULL;
    assert_int_equal(sync_run_all(c, a, calls, 2), ERR_internal_error);
    assert_string_equal(sync_sqlstate(), "42P01");
    assert_null(instance);
    arena_destroy(a);
    sync_close(c);
}

static void test_conninfo_of_server(void **state)
{
    (void)state;
    struct arena *a = arena_create(256);
    check_str(conninfo_of_server(a, "postgresql://boss:secret@db.example:6432/main"
                                    "?sslmode=require&application_name=x"),
              "host='db.example' port='6432' sslmode='require'");
    check_str(conninfo_of_server(a, "host=/tmp/o\\'clock user=boss password=secret"),
              "host='/tmp/o\\'clock'");
    assert_null(conninfo_of_server(a, "postgresql://[").ptr);
    arena_destroy(a);
}

/* Every statement */

/* Types that db_run's parameters have in binary form. */
static bool is_sendable(Oid type)
{
    static const Oid types[] = {25, 20, 1184, 17, 16, 3802};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (types[i] == type)
            return true;
    }
    return false;
}

/* Types that db_get_... can read. */
static bool is_readable(Oid type)
{
    static const Oid types[] = {16, 17, 19, 20, 21, 23, 25, 1184, 3802, 2278};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (types[i] == type)
            return true;
    }
    return false;
}

static const struct sql_statement *statement_of(const char *name)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        if (strcmp(sql_statements[i].name, name) == 0)
            return &sql_statements[i];
    }
    return NULL;
}

static unsigned check_statement(PGconn *c, const char *name)
{
    unsigned wrong = 0;
    const struct sql_statement *s = statement_of(name);
    assert_non_null(s);
    PGresult *r = PQprepare(c, name, s->text, 0, NULL);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        print_error("%s: %s", name, PQerrorMessage(c));
        PQclear(r);
        return 1;
    }
    PQclear(r);
    r = PQdescribePrepared(c, name);
    if (PQnparams(r) != s->params) {
        print_error("%s: %d parameters, the table says %d\n", name, PQnparams(r), s->params);
        wrong++;
    }
    for (int i = 0; i < PQnparams(r); i++) {
        if (!is_sendable(PQparamtype(r, i))) {
            print_error("%s: $%d has type %u; cast it\n", name, i + 1, PQparamtype(r, i));
            wrong++;
        }
    }
    for (int i = 0; i < PQnfields(r); i++) {
        if (!is_readable(PQftype(r, i))) {
            print_error("%s: column %s has type %u\n", name, PQfname(r, i), PQftype(r, i));
            wrong++;
        }
    }
    PQclear(r);
    return wrong;
}

/* The plane of a statement is its file's: the control database's files are known by name, the
 * janitor works in both, everything else is a tenant's. */
struct planes {
    PGconn *control;
    PGconn *tenant;
    unsigned count;
    unsigned wrong;
};

static bool prepares(PGconn *c, const char *name)
{
    PGresult *r = PQprepare(c, "", statement_of(name)->text, 0, NULL);
    bool good = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    return good;
}

static PGconn *plane_of(const struct planes *p, struct str file, const char *statement)
{
    if (str_starts(file, STR("control")) || str_starts(file, STR("provision")))
        return p->control;
    if (str_eq(file, STR("janitor.sql")) && prepares(p->control, statement))
        return p->control;
    return p->tenant;
}

static void check_file(struct planes *p, const char *dir, const char *name)
{
    char path[700];
    char line[1024];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        char statement[128];
        if (sscanf(line, "-- name: %127s", statement) != 1)
            continue;
        p->wrong += check_statement(plane_of(p, str_of(name), statement), statement);
        p->count++;
    }
    fclose(file);
}

static void test_every_statement_prepares(void **state)
{
    (void)state;
    struct planes p = {.control = fresh("statements_control", "control"),
                       .tenant = fresh("statements_tenant", "tenant")};
    char dir[400];
    snprintf(dir, sizeof(dir), "%s/authd/store", getenv("SOURCE_DIR"));
    DIR *entries = opendir(dir);
    assert_non_null(entries);
    struct dirent *e;
    while ((e = readdir(entries))) {
        if (str_ends(str_of(e->d_name), STR(".sql")))
            check_file(&p, dir, e->d_name);
    }
    closedir(entries);
    sync_close(p.control);
    sync_close(p.tenant);
    assert_int_equal(p.wrong, 0);
    assert_true(p.count > 5 && p.count <= SQL_COUNT);
}

static int setup(void **state)
{
    (void)state;
    pg = pg_start("", false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pg_destroy(pg);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_migrate_twice),
        cmocka_unit_test(test_changed_migration_is_refused),
        cmocka_unit_test(test_database_ahead_of_the_binary),
        cmocka_unit_test(test_unmigrated_database),
        cmocka_unit_test(test_transaction_rolls_back),
        cmocka_unit_test(test_several_in_one_round_trip),
        cmocka_unit_test(test_conninfo_of_server),
        cmocka_unit_test(test_every_statement_prepares),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
