/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals arrive on the main thread, which waits for them and does nothing else:
 *
 *   SIGTERM  drain          SIGINT  drain, without waiting for kept-alive connections
 *   SIGHUP   reload         SIGUSR2 start the new binary     SIGUSR1 a loop has ended
 *   SIGCHLD  a child ended
 *
 * A second SIGTERM or SIGINT ends the process at once.
 */
#include "server/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/notify.h"
#include "server/takeover.h"

enum { LOOP_STUCK_MS = 5000, WAIT_MAX_MS = 60 * 1000 };

#ifdef AUTHD_FAULTS
enum { DUMPABLE = 1 }; /* sanitizers and debuggers attach */
#else
enum { DUMPABLE = 0 };
#endif

static const int handled[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};

static void handled_set(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
        sigaddset(set, handled[i]);
}

static void raise_descriptor_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

void process_harden(void)
{
    sigset_t set;
    handled_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    (void)prctl(PR_SET_DUMPABLE, DUMPABLE, 0, 0, 0);
    raise_descriptor_limit();
}

static const char *search_path(struct arena *a, const char *name)
{
    struct str rest = str_of(getenv("PATH"));
    struct str directory;
    while (str_split(&rest, ':', &directory)) {
        struct buf b;
        buf_init(&b, a, 256);
        buf_printf(&b, "%.*s/%s", STR_FMT(directory), name);
        const char *path = str_z(a, buf_view(&b));
        if (path[0] == '/' && access(path, X_OK) == 0)
            return path;
    }
    return "/proc/self/exe";
}

const char *process_binary(struct arena *a, const char *argv0)
{
    char directory[PATH_MAX];
    struct buf b;
    if (argv0[0] == '/')
        return argv0;
    if (!strchr(argv0, '/'))
        return search_path(a, argv0);
    if (!getcwd(directory, sizeof(directory)))
        return "/proc/self/exe";
    buf_init(&b, a, 256);
    buf_printf(&b, "%s/%s", directory, argv0);
    return str_z(a, buf_view(&b));
}

void process_announce(void)
{
    notify_send("READY=1");
    takeover_finish();
}

static void on_stop(struct process *p, const siginfo_t *info)
{
    struct server *s = p->server;
    bool successor = p->successor && info->si_pid == p->successor;
    if (atomic_load(&s->draining)) {
        log_flush();
        _exit(1);
    }
    s->quick_drain = info->si_signo == SIGINT;
    log_info("draining", LOG_BOOL("successor", successor),
             LOG_INT("in_flight", atomic_load(&s->in_flight)));
    if (successor)
        notify_main_pid(p->successor);
    else
        notify_send("STOPPING=1");
    server_drain(s);
}

/* Texts of reloaded settings are used until the next reload and are few: their arenas stay. */
static void on_reload(struct process *p, const siginfo_t *info)
{
    static struct arena *kept[2];
    struct arena *a = arena_create(16 * 1024);
    struct settings fresh;
    struct complaints complaints;
    char text[64];
    (void)info;
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_us());
    notify_send(text);
    complaints_init(&complaints, a);
    if (!settings_load(a, p->config_file, environ, &fresh, &complaints)) {
        log_error("reload_refused", LOG_STR("why", buf_view(&complaints.text)));
        arena_destroy(a);
    } else {
        server_reload(p->server, &fresh);
        if (kept[1])
            arena_destroy(kept[1]);
        kept[1] = kept[0];
        kept[0] = a;
    }
    notify_send("READY=1");
}

static void on_hand_over(struct process *p, const siginfo_t *info)
{
    (void)info;
    if (!p->may_hand_over || p->successor || atomic_load(&p->server->draining)) {
        log_warn("take_over_refused", LOG_Z("why", p->may_hand_over ? "already under way"
                                                                    : "started without "
                                                                      "--keep-postgres"));
        return;
    }
    p->successor = takeover_start(&p->server->listen, p->binary, p->argv);
}

static void on_child(struct process *p, const siginfo_t *info)
{
    int status;
    int pid;
    (void)info;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        log_warn(pid == p->successor ? "take_over_failed" : "child_ended", LOG_INT("pid", pid),
                 LOG_INT("status", status));
        if (pid == p->successor)
            p->successor = 0;
    }
}

static const struct {
    int signal;
    void (*fn)(struct process *p, const siginfo_t *info);
} actions[] = {
    {SIGTERM, on_stop},      {SIGINT, on_stop},   {SIGHUP, on_reload},
    {SIGUSR2, on_hand_over}, {SIGCHLD, on_child},
};

static void act(struct process *p, const siginfo_t *info)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (actions[i].signal == info->si_signo)
            actions[i].fn(p, info);
}

static void pet_watchdog(struct process *p)
{
    if (clock_mono_ms() - server_alive_ms(p->server) < LOOP_STUCK_MS)
        notify_send("WATCHDOG=1");
}

bool process_supervise(struct process *p)
{
    int64_t watchdog = notify_watchdog_ms() / 2;
    int64_t ms = watchdog ? watchdog : WAIT_MAX_MS;
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    sigset_t set;
    bool cut;
    handled_set(&set);
    while (!server_drained(p->server, &cut)) {
        siginfo_t info;
        if (sigtimedwait(&set, &info, &wait) > 0)
            act(p, &info);
        if (watchdog)
            pet_watchdog(p);
    }
    return !cut;
}
