/* SPDX-License-Identifier: Apache-2.0
 *
 * Counting and the Prometheus page. A metric is a row of name, type, help and the function that
 * works out its value when somebody asks.
 */
#include "server/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/worker.h"
#include "crypto/pwhash.h"
#include "http/http.h"
#include "server/server.h"
#include "store/store.h"

static const struct {
    int64_t us;
    const char *seconds;
} bounds[LATENCY_BUCKETS] = {
    {100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"},  {1000, "0.001"}, {2500, "0.0025"},
    {5000, "0.005"},  {10000, "0.01"},  {25000, "0.025"}, {50000, "0.05"}, {100000, "0.1"},
    {250000, "0.25"}, {500000, "0.5"},  {1000000, "1"},   {5000000, "5"},
};

void metrics_init(struct metrics_loop *m)
{
    m->requests = xcalloc(route_count + 1, sizeof(*m->requests));
}

void metrics_free(struct metrics_loop *m)
{
    free(m->requests);
}

void metrics_count(struct metrics_loop *m, const struct route *route, int status, int64_t us)
{
    size_t index = route ? (size_t)(route - routes) : route_count;
    int class = status / 100 - 1;
    size_t bucket = 0;
    if (class < 0 || class >= STATUS_CLASSES)
        class = STATUS_CLASSES - 1;
    while (bucket < LATENCY_BUCKETS && us > bounds[bucket].us)
        bucket++;
    metrics_add(&m->requests[index][class], 1);
    metrics_add(&m->latency[bucket], 1);
    metrics_add(&m->latency_sum_us, (uint64_t)us);
}

static uint64_t sum(struct server *s, size_t offset)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < s->loop_count; i++)
        total += metrics_get((metric *)((char *)&s->loops[i].metrics + offset));
    return total;
}

static const char *const methods[] = {"-",   "GET",    "POST", "PATCH",
                                      "PUT", "DELETE", "HEAD", "OPTIONS"};

static void write_route(struct buf *b, struct server *s, size_t index)
{
    for (int class = 0; class < STATUS_CLASSES; class ++) {
        uint64_t total = 0;
        for (unsigned i = 0; i < s->loop_count; i++)
            total += metrics_get(&s->loops[i].metrics.requests[index][class]);
        if (class == 0 && total == 0)
            continue;
        buf_printf(b, "authd_requests_total{method=\"%s\",route=\"%s\",class=\"%dxx\"} %llu\n",
                   index < route_count ? methods[routes[index].method] : "-",
                   index < route_count ? routes[index].path : "-", class + 1,
                   (unsigned long long)total);
    }
}

static void write_requests(struct buf *b, struct server *s)
{
    buf_lit(b, "# HELP authd_requests_total Requests answered, by route and status class.\n"
               "# TYPE authd_requests_total counter\n");
    for (size_t i = 0; i <= route_count; i++)
        write_route(b, s, i);
}

static void write_latency(struct buf *b, struct server *s)
{
    uint64_t total = 0;
    buf_lit(b, "# HELP authd_request_duration_seconds From the request's arrival to the end of "
               "its reply.\n# TYPE authd_request_duration_seconds histogram\n");
    for (size_t i = 0; i <= LATENCY_BUCKETS; i++) {
        total += sum(s, offsetof(struct metrics_loop, latency) + i * sizeof(metric));
        buf_printf(b, "authd_request_duration_seconds_bucket{le=\"%s\"} %llu\n",
                   i < LATENCY_BUCKETS ? bounds[i].seconds : "+Inf", (unsigned long long)total);
    }
    uint64_t us = sum(s, offsetof(struct metrics_loop, latency_sum_us));
    buf_printf(b, "authd_request_duration_seconds_sum %llu.%06llu\n",
               (unsigned long long)us / 1000000, (unsigned long long)us % 1000000);
    buf_printf(b, "authd_request_duration_seconds_count %llu\n", (unsigned long long)total);
}

/* What one scrape works with. */
struct scrape {
    struct server *server;
    struct store_stats store;
    struct worker_stats hash;
    struct worker_stats connect;
};

#define LOOP_SUM(member)                                                       \
    static int64_t value_##member(const struct scrape *s)                      \
    {                                                                          \
        return (int64_t)sum(s->server, offsetof(struct metrics_loop, member)); \
    }
LOOP_SUM(accepted)
LOOP_SUM(connections)
LOOP_SUM(coroutines)
LOOP_SUM(overloaded)

#define SCRAPE_VALUE(name, expression)                  \
    static int64_t value_##name(const struct scrape *s) \
    {                                                   \
        return (int64_t)(expression);                   \
    }
SCRAPE_VALUE(in_flight, atomic_load(&s->server->in_flight))
SCRAPE_VALUE(hash_done, s->hash.done)
SCRAPE_VALUE(hash_refused, s->hash.refused)
SCRAPE_VALUE(hash_queued, s->hash.queued)
SCRAPE_VALUE(hash_running, s->hash.running)
SCRAPE_VALUE(connect_queued, s->connect.queued)
SCRAPE_VALUE(db_connections, s->store.connections)
SCRAPE_VALUE(db_budget, s->store.budget)
SCRAPE_VALUE(db_pools, s->store.pools)
SCRAPE_VALUE(db_waiting, s->store.waiting)
SCRAPE_VALUE(db_evicted, s->store.evicted)
SCRAPE_VALUE(db_connect_failures, s->store.connect_failures)
SCRAPE_VALUE(db_calls, s->store.calls)
SCRAPE_VALUE(tenants, s->store.tenants)
SCRAPE_VALUE(feed_revision, s->store.feed_revision)
SCRAPE_VALUE(feed_age_ms, s->store.feed_age_ms)

static int64_t value_hash_arena(const struct scrape *s)
{
    (void)s;
    return pwhash_arena_active();
}

static int64_t value_rss(const struct scrape *s)
{
    char line[128] = "";
    FILE *f = fopen("/proc/self/statm", "re");
    (void)s;
    const char *resident = f && fgets(line, sizeof(line), f) ? strchr(line, ' ') : NULL;
    if (f)
        fclose(f);
    return resident ? strtol(resident, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

/* clang-format off */
static const struct {
    const char *name;
    const char *type;
    int64_t (*value)(const struct scrape *);
    const char *help;
} rows[] = {
    {"authd_requests_in_flight",          "gauge",   value_in_flight,           "Requests that wait for something."},
    {"authd_requests_overloaded_total",   "counter", value_overloaded,          "Requests refused because max_requests were in flight."},
    {"authd_connections",                 "gauge",   value_connections,         "Open client connections."},
    {"authd_connections_accepted_total",  "counter", value_accepted,            "Connections accepted."},
    {"authd_coroutines",                  "gauge",   value_coroutines,          "Coroutines alive on the loops."},
    {"authd_hashes_total",                "counter", value_hash_done,           "Password hashes finished."},
    {"authd_hashes_refused_total",        "counter", value_hash_refused,        "Password hashes refused because the queue was full."},
    {"authd_hash_queue",                  "gauge",   value_hash_queued,         "Password hashes waiting."},
    {"authd_hashes_running",              "gauge",   value_hash_running,        "Password hashes running."},
    {"authd_hash_arena_active",           "gauge",   value_hash_arena,          "1 where hash memory is kept between hashes."},
    {"authd_connect_queue",               "gauge",   value_connect_queued,      "Jobs waiting for a connect thread."},
    {"authd_db_connections",              "gauge",   value_db_connections,      "Open connections to tenant databases."},
    {"authd_db_connection_budget",        "gauge",   value_db_budget,           "Most tenant database connections this process opens."},
    {"authd_db_pools",                    "gauge",   value_db_pools,            "Tenants with a connection, summed over loops."},
    {"authd_db_waiting",                  "gauge",   value_db_waiting,          "Calls that wait for a connection."},
    {"authd_db_evicted_total",            "counter", value_db_evicted,          "Idle connections closed in favour of another tenant."},
    {"authd_db_connect_failures_total",   "counter", value_db_connect_failures, "Failed attempts to open a tenant database connection."},
    {"authd_db_calls_total",              "counter", value_db_calls,            "Round trips to tenant and control database."},
    {"authd_tenants",                     "gauge",   value_tenants,             "Tenants in memory."},
    {"authd_feed_revision",               "gauge",   value_feed_revision,       "Revision of the configuration in memory."},
    {"authd_feed_age_milliseconds",       "gauge",   value_feed_age_ms,         "How long ago the change feed was read."},
    {"process_resident_memory_bytes",     "gauge",   value_rss,                 "Resident memory."},
};
/* clang-format on */

void metrics_write(struct buf *b, struct server *server)
{
    struct scrape s = {.server = server,
                       .hash = workers_stats(server->hashers),
                       .connect = workers_stats(server->connectors)};
    store_stats(&s.store);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", rows[i].name, rows[i].help,
                   rows[i].name, rows[i].type, rows[i].name, (long long)rows[i].value(&s));
    write_requests(b, server);
    write_latency(b, server);
}
