/* SPDX-License-Identifier: Apache-2.0
 *
 * The process around the server: hardening, signals, reload, drain, and handing over to a new
 * binary.
 */
#ifndef AUTHD_SERVER_PROCESS_H
#define AUTHD_SERVER_PROCESS_H

#include "server/server.h"

struct process {
    struct server *server;
    const char *config_file; /* read again at SIGHUP; NULL = the default one */
    char **argv;             /* what a new binary is started with */
    const char *binary;      /* its path: process_binary */
    bool may_hand_over;
    int successor; /* pid of a new binary that is starting, 0 = none */
};

/* No core dumps, private files, no signal but where process_supervise waits for it. Before any
 * thread is started. */
void process_harden(void);
/* Absolute path of the program as it was called, symbolic links kept, so that a new binary put
 * there is found. In the arena. */
const char *process_binary(struct arena *a, const char *argv0);
/* Tells whoever waits that the server is ready: the service manager, and the process that started
 * us as its successor, which then drains. */
void process_announce(void);
/* Until the server has drained. True when every request was finished. */
bool process_supervise(struct process *p);

#endif
