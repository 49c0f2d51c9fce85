/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands that only look at settings: check-config, --print-config, --help-settings, --version.
 * What check-config says is what serve says.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "server/command.h"
#include "server/tls.h"

static void print(FILE *to, const struct buf *b)
{
    fwrite(b->ptr, 1, b->len, to);
}

bool command_settings(struct invocation *in, struct settings *out)
{
    struct complaints complaints;
    complaints_init(&complaints, in->arena);
    if (settings_load(in->arena, in->config, environ, out, &complaints))
        return true;
    print(stderr, &complaints.text);
    fprintf(stderr, "authd: %zu setting%s refused\n", complaints.n, complaints.n == 1 ? "" : "s");
    return false;
}

bool command_log(const struct settings *s)
{
    bool json = s->log_format == LOG_FORMAT_JSON ||
                (s->log_format == LOG_FORMAT_AUTO && !isatty(STDERR_FILENO));
    log_setup((enum log_level)s->log_level, json, STDERR_FILENO);
    return json;
}

int command_check_config(struct invocation *in)
{
    struct settings s;
    if (!command_settings(in, &s))
        return EXIT_FAILED;
    if (*s.tls_certificate) {
        SSL_CTX *tls = tls_create(&s);
        if (!tls)
            return EXIT_FAILED;
        SSL_CTX_free(tls);
    }
    printf("authd: the settings are fine\n");
    return EXIT_DONE;
}

int command_print_config(struct invocation *in)
{
    struct settings s;
    struct buf b;
    if (!command_settings(in, &s))
        return EXIT_FAILED;
    buf_init(&b, in->arena, 4096);
    settings_print(&b, &s);
    print(stdout, &b);
    return EXIT_DONE;
}

int command_help_settings(struct invocation *in)
{
    struct buf b;
    buf_init(&b, in->arena, 8192);
    settings_help(&b);
    print(stdout, &b);
    return EXIT_DONE;
}

int command_version(struct invocation *in)
{
    (void)in;
    printf("authd " AUTHD_VERSION "\n");
    return EXIT_DONE;
}
