/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry and the feed that fills it: what is found, how soon a change is seen with and
 * without notifications, seals that do not open elsewhere, snapshots swapped under readers.
 */
#include <stdlib.h>

#include "support/check.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "crypto/seal.h"
#include "store/feed.h"
#include "support/store_fixture.h"

static struct fixture f;
static struct fixture_tenant acme;
static struct fixture_tenant globex;

static struct tenant *find(const struct fixture_tenant *t)
{
    return registry_by_id(id_str(&t->id));
}

static int64_t session_duration(const struct fixture_tenant *ft)
{
    struct tenant *t = find(ft);
    assert_non_null(t);
    int64_t duration = t->policy.session_duration;
    tenant_release(t);
    return duration;
}

struct wanted {
    const struct fixture_tenant *tenant;
    int64_t duration;
};

static bool has_duration(void *arg)
{
    struct wanted *w = arg;
    return session_duration(w->tenant) == w->duration;
}

static bool wait_for_duration(const struct fixture_tenant *t, int64_t duration)
{
    return fixture_until(&f, has_duration, &(struct wanted){t, duration});
}

static bool has_revision(void *arg)
{
    return feed_revision() >= *(int64_t *)arg;
}

static bool wait_for_revision(int64_t revision)
{
    return fixture_until(&f, has_revision, &revision);
}

static void test_tenants_are_found(void **state)
{
    (void)state;
    const struct client_key *key;
    struct tenant *t = registry_by_key(acme.key_hash, clock_wall_ms(), &key);
    assert_non_null(t);
    assert_true(id_eq(&t->id, &acme.id));
    assert_true(id_eq(&key->id, &acme.key_id));
    assert_int_equal(key->kind, KEY_PUBLISHABLE);
    assert_true(id_eq(&t->clients[key->client].id, &acme.client));
    check_str(t->issuer, "https://auth.example.com/t/acme");
    assert_non_null(tenant_signing_key(t, clock_wall_ms()));
    assert_int_equal(t->db.password.len, 43);
    assert_null(strstr(store_tenant_server, "password"));
    tenant_release(t);
    t = registry_by_slug(STR("globex"));
    assert_true(id_eq(&t->id, &globex.id));
    tenant_release(t);
    t = registry_by_kid(id_str(&acme.kid));
    assert_true(id_eq(&t->id, &acme.id));
    tenant_release(t);
    assert_null(registry_by_slug(STR("nobody")));
    assert_int_equal(registry_count(), 2);
}

static void test_expired_key_is_not_found(void **state)
{
    (void)state;
    const struct client_key *key;
    fixture_sql(&f, "UPDATE client_key SET expires_at = now() + interval '1 hour' WHERE id = '%s'",
                acme.key_id.z);
    assert_true(wait_for_revision(fixture_change(&f, &acme, true)));
    assert_null(registry_by_key(acme.key_hash, clock_wall_ms() + 7200 * 1000, &key));
    struct tenant *t = registry_by_key(acme.key_hash, clock_wall_ms(), &key);
    assert_non_null(t);
    tenant_release(t);
    fixture_sql(&f, "UPDATE client_key SET revoked_at = now() WHERE id = '%s'", acme.key_id.z);
    assert_true(wait_for_revision(fixture_change(&f, &acme, true)));
    assert_null(registry_by_key(acme.key_hash, clock_wall_ms(), &key));
    fixture_sql(&f, "UPDATE client_key SET revoked_at = NULL, expires_at = NULL WHERE id = '%s'",
                acme.key_id.z);
    assert_true(wait_for_revision(fixture_change(&f, &acme, true)));
}

/* How long a change to acme's policy takes to be seen. */
static int64_t change_takes_ms(bool notify)
{
    static int hours;
    hours = hours % 100 + 1;
    fixture_sql(&f, "UPDATE tenant SET policy = '{\"session_duration\": \"%dh\"}' WHERE id = '%s'",
                hours, acme.id.z);
    int64_t start = clock_mono_ms();
    fixture_change(&f, &acme, notify);
    assert_true(wait_for_duration(&acme, hours * 3600));
    return clock_mono_ms() - start;
}

/* Right after the half second's look the next one is half a second away, and what takes less was
 * told. A machine that stands still for so long gets further tries. */
enum { TRIES = 5 };

static bool changes_within_ms(bool notify, int64_t limit_ms)
{
    for (int i = 0; i < TRIES; i++) {
        change_takes_ms(false);
        if (change_takes_ms(notify) < limit_ms)
            return true;
    }
    return false;
}

/* An emulated processor is too slow to tell. */
static void test_change_with_notification(void **state)
{
    (void)state;
    assert_true(changes_within_ms(true, getenv("AUTHD_TEST_SLOW") ? INT64_MAX : 300));
    assert_int_equal(session_duration(&globex), 30 * 86400);
}

/* Notifications cut off: nothing but the half second's look. */
static void test_change_without_notification_within_a_second(void **state)
{
    (void)state;
    assert_true(changes_within_ms(false, 1000));
}

static bool is_up_to_date(void *arg)
{
    (void)arg;
    return feed_age_ms() < 1000;
}

/* After the connection was lost: read again at once, nothing missed. */
static void test_feed_connection_lost(void **state)
{
    (void)state;
    fixture_sql(&f, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                    " WHERE application_name = 'authd feed'");
    fixture_sql(&f, "UPDATE tenant SET policy = '{\"session_duration\": \"3h\"}' WHERE id = '%s'",
                acme.id.z);
    fixture_change(&f, &acme, false);
    assert_true(wait_for_duration(&acme, 3 * 3600));
    assert_true(fixture_until(&f, is_up_to_date, NULL));
}

static void test_revisions_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        int64_t revision = fixture_change(&f, i % 2 ? &acme : &globex, i % 3 == 0);
        int64_t seen = feed_revision();
        assert_true(seen <= revision);
        assert_true(wait_for_revision(revision));
        struct tenant *t = find(i % 2 ? &acme : &globex);
        assert_int_equal(t->revision, revision);
        tenant_release(t);
    }
}

/* Rows that were pruned before we read them leave a gap: everything is read again. */
static void test_gap_reads_everything(void **state)
{
    (void)state;
    fixture_sql(&f, "UPDATE tenant SET policy = '{\"session_duration\": \"4h\"}' WHERE id = '%s'",
                globex.id.z);
    fixture_sql(&f, "UPDATE feed_head SET revision = revision + 5");
    assert_true(wait_for_revision(fixture_change(&f, &acme, true)));
    assert_int_equal(session_duration(&globex), 4 * 3600);
}

/* A restored control database counts from where it was: what it says from then on bites too. */
static void test_step_back_reads_everything(void **state)
{
    (void)state;
    int64_t before = feed_revision();
    fixture_sql(&f,
                "BEGIN; DELETE FROM change WHERE revision > %ld;"
                "UPDATE feed_head SET revision = %ld; COMMIT",
                (long)before - 3, (long)before - 3);
    fixture_sql(&f, "UPDATE tenant SET policy = '{\"session_duration\": \"5h\"}' WHERE id = '%s'",
                globex.id.z);
    fixture_change(&f, &acme, true);
    assert_true(wait_for_duration(&globex, 5 * 3600));
    fixture_sql(&f, "UPDATE tenant SET policy = '{\"session_duration\": \"6h\"}' WHERE id = '%s'",
                globex.id.z);
    fixture_change(&f, &globex, true);
    assert_true(wait_for_duration(&globex, 6 * 3600));
    assert_true(feed_revision() < before);
}

static void test_suspended_and_deleted(void **state)
{
    (void)state;
    struct fixture_tenant t;
    fixture_add_rows(&f, "initech", &t);
    assert_true(wait_for_revision(fixture_change(&f, &t, true)));
    fixture_sql(&f, "UPDATE tenant SET status = 'suspended' WHERE id = '%s'", t.id.z);
    assert_true(wait_for_revision(fixture_change(&f, &t, true)));
    struct tenant *found = find(&t);
    assert_int_equal(found->status, TENANT_SUSPENDED);
    tenant_release(found);
    fixture_sql(&f, "UPDATE tenant SET status = 'deleted' WHERE id = '%s'", t.id.z);
    assert_true(wait_for_revision(fixture_change(&f, &t, true)));
    assert_null(find(&t));
    assert_null(registry_by_slug(STR("initech")));
    assert_null(registry_by_kid(id_str(&t.kid)));
}

static void set_policy(const struct fixture_tenant *t, const char *policy)
{
    fixture_sql(&f, "UPDATE tenant SET policy = '%s' WHERE id = '%s'", policy, t->id.z);
    assert_true(wait_for_revision(fixture_change(&f, t, true)));
}

static void test_origins_are_counted(void **state)
{
    (void)state;
    struct str app = STR("https://app.acme.com");
    assert_false(registry_origin_listed(app));
    set_policy(&acme, "{\"allowed_origins\": [\"https://app.acme.com\"]}");
    assert_true(registry_origin_listed(app));
    set_policy(&globex, "{\"allowed_origins\": [\"https://app.acme.com\", \"https://b.example\"]}");
    set_policy(&acme, "{}");
    assert_true(registry_origin_listed(app));
    assert_false(registry_origin_listed(STR("https://app.acme.com.evil.example")));
    set_policy(&globex, "{}");
    assert_false(registry_origin_listed(app));
}

/* A sealed value copied to another tenant's row does not open there; that tenant alone is out. */
static void refuses_copied(const char *column)
{
    fixture_sql(&f, "CREATE TEMP TABLE kept AS SELECT * FROM tenant WHERE id = '%s'", globex.id.z);
    fixture_sql(&f,
                "UPDATE tenant SET %s = (SELECT %s FROM tenant WHERE id = '%s') WHERE id = '%s'",
                column, column, acme.id.z, globex.id.z);
    assert_true(wait_for_revision(fixture_change(&f, &globex, true)));
    assert_null(find(&globex));
    struct tenant *other = find(&acme);
    assert_non_null(other);
    tenant_release(other);
    fixture_sql(&f, "UPDATE tenant SET %s = (SELECT %s FROM kept) WHERE id = '%s'; DROP TABLE kept",
                column, column, globex.id.z);
    assert_true(wait_for_revision(fixture_change(&f, &globex, true)));
    other = find(&globex);
    assert_non_null(other);
    tenant_release(other);
}

static void test_copied_seals_do_not_open(void **state)
{
    (void)state;
    refuses_copied("wrapped_key");
    refuses_copied("sealed_passwords");
}

static void test_copied_signing_key_does_not_open(void **state)
{
    (void)state;
    fixture_sql(&f,
                "CREATE TEMP TABLE kept AS SELECT sealed_secret AS s FROM signing_key"
                " WHERE kid = '%s'",
                globex.kid.z);
    fixture_sql(&f,
                "UPDATE signing_key SET sealed_secret = (SELECT sealed_secret FROM signing_key"
                " WHERE kid = '%s') WHERE kid = '%s'",
                acme.kid.z, globex.kid.z);
    assert_true(wait_for_revision(fixture_change(&f, &globex, true)));
    assert_null(find(&globex));
    fixture_sql(&f,
                "UPDATE signing_key SET sealed_secret = (SELECT s FROM kept) WHERE kid = '%s';"
                " DROP TABLE kept",
                globex.kid.z);
    assert_true(wait_for_revision(fixture_change(&f, &globex, true)));
}

static void test_operators(void **state)
{
    (void)state;
    struct operator_entry entry;
    struct arena *a = arena_create(256);
    uint8_t hash[KEY_HASH_LEN] = {1, 2, 3};
    assert_false(registry_operator_by_key(hash, clock_wall_ms(), &entry, a));
    struct id operator= id_new("adm_", 1), key = id_new("key_", 1);
    fixture_sql(&f,
                "INSERT INTO operator (id, name, role, created_at, updated_at)"
                " VALUES ('%s', 'root', 'admin', now(), now());"
                "INSERT INTO operator_key (id, operator_id, hash, hint, created_at)"
                " VALUES ('%s', '%s', '\\x010203%058d', 'op', now())",
                operator.z, key.z, operator.z, 0);
    assert_true(wait_for_revision(fixture_change(&f, NULL, true)));
    assert_true(registry_operator_by_key(hash, clock_wall_ms(), &entry, a));
    assert_true(entry.may_write);
    check_str(entry.name, "root");
    fixture_sql(&f, "UPDATE operator_key SET revoked_at = now()");
    assert_true(wait_for_revision(fixture_change(&f, NULL, true)));
    assert_false(registry_operator_by_key(hash, clock_wall_ms(), &entry, a));
    arena_destroy(a);
}

/* A writer sees its own write. */
struct waiter {
    int64_t revision;
    enum err result;
    int64_t took_ms;
};

static void run_waiter(void *arg)
{
    struct waiter *w = arg;
    int64_t start = clock_mono_ms();
    w->result = registry_wait(w->revision);
    w->took_ms = clock_mono_ms() - start;
}

/* It asks for a look of its own, right after the last one; more tries for a machine that stands. */
static bool own_write_is_seen_at_once(void)
{
    change_takes_ms(false);
    struct waiter w = {.revision = fixture_change(&f, &acme, false)};
    fixture_run(&f, run_waiter, &w, 0);
    assert_int_equal(w.result, ERR_OK);
    assert_true(feed_revision() >= w.revision);
    return w.took_ms < 250;
}

/* At its caller's deadline, not at the wait's own of two seconds. */
static bool a_deadline_ends_the_wait(void)
{
    struct waiter never = {.revision = feed_revision() + 1000};
    int64_t start = clock_mono_ms();
    fixture_run(&f, run_waiter, &never, 200);
    assert_int_equal(never.result, ERR_control_plane_unavailable);
    assert_true(clock_mono_ms() - start >= 200);
    return never.took_ms < 2000;
}

static void test_registry_wait(void **state)
{
    (void)state;
    int tries = TRIES;
    while (tries && !own_write_is_seen_at_once())
        tries--;
    assert_true(tries);
    for (tries = TRIES; tries && !a_deadline_ends_the_wait();)
        tries--;
    assert_true(tries);
}

/* What flow/discovery does, in short. */
static void give_documents(struct tenant *t)
{
    struct arena *a = arena_create(256);
    struct tenant_documents *d = arena_new(a, struct tenant_documents);
    d->arena = a;
    atomic_store(&t->documents, d);
}

static bool is_replaced(void *arg)
{
    struct tenant *now = find(&globex);
    tenant_release(now);
    return now != arg;
}

/* Documents are made anew when a key's time comes, without the database. */
static void test_fresh_until(void **state)
{
    (void)state;
    fixture_sql(&f, "UPDATE signing_key SET leaves_at = now() + interval '3 s' WHERE kid = '%s'",
                globex.kid.z);
    assert_true(wait_for_revision(fixture_change(&f, &globex, true)));
    struct tenant *before = find(&globex);
    assert_true(before->fresh_until > 0);
    give_documents(before);
    assert_true(fixture_until(&f, is_replaced, before));
    struct tenant *after = find(&globex);
    assert_int_equal(after->fresh_until, 0);
    assert_null(atomic_load(&after->documents));
    assert_null(tenant_signing_key(after, clock_wall_ms()));
    tenant_release(before);
    tenant_release(after);
    fixture_sql(&f, "UPDATE signing_key SET leaves_at = NULL WHERE kid = '%s'", globex.kid.z);
    assert_true(wait_for_revision(fixture_change(&f, &globex, true)));
}

/* Readers on other threads while snapshots are swapped: run under ThreadSanitizer. */
static atomic_bool reading;

static void *read_on(void *arg)
{
    (void)arg;
    uint64_t sum = 0;
    while (atomic_load(&reading)) {
        const struct client_key *key;
        struct tenant *t = registry_by_key(acme.key_hash, clock_wall_ms(), &key);
        if (!t)
            continue;
        sum += (uint64_t)t->policy.session_duration + t->slug.len + t->secrets->refresh[0];
        registry_key_used(&key->id, clock_wall_ms());
        tenant_release(t);
    }
    return (void *)(uintptr_t)(sum | 1);
}

static void test_swap_under_readers(void **state)
{
    (void)state;
    pthread_t threads[2];
    atomic_store(&reading, true);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, NULL), 0);
    for (int i = 0; i < 30; i++)
        assert_true(wait_for_revision(fixture_change(&f, &acme, true)));
    atomic_store(&reading, false);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

/* The uses noted above reach the database with the next batch, the latest when the store closes. */
static void test_last_used_is_written(void **state)
{
    (void)state;
    const struct client_key *key;
    int64_t now = clock_wall_ms();
    struct tenant *t = registry_by_key(acme.key_hash, now, &key);
    registry_key_used(&key->id, now);
    tenant_release(t);
    fixture_close(&f);
    assert_int_equal(fixture_number(&f,
                                    "SELECT (extract(epoch FROM last_used_at) * 1000)::bigint"
                                    " FROM client_key WHERE id = '%s'",
                                    acme.key_id.z),
                     now);
    fixture_open(&f);
    assert_int_equal(store_start_background(), ERR_OK);
}

static void test_wrong_root_key_refuses_to_open(void **state)
{
    (void)state;
    fixture_close(&f);
    f.root_key[0] ^= 1;
    assert_int_equal(store_open(&f.config), ERR_internal_error);
    store_close();
    f.root_key[0] ^= 1;
    fixture_open(&f);
    assert_int_equal(store_start_background(), ERR_OK);
}

static int setup(void **state)
{
    (void)state;
    fixture_create(&f, "");
    fixture_add_rows(&f, "acme", &acme);
    fixture_add_rows(&f, "globex", &globex);
    fixture_open(&f);
    return store_start_background();
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    fixture_destroy(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tenants_are_found),
        cmocka_unit_test(test_expired_key_is_not_found),
        cmocka_unit_test(test_change_with_notification),
        cmocka_unit_test(test_change_without_notification_within_a_second),
        cmocka_unit_test(test_feed_connection_lost),
        cmocka_unit_test(test_revisions_in_order),
        cmocka_unit_test(test_gap_reads_everything),
        cmocka_unit_test(test_step_back_reads_everything),
        cmocka_unit_test(test_suspended_and_deleted),
        cmocka_unit_test(test_origins_are_counted),
        cmocka_unit_test(test_copied_seals_do_not_open),
        cmocka_unit_test(test_copied_signing_key_does_not_open),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_registry_wait),
        cmocka_unit_test(test_fresh_until),
        cmocka_unit_test(test_swap_under_readers),
        cmocka_unit_test(test_last_used_is_written),
        cmocka_unit_test(test_wrong_root_key_refuses_to_open),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
