/* SPDX-License-Identifier: Apache-2.0
 *
 * Making, starting and stopping the development PostgreSQL. Its configuration comes from templates
 * that travel in the binary and is written anew at every start: a Unix socket only, authd's role by
 * peer, tenant roles by SCRAM. Unless it is to be kept it is our child and ends with us, whatever
 * we die of.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/dev.h"
#include "templates_generated.h"

enum { START_TIMEOUT_MS = 60000, STOP_TIMEOUT_MS = 20000, POLL_US = 2000, STATUS_LINE = 8 };

enum state { STATE_NONE, STATE_STARTING, STATE_READY, STATE_STOPPING };

/* postmaster.pid: the first line is the pid, the eighth the state. */
static enum state read_state(struct dev *d, pid_t *pid)
{
    struct arena *scratch = arena_create(1024);
    struct dev reader = {.arena = scratch};
    struct str rest =
        str_of(dev_read(&reader, dev_text(&reader, "%s/postmaster.pid", d->postgres.data)));
    struct str line;
    int64_t number = 0;
    enum state state = STATE_NONE;
    for (int i = 1; str_split(&rest, '\n', &line); i++) {
        if (i == 1 && str_to_int(str_trim(line), 2, INT32_MAX, &number) &&
            (kill((pid_t)number, 0) == 0 || errno == EPERM))
            state = STATE_STARTING;
        if (i == STATUS_LINE && state == STATE_STARTING)
            state = str_starts(line, STR("ready"))      ? STATE_READY
                    : str_starts(line, STR("stopping")) ? STATE_STOPPING
                                                        : STATE_STARTING;
    }
    *pid = (pid_t)number;
    arena_destroy(scratch);
    return state;
}

static bool wait_state(struct dev *d, enum state wanted, int64_t timeout_ms)
{
    int64_t deadline = clock_mono_ms() + timeout_ms;
    pid_t pid;
    while (read_state(d, &pid) != wanted) {
        pid_t child = d->postgres.child;
        if (clock_mono_ms() > deadline || (child && waitpid(child, NULL, WNOHANG) == child))
            return false;
        usleep(POLL_US);
    }
    return true;
}

/* stdin from nowhere, the rest into PostgreSQL's log. */
static void redirect(const struct dev_postgres *p)
{
    int null = open("/dev/null", O_RDONLY);
    int log = open(p->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0 || null < 0)
        _exit(126);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0u, 0);
}

int dev_postgres_run(struct dev *d, const char *const argv[])
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        dev_postgres_become(&d->postgres);
        redirect(&d->postgres);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool failed(struct dev *d, const char *what)
{
    const char *log = dev_read(d, d->postgres.log);
    size_t len = log ? strlen(log) : 0;
    fprintf(stderr, "%s", log ? log + (len > 2000 ? len - 2000 : 0) : "");
    return dev_refuse("see its words above", "PostgreSQL: %s failed (%s)", what, d->postgres.log);
}

static const char *own_name(struct dev *d)
{
    struct passwd *me = getpwuid(geteuid());
    return me ? dev_text(d, "%s", me->pw_name) : d->postgres.user;
}

/* @NAME@ becomes its value. */
static const char *fill_in(struct dev *d, const char *text)
{
    const char *const names[][2] = {{"@SOCKET_DIRECTORY@", d->postgres.socket},
                                    {"@SYSTEM_USER@", own_name(d)},
                                    {"@POSTGRES_USER@", d->postgres.user}};
    struct buf b;
    buf_init(&b, d->arena, 4096);
    while (*text) {
        size_t i = 0;
        while (i < 3 && strncmp(text, names[i][0], strlen(names[i][0])) != 0)
            i++;
        if (i == 3) {
            buf_char(&b, *text++);
            continue;
        }
        buf_str(&b, str_of(names[i][1]));
        text += strlen(names[i][0]);
    }
    return str_z(d->arena, buf_view(&b));
}

static bool write_config(struct dev *d)
{
    const struct str prefix = STR("postgresql/");
    for (size_t i = 0; i < templates_generated_count; i++) {
        const struct embedded_text *t = &templates_generated[i];
        if (!str_starts(str_of(t->path), prefix))
            continue;
        const char *path = dev_text(d, "%s/%s", d->postgres.data, t->path + prefix.len);
        if (!dev_write(path, fill_in(d, t->text), 0600) ||
            chown(path, d->postgres.uid, d->postgres.gid) != 0)
            return false;
    }
    return true;
}

bool dev_postgres_create(struct dev *d)
{
    struct dev_postgres *p = &d->postgres;
    if (access(dev_text(d, "%s/PG_VERSION", p->data), F_OK) != 0) {
        const char *program = dev_text(d, "%s/initdb", p->bin);
        const char *const argv[] = {program,
                                    "-D",
                                    p->data,
                                    "--username=authd",
                                    "--encoding=UTF8",
                                    "--locale=C.UTF-8",
                                    "--auth=peer",
                                    "--wal-segsize=1",
                                    "--no-sync",
                                    "--no-instructions",
                                    NULL};
        if (dev_postgres_run(d, argv) != 0)
            return failed(d, "initdb");
    }
    return write_config(d);
}

static bool start_detached(struct dev *d)
{
    struct dev_postgres *p = &d->postgres;
    const char *const argv[] = {
        dev_text(d, "%s/pg_ctl", p->bin), "-D", p->data, "-l", p->log, "-s", "-w", "start", NULL};
    return dev_postgres_run(d, argv) == 0 ? true : failed(d, "start");
}

static bool start_child(struct dev *d)
{
    struct dev_postgres *p = &d->postgres;
    const char *const argv[] = {dev_text(d, "%s/postgres", p->bin), "-D", p->data, NULL};
    pid_t parent = getpid();
    p->child = fork();
    if (p->child == 0) {
        dev_postgres_become(p);
        redirect(p);
        setpgid(0, 0);                   /* Ctrl-C is for us: the server drains first */
        prctl(PR_SET_PDEATHSIG, SIGINT); /* after setuid, which clears it */
        if (getppid() != parent)
            _exit(0);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return p->child > 0 && wait_state(d, STATE_READY, START_TIMEOUT_MS) ? true : failed(d, "start");
}

bool dev_postgres_start(struct dev *d)
{
    pid_t pid;
    enum state state = read_state(d, &pid);
    if (state == STATE_STOPPING && !wait_state(d, STATE_NONE, STOP_TIMEOUT_MS))
        return failed(d, "stop");
    if (state == STATE_STARTING && !wait_state(d, STATE_READY, START_TIMEOUT_MS))
        return failed(d, "start");
    if (state == STATE_READY || state == STATE_STARTING) /* somebody keeps it: adopted */
        return true;
    return d->in->keep_postgres ? start_detached(d) : start_child(d);
}

void dev_postgres_stop(struct dev *d)
{
    pid_t child = d->postgres.child;
    if (child <= 0)
        return;
    kill(child, SIGINT);
    (void)waitpid(child, NULL, 0);
}
