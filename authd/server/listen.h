/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening descriptors: one per address, shared by all loops, handed over to the next binary or
 * received from the one before or from systemd, so that no connection is ever refused.
 */
#ifndef AUTHD_SERVER_LISTEN_H
#define AUTHD_SERVER_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "server/settings.h"

enum { LISTEN_MAX = 16 };

struct listen_fd {
    int fd;
    bool admin;
    bool activated; /* from systemd: used as it is, whatever the settings say */
};

struct listen_set {
    struct listen_fd items[LISTEN_MAX];
    size_t n;
};

/* Inherited descriptors where they fit the settings, new ones elsewhere. False after logging which
 * address failed and why. */
bool listen_open(const struct settings *s, struct listen_set *out);
void listen_close(struct listen_set *set);
/* "127.0.0.1:8080", for the log. */
void listen_name(int fd, char *out, size_t size);

/* How an exec'd binary finds them: LISTEN_FDS and LISTEN_FDNAMES as systemd does it, LISTEN_PID to
 * be filled in by the child. Names: api, admin, activated. */
void listen_names(const struct listen_set *set, char *out, size_t size);

#endif
