/* SPDX-License-Identifier: Apache-2.0
 *
 * Take-over in systemd's own terms: LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID tell the new process
 * what it inherits from descriptor 3 on, AUTHD_TAKE_OVER whom to relieve.
 */
#include "server/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/log.h"

enum { FIRST = 3, VALUE_MAX = 512, OWN_VARIABLES = 4 };

static char pid_variable[] = "LISTEN_PID=0000000000";

static bool ours(const char *variable)
{
    return strncmp(variable, "LISTEN_", 7) == 0 || strncmp(variable, "AUTHD_TAKE_OVER=", 16) == 0;
}

/* The environment of the new process, made before fork: afterwards nothing may allocate. */
static char **make_environment(const struct listen_set *set)
{
    static char fds[32];
    static char names[VALUE_MAX];
    static char predecessor[48];
    size_t n = 0;
    while (environ[n])
        n++;
    char **out = xcalloc(n + OWN_VARIABLES + 1, sizeof(*out));
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        if (!ours(environ[i]))
            out[len++] = environ[i];
    snprintf(fds, sizeof(fds), "LISTEN_FDS=%zu", set->n);
    snprintf(names, sizeof(names), "LISTEN_FDNAMES=");
    listen_names(set, names + strlen(names), sizeof(names) - strlen(names));
    snprintf(predecessor, sizeof(predecessor), "AUTHD_TAKE_OVER=%d", (int)getpid());
    out[len++] = fds;
    out[len++] = names;
    out[len++] = predecessor;
    out[len++] = pid_variable;
    return out;
}

/* In the child: only what is safe between fork and exec. */
static void write_pid(void)
{
    long pid = getpid();
    for (size_t i = sizeof(pid_variable) - 2; pid_variable[i] != '='; i--, pid /= 10)
        pid_variable[i] = (char)('0' + pid % 10);
}

static void move_descriptors(const struct listen_set *set)
{
    int high[LISTEN_MAX];
    for (size_t i = 0; i < set->n; i++)
        high[i] = fcntl(set->items[i].fd, F_DUPFD, FIRST + LISTEN_MAX);
    for (size_t i = 0; i < set->n; i++)
        if (high[i] < 0 || dup2(high[i], FIRST + (int)i) < 0)
            _exit(127);
    close_range(FIRST + (unsigned)set->n, ~0u, 0);
}

__attribute__((noreturn)) static void become(const struct listen_set *set, const char *binary,
                                             char **argv, char **environment)
{
    sigset_t none;
    sigemptyset(&none);
    move_descriptors(set);
    write_pid();
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(binary, argv, environment);
    _exit(127);
}

int takeover_start(const struct listen_set *set, const char *binary, char **argv)
{
    char **environment = make_environment(set);
    log_flush();
    pid_t pid = fork();
    if (pid == 0)
        become(set, binary, argv, environment);
    free(environment);
    if (pid < 0) {
        log_error("take_over_failed", LOG_Z("why", strerror(errno)));
        return 0;
    }
    log_info("take_over_started", LOG_Z("binary", binary), LOG_INT("pid", pid));
    return pid;
}

static int predecessor(void)
{
    const char *text = getenv("AUTHD_TAKE_OVER");
    int64_t pid;
    bool named = text && str_to_int(str_of(text), 2, INT32_MAX, &pid) && pid == getppid();
    return named ? (int)pid : 0;
}

bool takeover_successor(void)
{
    return predecessor() != 0;
}

void takeover_finish(void)
{
    int pid = predecessor();
    unsetenv("AUTHD_TAKE_OVER");
    if (pid)
        kill(pid, SIGTERM);
}
