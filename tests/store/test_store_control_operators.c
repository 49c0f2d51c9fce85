/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators: their keys, and that somebody who may administer is always left, also when two try at
 * the same moment.
 */
#include "support/check.h"

#include "base/coro.h"
#include "crypto/token.h"
#include "flow/operators.h"
#include "store/control_init.h"
#include "support/control_fixture.h"
#include "support/poll_loop.h"

static struct fixture f;

static struct operator_created operator_make(const char *role)
{
    struct operator_create_in in = {.name = STR("somebody"), .role = str_of(role)};
    struct operator_created out = {0};
    assert_int_equal(control_call(&f, operator_create_flow, &in, &out), ERR_OK);
    return out;
}

static bool key_works(struct str text, bool *may_write)
{
    uint8_t hash[TOKEN_HASH_LEN];
    struct operator_entry entry;
    struct arena *a = arena_create(256);
    key_hash(text, hash);
    bool found = registry_operator_by_key(hash, control_last.now, &entry, a);
    *may_write = found && entry.may_write;
    arena_destroy(a);
    return found;
}

static void test_first_operator(void **state)
{
    (void)state;
    struct operator_record me = {0};
    assert_int_equal(control_call(&f, operator_me_flow, NULL, &me), ERR_OK);
    check_str(me.role, "admin");
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM operator"), 1);
}

static void test_init_gives_the_key_once(void **state)
{
    (void)state;
    char admin[PG_URL_MAX];
    char key[KEY_TEXT_MAX + 1];
    uint8_t other[32] = {1};
    bool created = true;
    pg_url(f.pg, "postgres", admin);
    assert_int_equal(control_init(admin, "control", f.root_key, key, &created), ERR_OK);
    assert_false(created);
    assert_string_equal(key, "");
    assert_int_equal(control_init(admin, "control", other, key, &created), ERR_conflict);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM operator_key"), 1);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM pg_database WHERE datname IN"
                                        " ('control', 'postgres', 'template1') AND"
                                        " has_database_privilege('public', datname, 'CONNECT')"),
                     0);
}

static void test_roles_and_keys(void **state)
{
    (void)state;
    bool may_write;
    struct operator_created made = operator_make("reader");
    assert_true(key_works(made.key, &may_write));
    assert_false(may_write);

    struct operator_update_in update = {.id = made.record.id, .role = STR("admin")};
    struct operator_record out = {0};
    assert_int_equal(control_call(&f, operator_update_flow, &update, &out), ERR_OK);
    assert_true(key_works(made.key, &may_write) && may_write);

    struct operator_ref_in ref = {.id = made.record.id};
    struct key_out key = {0};
    assert_int_equal(control_call(&f, operator_key_create_flow, &ref, &key), ERR_OK);
    struct operator_key_ref_in revoke = {.id = made.record.id, .key_id = key.row.id};
    assert_int_equal(control_call(&f, operator_key_revoke_flow, &revoke, NULL), ERR_OK);
    assert_false(key_works(key.key, &may_write));
    assert_int_equal(control_call(&f, operator_key_revoke_flow, &revoke, NULL), ERR_OK);

    struct operator_key_list_in list = {.id = made.record.id};
    struct page_out page = {0};
    assert_int_equal(control_call(&f, operator_key_list_flow, &list, &page), ERR_OK);
    assert_int_equal(page.data.n, 2);
    assert_true(((const struct key_row *)page.data.items)[0].revoked_at > 0);

    assert_int_equal(control_call(&f, operator_delete_flow, &ref, NULL), ERR_OK);
    assert_false(key_works(made.key, &may_write));
    assert_int_equal(control_call(&f, operator_delete_flow, &ref, NULL), ERR_not_found);
}

static struct id first_id(const char *table)
{
    struct id id;
    PGresult *r = PQexecParams(f.control,
                               strcmp(table, "operator") == 0
                                   ? "SELECT id FROM operator ORDER BY id LIMIT 1"
                                   : "SELECT id FROM operator_key ORDER BY id LIMIT 1",
                               0, NULL, NULL, NULL, NULL, 0);
    assert_true(id_parse(str_of(PQgetvalue(r, 0, 0)),
                         strcmp(table, "operator") == 0 ? "adm_" : "key_", &id));
    PQclear(r);
    return id;
}

static void test_the_last_admin_stays(void **state)
{
    (void)state;
    operator_make("reader");
    struct operator_ref_in ref = {.id = first_id("operator")};
    struct operator_key_ref_in key = {.id = ref.id, .key_id = first_id("operator_key")};
    struct operator_update_in demote = {.id = ref.id, .role = STR("reader")};
    struct operator_record out = {0};
    assert_int_equal(control_call(&f, operator_delete_flow, &ref, NULL), ERR_conflict);
    assert_int_equal(control_call(&f, operator_key_revoke_flow, &key, NULL), ERR_conflict);
    assert_int_equal(control_call(&f, operator_update_flow, &demote, &out), ERR_conflict);
    demote.role = STR("admin");
    demote.name = STR("renamed");
    assert_int_equal(control_call(&f, operator_update_flow, &demote, &out), ERR_OK);
    check_str(out.name, "renamed");
}

/* Several removals at once, each of another operator, on one loop: their batches overlap in the
 * server because every coroutine gets to a connection of its own. */
enum { RACERS = 6 };

struct racer {
    struct call call;
    struct operator_ref_in in;
    struct arena *arena;
    enum err result;
    bool done;
};

static void race_run(void *arg)
{
    struct racer *r = arg;
    r->result = operator_delete_flow(&r->call);
    r->done = true;
}

static bool all_done(void *arg)
{
    struct racer *racers = arg;
    for (int i = 0; i < RACERS; i++) {
        if (!racers[i].done)
            return false;
    }
    return true;
}

static void test_two_cannot_remove_each_other(void **state)
{
    (void)state;
    static struct racer racers[RACERS];
    struct operator_ref_in first = {.id = first_id("operator")};
    racers[0].in.id = first.id;
    for (int i = 1; i < RACERS; i++)
        racers[i].in.id = operator_make("admin").record.id;
    for (int i = 0; i < RACERS; i++) {
        struct racer *r = &racers[i];
        r->arena = arena_create(4096);
        r->call = control_last;
        r->call.arena = r->arena;
        r->call.in = &r->in;
        coro_spawn(race_run, r, 0);
    }
    poll_loop_run(f.loop, all_done, racers);
    int deleted = 0;
    for (int i = 0; i < RACERS; i++) {
        assert_true(racers[i].result == ERR_OK || racers[i].result == ERR_conflict);
        deleted += racers[i].result == ERR_OK;
        arena_destroy(racers[i].arena);
    }
    assert_int_equal(deleted, RACERS - 1);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM operator o WHERE role = 'admin' AND"
                                        " deleted_at IS NULL AND EXISTS (SELECT 1 FROM operator_key"
                                        " WHERE operator_id = o.id AND revoked_at IS NULL)"),
                     1);
}

static int setup(void **state)
{
    (void)state;
    control_create(&f, "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    control_destroy(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_operator),
        cmocka_unit_test(test_init_gives_the_key_once),
        cmocka_unit_test(test_roles_and_keys),
        cmocka_unit_test(test_the_last_admin_stays),
        cmocka_unit_test(test_two_cannot_remove_each_other),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
