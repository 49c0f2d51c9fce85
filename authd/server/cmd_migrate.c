/* SPDX-License-Identifier: Apache-2.0
 *
 * authd migrate: every database of the instance, one line each; exits 1 when one is not up to date.
 */
#include <stdio.h>

#include "base/json.h"
#include "crypto/seal.h"
#include "server/command.h"
#include "store/migrate_all.h"

static void print_result(const struct migrate_result *r)
{
    bool named = r->slug.len > 0;
    printf("%-32.*s %.*s%s", STR_FMT(r->what), STR_FMT(r->slug), named ? " " : "");
    if (r->result == ERR_OK)
        printf("version %d\n", r->version);
    else
        printf("failed: %s\n", err_rows[r->result].code);
}

int command_migrate(struct invocation *in)
{
    struct settings s;
    struct migrate_results results = {0};
    if (!command_settings(in, &s))
        return EXIT_FAILED;
    command_log(&s);
    json_setup();
    if (crypto_setup() != ERR_OK)
        return EXIT_FAILED;
    enum err e = migrate_all(s.control_database_url, *s.provisioner_url ? s.provisioner_url : NULL,
                             in->arena, &results);
    for (size_t i = 0; i < results.n; i++)
        print_result(&results.items[i]);
    if (e == ERR_OK && results.failed == 0)
        return EXIT_DONE;
    fprintf(stderr, "authd: %zu of %zu databases are not up to date; the log says why\n",
            results.failed, results.n);
    return EXIT_FAILED;
}
