/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements of users.sql: parameters in, structs out.
 */
#include "store/users.h"

enum { GUESS_HASH = 4, GUESS_CHANGED_AT = 5, GUESS_USER = 6 };

struct user user_read(const struct db_rows *rows, size_t row, int first)
{
    struct user u = {
        .id = db_get_id(rows, row, first),
        .email = db_get_text(rows, row, first + 2),
        .email_verified = db_get_bool(rows, row, first + 3),
        .name = db_get_text(rows, row, first + 4),
        .public_metadata = db_get_text(rows, row, first + 5),
        .created_at = db_get_time(rows, row, first + 6),
        .updated_at = db_get_time(rows, row, first + 7),
    };
    /* A word that this version does not know leaves USER_NONE, which every rule denies. */
    if (!user_status_parse(db_get_text(rows, row, first + 1), &u.status))
        u.status = USER_NONE;
    return u;
}

enum err users_guess(struct db *db, struct arena *a, const struct identifier *id,
                     struct str email_key, const struct policy *policy, int64_t now,
                     struct guess_facts *out)
{
    struct db_query queries[] = {
        attempt_reserve_query(id, policy, now),
        {.sql = SQL_GUESS_FACTS,
         .params = {db_bytes(id->hash, sizeof(id->hash)), db_text(email_key)}},
    };
    const struct db_rows *rows[2];
    enum err e = db_run(db, a, queries, 2, rows);
    if (e != ERR_OK)
        return e;
    *out = (struct guess_facts){
        .attempt = attempt_facts_read(rows[1], db_count(rows[0]) == 1, now),
        .user_exists = !db_is_null(rows[1], 0, GUESS_USER),
    };
    if (!out->user_exists)
        return ERR_OK;
    out->user = user_read(rows[1], 0, GUESS_USER);
    out->hash = db_get_text(rows[1], 0, GUESS_HASH);
    out->password_changed_at = db_get_time(rows[1], 0, GUESS_CHANGED_AT);
    return ERR_OK;
}

enum err users_create(struct db *db, struct arena *a, const struct user_creation *u)
{
    struct db_query q = {.sql = SQL_USER_CREATE};
    tenant_audit_params(&u->event, q.params);
    struct db_param *p = q.params + TENANT_AUDIT_PARAMS;
    p[0] = db_text(u->email);
    p[1] = db_text(u->email_key);
    p[2] = db_text(u->name);
    p[3] = db_json(u->public_metadata);
    p[4] = db_text(u->hash);
    p[5] = db_text(u->amr);
    enum err e = db_run(db, a, &q, 1, NULL);
    /* Ids are fresh random numbers: the only key that can be taken is the e-mail's. */
    return e == ERR_conflict ? ERR_email_already_exists : e;
}

enum err users_update(struct db *db, struct arena *a, const struct user_changes *u,
                      struct user *out)
{
    struct db_query q = {.sql = SQL_USER_UPDATE};
    const struct db_rows *rows;
    tenant_audit_params(&u->event, q.params);
    struct db_param *p = q.params + TENANT_AUDIT_PARAMS;
    p[0] = db_bool(u->set_name);
    p[1] = db_text(u->name);
    p[2] = db_bool(u->set_metadata);
    p[3] = db_json(u->public_metadata);
    enum err e = db_run(db, a, &q, 1, &rows);
    if (e != ERR_OK)
        return e;
    if (db_count(rows) == 0)
        return ERR_account_banned;
    *out = user_read(rows, 0, 0);
    return ERR_OK;
}

enum err users_change_password(struct db *db, struct arena *a, const struct password_change *c,
                               bool *changed)
{
    struct db_query q[2] = {{.sql = SQL_PASSWORD_CHANGE}, {.sql = SQL_SESSIONS_END}};
    const struct db_rows *rows[2];
    tenant_audit_params(&c->event, q[0].params);
    struct db_param *p = q[0].params + TENANT_AUDIT_PARAMS;
    p[0] = db_time(c->verified_changed_at);
    p[1] = db_text(c->hash);
    p[2] = db_bytes(c->identifier.hash, sizeof(c->identifier.hash));
    tenant_audit_params(&c->ended_event, q[1].params);
    p = q[1].params + TENANT_AUDIT_PARAMS;
    p[0] = db_id(&c->event.session);
    p[1] = db_text(c->hash);
    enum err e = db_run(db, a, q, 2, rows);
    if (e == ERR_OK)
        *changed = db_affected(rows[0]) == 1;
    return e;
}
