/* SPDX-License-Identifier: Apache-2.0
 *
 * authd init: the beginning of an instance. It may be repeated: what is there stays, and the first
 * operator's key is printed only by the run that made it.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "crypto/seal.h"
#include "server/command.h"
#include "store/control_init.h"

_Static_assert((int)OPERATOR_KEY_TEXT > (int)KEY_TEXT_MAX, "an operator key fits");

static bool load_root_key(const struct settings *s, const uint8_t **key)
{
    bool missing = access(s->root_key_file, F_OK) != 0;
    if (missing && root_key_create(s->root_key_file) != ERR_OK)
        return false;
    if (missing)
        log_info("root_key_created", LOG_Z("file", s->root_key_file));
    return root_key_read(s->root_key_file, key) == ERR_OK;
}

/* Through the provisioner's connection where there is one, else through the control database's
 * role, on a database that exists already. */
static const char *admin_conninfo(struct arena *a, const struct settings *s)
{
    if (*s->provisioner_url)
        return s->provisioner_url;
    struct str conninfo = control_admin_conninfo(a, s->control_database_url);
    return str_is_set(conninfo) ? str_z(a, conninfo) : NULL;
}

bool instance_init(struct invocation *in, const struct settings *s,
                   char operator_key[OPERATOR_KEY_TEXT])
{
    const uint8_t *key;
    bool created = false;
    json_setup();
    if (crypto_setup() != ERR_OK || !load_root_key(s, &key))
        return false;
    const char *admin = admin_conninfo(in->arena, s);
    struct str name = control_database_name(in->arena, s->control_database_url);
    if (!str_is_set(name)) {
        log_error("control_database_unnamed",
                  LOG_Z("remedy", "name the database in control_database_url"));
        return false;
    }
    return admin &&
           control_init(admin, str_z(in->arena, name), key, operator_key, &created) == ERR_OK;
}

int command_init(struct invocation *in)
{
    struct settings s;
    char operator_key[OPERATOR_KEY_TEXT] = "";
    if (!command_settings(in, &s))
        return EXIT_FAILED;
    command_log(&s);
    if (!instance_init(in, &s, operator_key))
        return EXIT_FAILED;
    if (*operator_key)
        printf("%s\n", operator_key);
    fprintf(stderr, *operator_key
                        ? "authd: this is the first operator's key; it is not shown again. "
                          "hjctl config set-context NAME --url URL --key-stdin keeps it.\n"
                        : "authd: the instance exists; its first operator's key was shown when it "
                          "was made.\n");
    bytes_wipe(operator_key, sizeof(operator_key));
    return EXIT_DONE;
}
