/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers about the process in Prometheus text. Each loop counts for itself without locks (one
 * writer, relaxed loads and stores); a scrape adds up. Labels are routes and classes, never tenants
 * or clients: cardinality is the same for ten tenants and for a thousand.
 */
#ifndef AUTHD_SERVER_METRICS_H
#define AUTHD_SERVER_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct server;

enum { LATENCY_BUCKETS = 14, STATUS_CLASSES = 5 };

typedef _Atomic uint64_t metric;

struct metrics_loop {
    metric (*requests)[STATUS_CLASSES]; /* by route, the last one for requests without */
    metric latency[LATENCY_BUCKETS + 1];
    metric latency_sum_us;
    metric accepted;
    metric connections;
    metric coroutines;
    metric overloaded;
};

/* Only by the loop that owns the metric. */
static inline void metrics_set(metric *m, uint64_t value)
{
    atomic_store_explicit(m, value, memory_order_relaxed);
}
static inline uint64_t metrics_get(metric *m)
{
    return atomic_load_explicit(m, memory_order_relaxed);
}
static inline void metrics_add(metric *m, uint64_t by)
{
    metrics_set(m, metrics_get(m) + by);
}

struct route;
void metrics_init(struct metrics_loop *m);
void metrics_free(struct metrics_loop *m);
/* route may be NULL. */
void metrics_count(struct metrics_loop *m, const struct route *route, int status, int64_t us);
/* The whole page. */
void metrics_write(struct buf *b, struct server *s);

#endif
