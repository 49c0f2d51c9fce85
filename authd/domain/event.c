/* SPDX-License-Identifier: Apache-2.0
 *
 * The table behind enum event.
 */
#include "domain/event.h"

const struct event_row event_rows[EVENT_COUNT] = {
#define EVENT(id, name, plane, doc) [EVENT_##id] = {name, EVENT_PLANE_##plane, doc},
#include "authd/events.def"
#undef EVENT
};
