/* SPDX-License-Identifier: Apache-2.0
 *
 * authd dev: from an empty directory to a server with keys to play with, in one command. See dev.h
 * for what the state directory holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/dev.h"
#include "server/process.h"
#include "server/takeover.h"

#define CONTROL_DATABASE "authd_control"
enum { LOCK_WAIT_MS = 30000, LOCK_POLL_US = 10000 };

static bool find_self(struct dev *d)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (n < 0)
        return dev_refuse("mount /proc", "/proc/self/exe: %s", strerror(errno));
    d->self = dev_text(d, "%.*s", (int)n, path);
    return true;
}

/* As root the directory is open to PostgreSQL's user for passing through; secrets are files of mode
 * 0600. */
static bool open_state(struct dev *d)
{
    char path[PATH_MAX];
    const char *name = d->in->state;
    if (!name)
        return dev_refuse("authd dev --state DIR", "there is no state directory");
    bool made = mkdir(name, 0700) == 0;
    if ((!made && errno != EEXIST) || (made && chmod(name, geteuid() == 0 ? 0711 : 0700) != 0) ||
        !realpath(name, path))
        return dev_refuse("choose another state directory", "%s: %s", name, strerror(errno));
    d->state = dev_text(d, "%s", path);
    return true;
}

/* One server per state directory. One that is still ending (its database takes a moment) is waited
 * for; a successor comes while its predecessor holds the lock. */
static bool lock_state(struct dev *d)
{
    int64_t deadline = clock_mono_ms() + LOCK_WAIT_MS;
    int fd = open(dev_path(d, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return dev_refuse("make it writable", "%s: %s", d->state, strerror(errno));
    while (flock(fd, LOCK_EX | LOCK_NB) != 0 && !takeover_successor()) {
        if (access(dev_path(d, "ready"), F_OK) == 0 || clock_mono_ms() > deadline)
            return dev_refuse("stop the other one, or choose another --state",
                              "another authd dev serves from %s", d->state);
        usleep(LOCK_POLL_US);
    }
    return true; /* held until the process ends */
}

static bool write_settings(struct dev *d)
{
    const char *text =
        dev_text(d,
                 "# Written by authd dev at every start; the environment wins.\n"
                 "multi_tenant_enabled: true\n"
                 "public_url: %s\n"
                 "control_database_url: \"host='%s' user=authd dbname=" CONTROL_DATABASE "\"\n"
                 "root_key_file: %s\n"
                 "listen: 127.0.0.1:%d\n"
                 "admin_listen: 127.0.0.1:%d\n"
                 "drain_timeout: 5s\n",
                 d->url, d->postgres.socket, dev_quote(d, dev_path(d, "root.key")),
                 (int)d->in->port, (int)d->in->admin_port);
    return dev_write(dev_path(d, "authd.yaml"), text, 0600);
}

/* The first run gets the operator's key and keeps it. */
static bool begin_instance(struct dev *d, const struct settings *s)
{
    char made[OPERATOR_KEY_TEXT] = "";
    const char *file = dev_path(d, "operator.key");
    if (!instance_init(d->in, s, made))
        return dev_refuse("see the log above", "the control database could not be made");
    if (*made && !dev_write(file, dev_text(d, "%s\n", made), 0600))
        return false;
    bytes_wipe(made, sizeof(made));
    struct str key = str_trim(str_of(dev_read(d, file)));
    if (key.len == 0)
        return dev_refuse("remove the state directory to start anew",
                          "%s is gone, and keys are shown once", file);
    dev_env_set(&d->env, "OPERATOR_KEY", str_z(d->arena, key));
    return true;
}

/* hjctl beside us: installed, or in the build tree. */
static const char *find_hjctl(struct dev *d)
{
    const char *directory = dev_text(d, "%.*s", (int)(strrchr(d->self, '/') - d->self), d->self);
    const char *places[] = {dev_text(d, "%s/hjctl", directory),
                            dev_text(d, "%s/../hjctl/hjctl", directory)};
    for (size_t i = 0; i < 2; i++) {
        char *real = realpath(places[i], NULL);
        bool there = real && access(real, X_OK) == 0;
        const char *found = there ? dev_text(d, "%s", real) : NULL;
        free(real);
        if (found)
            return found;
    }
    return "hjctl";
}

static void describe(struct dev *d)
{
    struct dev_env *env = &d->env;
    const struct dev_postgres *p = &d->postgres;
    dev_env_set(env, "BASE_URL", d->url);
    dev_env_set(env, "ADMIN_URL", dev_text(d, "http://127.0.0.1:%d", (int)d->in->admin_port));
    dev_env_set(env, "HJCTL",
                dev_text(d, "%s --url %s --key-file %s", dev_quote(d, find_hjctl(d)), d->url,
                         dev_quote(d, dev_path(d, "operator.key"))));
    dev_env_set(env, "START_CMD",
                dev_text(d, "%s dev --state %s --port %d --admin-port %d --keep-postgres%s",
                         dev_quote(d, d->self), dev_quote(d, d->state), (int)d->in->port,
                         (int)d->in->admin_port, d->in->demo ? " --demo" : ""));
    dev_env_set(env, "SERVER_PIDFILE", dev_path(d, "authd.pid"));
    dev_env_set(env, "PG_STOP_CMD", dev_postgres_command(d, "-m immediate -w -s stop"));
    dev_env_set(env, "PG_START_CMD",
                dev_postgres_command(d, dev_text(d, "-l %s -w -s start", dev_quote(d, p->log))));
    dev_env_set(env, "DATABASE_URL",
                dev_text(d, "host=%s user=authd dbname=" CONTROL_DATABASE, p->socket));
}

static void prepare(void *arg)
{
    struct dev *d = arg;
    d->demo_failed = d->in->demo && !dev_tenants_make(d);
}

static void print_banner(struct dev *d)
{
    const char *pk = dev_env_get(&d->env, "PUBLISHABLE_KEY");
    fprintf(stderr,
            "\nauthd %s serves %s (metrics and probes: %s)\n"
            "  state        %s, with keys for scripts in env\n"
            "  operator     %s\n",
            AUTHD_VERSION, d->url, dev_env_get(&d->env, "ADMIN_URL"), d->state,
            dev_env_get(&d->env, "OPERATOR_KEY"));
    if (pk)
        fprintf(
            stderr,
            "  acme         %s   %s\n"
            "  globex       %s   %s\n\n"
            "Sign up and sign in:\n\n"
            "  curl -s %s/v1/auth/sign-up -H 'X-Client-Id: %s' \\\n"
            "    --json '{\"email\":\"ada@example.com\",\"password\":\"violet-anchor-76-drum\"}'\n"
            "  curl -s %s/v1/auth/sign-in -H 'X-Client-Id: %s' \\\n"
            "    --json '{\"email\":\"ada@example.com\",\"password\":\"violet-anchor-76-drum\"}'\n",
            pk, dev_env_get(&d->env, "SECRET_KEY"), dev_env_get(&d->env, "PUBLISHABLE_KEY_2"),
            dev_env_get(&d->env, "SECRET_KEY_2"), d->url, pk, d->url, pk);
    fputs(
        "\nThis is for development. Production differs: TLS and an https public_url, a PostgreSQL "
        "of\nyour own with a role that is no superuser, a root key that systemd or your secret "
        "store\nkeeps, the default rate limits, and authd serve instead of authd dev.\n\n",
        stderr);
}

static bool announce(void *arg)
{
    struct dev *d = arg;
    const char *pid = dev_text(d, "%d\n", (int)getpid());
    if (d->demo_failed)
        return false;
    print_banner(d);
    return dev_env_write(d) && dev_write(dev_path(d, "authd.pid"), pid, 0644) &&
           dev_write(dev_path(d, "ready"), pid, 0644);
}

/* Unless a successor has written its own. */
static void remove_own(struct dev *d, const char *name)
{
    const char *path = dev_path(d, name);
    int64_t pid;
    if (str_to_int(str_trim(str_of(dev_read(d, path))), 1, INT32_MAX, &pid) && pid == getpid())
        (void)unlink(path);
}

static int run(struct dev *d)
{
    struct settings s;
    struct serve_hooks hooks = {
        .prepare = prepare, .announce = announce, .arg = d, .may_hand_over = d->in->keep_postgres};
    d->in->config = dev_path(d, "authd.yaml");
    if (!write_settings(d) || !command_settings(d->in, &s))
        return EXIT_FAILED;
    command_log(&s);
    if (!begin_instance(d, &s))
        return EXIT_FAILED;
    describe(d);
    int code = serve(d->in, &s, &hooks);
    remove_own(d, "ready");
    remove_own(d, "authd.pid");
    return d->demo_failed ? EXIT_FAILED : code;
}

int command_dev(struct invocation *in)
{
    struct dev *d = arena_new(in->arena, struct dev);
    d->in = in;
    d->arena = in->arena;
    umask(077);
    if (!find_self(d) || !open_state(d) || !lock_state(d))
        return EXIT_FAILED;
    dev_env_read(d);
    in->port = dev_port_choose(d, in->port, "BASE_URL", 8080);
    in->admin_port = dev_port_choose(d, in->admin_port, "ADMIN_URL", 9090);
    d->url = dev_text(d, "http://127.0.0.1:%d", (int)in->port);
    if (!dev_postgres_find(d) || !dev_postgres_create(d) || !dev_postgres_start(d))
        return EXIT_FAILED;
    int code = run(d);
    dev_postgres_stop(d);
    return code;
}
