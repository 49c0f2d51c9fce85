/* SPDX-License-Identifier: Apache-2.0
 *
 * The provisioner's connections and what it asks of them. They are kept between two uses, the last
 * used on top, because opening one costs a good part of what creating a database does.
 */
#include "store/provisioner.h"

#include <poll.h>
#include <pthread.h>

#include "base/clock.h"
#include "store/migrate.h"
#include "store/store.h"

/* Cloning a database under load may take long; waiting for ever is no way to notice. */
enum { PROVISION_TIMEOUT_MS = 120 * 1000, KEPT_MAX = 2 };

static struct {
    pthread_mutex_t mutex;
    struct provisioner items[KEPT_MAX];
    size_t n;
} kept = {.mutex = PTHREAD_MUTEX_INITIALIZER};

enum err provisioner_connect(const struct provisioner *p, const char *database, PGconn **out)
{
    struct sync_target target = {.url = p->admin_url,
                                 .dbname = database,
                                 .application = "authd provision",
                                 .statement_timeout_ms = PROVISION_TIMEOUT_MS};
    return sync_connect(&target, out);
}

static enum err control_connect(struct provisioner *p)
{
    struct sync_target target = {.url = p->control_url,
                                 .schema = SCHEMA_CONTROL,
                                 .application = "authd provision",
                                 .statement_timeout_ms = PROVISION_TIMEOUT_MS};
    return sync_connect(&target, &p->control);
}

static enum err superuser_ask(struct provisioner *p)
{
    struct arena *a = arena_create(512);
    enum err e = provisioner_ask(p, a, "provisioner_superuser",
                                 "SELECT rolsuper FROM pg_roles WHERE rolname = current_user",
                                 STR_NONE, &p->superuser);
    arena_destroy(a);
    return e;
}

enum err provisioner_open(struct provisioner *p, const char *control_url, const char *admin_url)
{
    *p = (struct provisioner){.control_url = control_url,
                              .admin_url = admin_url ? admin_url : control_url};
    enum err e = control_connect(p);
    if (e == ERR_OK && !admin_url)
        p->admin = p->control;
    else if (e == ERR_OK)
        e = provisioner_connect(p, NULL, &p->admin);
    if (e == ERR_OK)
        e = superuser_ask(p);
    if (e != ERR_OK)
        provisioner_close(p);
    return e;
}

void provisioner_close(struct provisioner *p)
{
    if (p->admin != p->control)
        sync_close(p->admin);
    sync_close(p->control);
    p->control = NULL;
    p->admin = NULL;
}

static bool kept_take(struct provisioner *p)
{
    pthread_mutex_lock(&kept.mutex);
    bool found = kept.n > 0;
    if (found)
        *p = kept.items[--kept.n];
    pthread_mutex_unlock(&kept.mutex);
    return found;
}

/* An idle server says nothing: whatever can be read is a farewell, or the end. */
static bool is_silent(PGconn *c)
{
    struct pollfd fd = {.fd = PQsocket(c), .events = POLLIN};
    return poll(&fd, 1, 0) == 0;
}

enum err provisioner_take(struct provisioner *p)
{
    while (kept_take(p)) {
        if (is_silent(p->control) && is_silent(p->admin))
            return ERR_OK;
        provisioner_close(p);
    }
    return provisioner_open(p, store_config.control_url, store_config.provisioner_url);
}

void provisioner_give(struct provisioner *p, enum err result)
{
    pthread_mutex_lock(&kept.mutex);
    bool keep = result == ERR_OK && kept.n < KEPT_MAX;
    p->idle_since_ms = clock_mono_ms();
    if (keep)
        kept.items[kept.n++] = *p;
    pthread_mutex_unlock(&kept.mutex);
    if (!keep)
        provisioner_close(p);
}

/* The longest idle one is at the bottom. */
void provisioner_close_idle(int64_t since_ms)
{
    pthread_mutex_lock(&kept.mutex);
    while (kept.n > 0 && kept.items[0].idle_since_ms <= since_ms) {
        provisioner_close(&kept.items[0]);
        memmove(kept.items, kept.items + 1, --kept.n * sizeof(*kept.items));
    }
    pthread_mutex_unlock(&kept.mutex);
}

const char *provisioner_lazily(const struct provisioner *p)
{
    return p->admin == p->control ? PROVISION_LAZILY : "";
}

enum err provisioner_ask(struct provisioner *p, struct arena *a, const char *name, const char *text,
                         struct str param, bool *yes)
{
    const struct db_rows *rows;
    struct db_param params[1] = {db_text(param)};
    enum err e = sync_exec(p->admin, a, name, text, params, str_is_set(param), &rows);
    if (e == ERR_OK)
        *yes = db_count(rows) && db_get_bool(rows, 0, 0);
    return e;
}

enum err provision_row_read(struct provisioner *p, struct arena *a, struct str tenant,
                            struct provision_row *out)
{
    const struct db_rows *rows;
    struct db_param params[1] = {db_text(tenant)};
    enum err e = sync_run(p->control, a, SQL_PROVISION_ROW, params, &rows);
    if (e != ERR_OK)
        return e;
    if (db_count(rows) == 0 || !id_parse(tenant, "tnt_", &out->tenant))
        return ERR_not_found;
    out->status = db_get_text(rows, 0, 0);
    out->ready = db_get_bool(rows, 0, 1);
    out->dropped = db_get_bool(rows, 0, 2);
    out->wrapped_key = db_get_text(rows, 0, 3);
    out->database = db_get_text(rows, 0, 4);
    out->owner = db_get_text(rows, 0, 5);
    out->login[0] = db_get_text(rows, 0, 6);
    out->login[1] = db_get_text(rows, 0, 7);
    out->sealed_passwords = db_get_text(rows, 0, 8);
    out->keep_database = db_get_bool(rows, 0, 9);
    return ERR_OK;
}
