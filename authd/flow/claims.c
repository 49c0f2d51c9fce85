/* SPDX-License-Identifier: Apache-2.0
 *
 * The claims of contract section 4. Written straight into a buffer, no tree.
 */
#include "flow/claims.h"

#include "base/json.h"
#include "domain/claims.h"

enum { JTI_BYTES = 16, PAYLOAD_GUESS = 768 };

static void write_jti(struct json_writer *w)
{
    uint8_t bytes[JTI_BYTES];
    char text[BASE64URL_LEN(JTI_BYTES)];
    random_bytes(bytes, sizeof(bytes));
    json_member(w, "jti");
    json_str_value(w, (struct str){text, base64url_encode(text, bytes, sizeof(bytes))});
}

/* iss, sub, aud, exp, iat, jti, client_id: what RFC 9068 requires. */
static void write_registered(struct json_writer *w, const struct token_claims *c)
{
    json_member(w, "iss");
    json_str_value(w, c->tenant->issuer);
    json_member(w, "sub");
    json_str_value(w, id_str(&c->user->id));
    json_member(w, "aud");
    json_str_value(w, token_audience(c->tenant, c->client));
    json_member(w, "exp");
    json_int_value(w, c->expires_at);
    json_member(w, "iat");
    json_int_value(w, c->issued_at);
    write_jti(w);
    json_member(w, "client_id");
    json_str_value(w, id_str(&c->client->id));
}

/* How and when the user authenticated. amr is stored as words with blanks between. */
static void write_authentication(struct json_writer *w, const struct session *s)
{
    struct str rest = s->amr;
    struct str method;
    json_member(w, "sid");
    json_str_value(w, id_str(&s->id));
    json_member(w, "auth_time");
    json_int_value(w, s->created_at / 1000);
    json_member(w, "amr");
    json_array_start(w);
    while (str_split(&rest, ' ', &method))
        json_str_value(w, method);
    json_array_end(w);
    json_member(w, "acr");
    json_str_value(w, STR(ACR_ONE_FACTOR));
}

static void write_user(struct json_writer *w, const struct user *u)
{
    json_member(w, "roles");
    json_array_start(w);
    json_array_end(w);
    json_member(w, "email");
    json_str_value(w, u->email);
    json_member(w, "email_verified");
    json_bool_value(w, u->email_verified);
    if (!str_is_set(u->name))
        return;
    json_member(w, "name");
    json_str_value(w, u->name);
}

struct str claims_write(struct arena *a, const struct token_claims *c)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, a, PAYLOAD_GUESS);
    json_start(&w, &b);
    json_object_start(&w);
    write_registered(&w, c);
    write_authentication(&w, c->session);
    claims_write_tenant(&w, c->tenant);
    write_user(&w, c->user);
    json_object_end(&w);
    return buf_view(&b);
}
