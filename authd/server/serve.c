/* SPDX-License-Identifier: Apache-2.0
 *
 * Bringing a server up and down in the right order: what may fail for reasons of the operator's
 * (keys, certificates, addresses, the control database) comes before anything is started, and
 * everything that was started is ended in reverse.
 */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/pwhash.h"
#include "crypto/seal.h"
#include "server/command.h"
#include "server/process.h"
#include "server/tls.h"
#include "store/store.h"

enum {
    OWN_DESCRIPTORS = 160, /* listeners, probes, upkeep, files */
    CONNECTIONS_LEAST = 16
};

/* As it is in memory for as long as the process lives: parked loop threads look at it. */
static struct server server;

static bool load_tls(struct server *s)
{
    if (!*s->settings.tls_certificate)
        return true;
    s->tls = tls_create(&s->settings);
    return s->tls != NULL;
}

static enum err set_up_parts(struct server *s)
{
    const struct settings *set = &s->settings;
    json_setup();
    enum err e = crypto_setup();
    if (e == ERR_OK)
        e = pwhash_setup(set->hash_arena);
    if (e == ERR_OK)
        e = http_setup(&(struct http_config){.public_url = set->public_url,
                                             .proxies = set->trusted_proxies.items,
                                             .proxy_count = set->trusted_proxies.n});
    if (e != ERR_OK)
        log_error("setup_failed", LOG_Z("code", err_rows[e].code));
    return e;
}

static void start_workers(struct server *s)
{
    const struct settings *set = &s->settings;
    s->hashers = workers_create("hash", settings_hash_threads(set), settings_hash_queue(set),
                                (int)set->hash_nice, pwhash_thread_idle);
    s->connectors = workers_create("connect", (unsigned)set->connect_threads, 1024, 0, NULL);
    flow_config = (struct flow_config){.hashers = s->hashers,
                                       .public_url = set->public_url,
                                       .audit_retention_s = set->audit_retention};
}

static enum err open_store(struct server *s)
{
    const struct settings *set = &s->settings;
    struct store_config config = {
        .control_url = set->control_database_url,
        .provisioner_url = *set->provisioner_url ? set->provisioner_url : NULL,
        .public_url = set->public_url,
        .loops = s->loop_count,
        .connection_budget = (unsigned)set->db_connection_budget,
        .connections_per_tenant = (unsigned)set->db_connections_per_tenant,
        .idle_timeout_ms = set->db_idle_timeout * 1000,
        .statement_timeout_ms = set->db_statement_timeout * 1000,
        .connect_timeout_ms = set->db_connect_timeout * 1000,
        .signing_key_max_age_s = set->signing_key_max_age,
        .audit_retention_s = set->audit_retention,
        .spare_databases = (unsigned)set->spare_databases,
        .connectors = s->connectors,
    };
    enum err e = root_key_read(set->root_key_file, &config.root_key);
    return e == ERR_OK ? store_open(&config) : e;
}

/* Clients must leave descriptors to the database, or a crowd of idle ones makes every request fail
 * and the listener spin. A database connection takes three while it is being closed. */
static void cap_connections(struct server *s)
{
    struct rlimit files;
    s->max_connections = s->settings.max_connections;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
        return;
    int64_t database = store_config.connection_budget +
                       (int64_t)s->loop_count * store_config.connections_per_tenant;
    int64_t room = (int64_t)files.rlim_cur - OWN_DESCRIPTORS - 3 * database;
    if (s->max_connections <= room)
        return;
    s->max_connections = room > CONNECTIONS_LEAST ? room : CONNECTIONS_LEAST;
    log_warn("max_connections_lowered", LOG_INT("to", s->max_connections),
             LOG_INT("descriptors", (int64_t)files.rlim_cur),
             LOG_Z("remedy", "raise the limit on open files, or lower max_connections"));
}

/* Niceness counts only within a scheduling group, and where groups are made by themselves every
 * PostgreSQL backend is one. */
static void warn_of_autogroups(const struct server *s)
{
    char enabled = '0';
    int fd = open("/proc/sys/kernel/sched_autogroup_enabled", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (read(fd, &enabled, 1) == 1 && enabled == '1' && s->settings.hash_nice > 0)
        log_warn("hash_nice_is_weak", LOG_Z("reason", "kernel.sched_autogroup_enabled is 1"),
                 LOG_Z("remedy", "sysctl kernel.sched_autogroup_enabled=0 where PostgreSQL shares "
                                 "this host"));
    close(fd);
}

static bool start(struct server *s, const struct serve_hooks *hooks)
{
    if (set_up_parts(s) != ERR_OK || !load_tls(s) || !listen_open(&s->settings, &s->listen))
        return false;
    start_workers(s);
    if (open_store(s) != ERR_OK) { /* logged with its remedy */
        listen_close(&s->listen);
        return false;
    }
    cap_connections(s);
    warn_of_autogroups(s);
    server_start_loops(s);
    if (store_start_background() != ERR_OK)
        return false;
    if (hooks && hooks->prepare)
        server_run_first(s, hooks->prepare, hooks->arg);
    server_open(s);
    return true;
}

static void log_ready(const struct server *s)
{
    struct store_stats stats = {0};
    store_stats(&stats);
    for (size_t i = 0; i < s->listen.n; i++) {
        char name[80];
        listen_name(s->listen.items[i].fd, name, sizeof(name));
        log_info("listening", LOG_Z("address", name),
                 LOG_Z("serves", s->listen.items[i].admin ? "admin" : "api"),
                 LOG_BOOL("tls", s->tls && !s->listen.items[i].admin));
    }
    log_info("ready", LOG_Z("version", AUTHD_VERSION), LOG_INT("pid", getpid()),
             LOG_INT("loops", s->loop_count), LOG_INT("tenants", stats.tenants),
             LOG_BOOL("hash_arena", pwhash_arena_active()));
}

static void stop(struct server *s, bool finished)
{
    if (!finished) { /* coroutines still hold what a tidy end would release */
        log_warn("drain_cut", LOG_INT("in_flight", atomic_load(&s->in_flight)));
        log_flush();
        _exit(EXIT_DONE);
    }
    store_close();
    workers_destroy(s->hashers);
    workers_destroy(s->connectors);
    log_info("stopped", LOG_INT("pid", getpid()));
    log_flush();
}

int serve(struct invocation *in, const struct settings *settings, const struct serve_hooks *hooks)
{
    struct server *s = &server;
    process_harden();
    s->settings = *settings;
    s->loop_count = settings_loops(settings);
    s->log_json = command_log(settings);
    atomic_store(&s->access_log, settings->access_log);
    watch_enable(settings->log_level == LOG_DEBUG);
    if (!start(s, hooks)) {
        log_flush();
        return EXIT_FAILED;
    }
    struct process p = {.server = s,
                        .config_file = in->config,
                        .argv = in->argv,
                        .binary = process_binary(in->arena, in->argv[0]),
                        .may_hand_over = !hooks || hooks->may_hand_over};
    log_ready(s);
    if (hooks && hooks->announce && !hooks->announce(hooks->arg))
        kill(getpid(), SIGINT);
    malloc_trim(0); /* what only starting needed goes back to the system */
    process_announce();
    stop(s, process_supervise(&p));
    return EXIT_DONE;
}

int command_serve(struct invocation *in)
{
    struct settings s;
    return command_settings(in, &s) ? serve(in, &s, NULL) : EXIT_FAILED;
}
