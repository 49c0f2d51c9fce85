/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written to an audit log, as rows: events.def as an enumeration and a table.
 */
#ifndef AUTHD_DOMAIN_EVENT_H
#define AUTHD_DOMAIN_EVENT_H

enum event {
#define EVENT(id, name, plane, doc) EVENT_##id,
#include "authd/events.def"
#undef EVENT
    EVENT_COUNT
};

enum event_plane { EVENT_PLANE_control, EVENT_PLANE_tenant };

struct event_row {
    const char *name; /* on the wire and in the audit tables */
    enum event_plane plane;
    const char *doc;
};

/* Indexed by enum event. */
extern const struct event_row event_rows[EVENT_COUNT];

#endif
