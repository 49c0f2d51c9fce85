/* SPDX-License-Identifier: Apache-2.0
 *
 * libauthd-verify as a whole against an issuer on a socket of this process: it says what the test
 * puts into `replies`, counts, and remembers the last request.
 */
#include "verify/verifier.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "support/check.h"
#include "support/verify_forge.h"

enum { NOW = 1500 };

static struct {
    int socket;
    char url[64]; /* of the instance */
    pthread_t thread;
    pthread_mutex_t lock; /* over an exchange, and over what follows */
    int requests;
    char last[16384];
    char jwks[131072]; /* whole replies; an empty one: the connection stays silent */
    char session[1024];
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct forge f;
static char log_line[2048];

/* ---- the issuer ---- */

static void read_request(int fd)
{
    size_t n = 0;
    for (;;) {
        ssize_t got = read(fd, server.last + n, sizeof(server.last) - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
        server.last[n] = '\0';
        const char *end = strstr(server.last, "\r\n\r\n");
        if (end && (strncmp(server.last, "GET", 3) == 0 || end[4]))
            break;
    }
}

static void write_all(int fd, const char *text)
{
    size_t n = strlen(text);
    for (ssize_t put = 0; n > 0 && (put = send(fd, text, n, MSG_NOSIGNAL)) > 0; text += put)
        n -= (size_t)put;
}

/* The connection to leave open without an answer, or -1. */
static int answer(int fd)
{
    server.requests++;
    read_request(fd);
    const char *reply = strncmp(server.last, "POST", 4) == 0 ? server.session : server.jwks;
    if (!*reply)
        return fd;
    write_all(fd, reply);
    close(fd);
    return -1;
}

static void *serve(void *arg)
{
    (void)arg;
    int silent = -1;
    for (int fd = accept(server.socket, NULL, NULL); fd >= 0;
         fd = accept(server.socket, NULL, NULL)) {
        pthread_mutex_lock(&server.lock);
        int left = answer(fd);
        pthread_mutex_unlock(&server.lock);
        if (left < 0)
            continue;
        close(silent);
        silent = left;
    }
    close(silent);
    return NULL;
}

static int start_server(void **state)
{
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    forge_init(&f);
    server.socket = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server.socket, (struct sockaddr *)&a, n) || listen(server.socket, 16) ||
        getsockname(server.socket, (struct sockaddr *)&a, &n))
        return -1;
    snprintf(server.url, sizeof(server.url), "http://127.0.0.1:%d", ntohs(a.sin_port));
    return pthread_create(&server.thread, NULL, serve, NULL);
}

static int stop_server(void **state)
{
    (void)state;
    shutdown(server.socket, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.socket);
    forge_free(&f);
    return 0;
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: public, max-age=300\r\n\r\n"

static void publish(const char *head, struct str body)
{
    pthread_mutex_lock(&server.lock);
    snprintf(server.jwks, sizeof(server.jwks), "%s%.*s", head, STR_FMT(body));
    server.requests = 0;
    pthread_mutex_unlock(&server.lock);
}

static int requests(void)
{
    pthread_mutex_lock(&server.lock);
    int n = server.requests;
    pthread_mutex_unlock(&server.lock);
    return n;
}

/* Stays as it is until the next request. */
static const char *last_request(void)
{
    return requests() > 0 ? server.last : "";
}

/* ---- the resource server ---- */

static void note(void *arg, const char *line)
{
    (void)arg;
    snprintf(log_line, sizeof(log_line), "%s", line);
}

static const char *issuer_of(const char *slug)
{
    static char issuer[128];
    snprintf(issuer, sizeof(issuer), "%s/t/%s", server.url, slug);
    return issuer;
}

static struct authd_verify_options pinned(void)
{
    struct authd_verify_options o = AUTHD_VERIFY_OPTIONS;
    o.issuer = issuer_of("acme");
    o.log = note;
    log_line[0] = '\0';
    return o;
}

static struct authd_verifier *verifier(struct authd_verify_options o)
{
    const char *why;
    struct authd_verifier *v = authd_verifier_new(&o, &why);
    if (!v)
        fail_msg("%s", why);
    return v;
}

static struct str token_for(const char *slug, const char *tenant, const char *more)
{
    char *payload = arena_alloc(f.arena, 1024);
    snprintf(payload, 1024,
             "{\"iss\":\"%s\",\"sub\":\"usr_1\",\"aud\":\"%s\",\"tenant\":\"%s\",\"exp\":2000,"
             "\"iat\":1000%s}",
             issuer_of(slug), tenant, tenant, more);
    return forge_token(&f, STR(FORGE_HEADER), str_of(payload));
}

static struct str good_token(void)
{
    return token_for("acme", FORGE_TENANT, ",\"sid\":\"ses_1\",\"org_id\":\"org_1\"");
}

static enum authd_verify_error check_at(struct authd_verifier *v, struct str token, int64_t run_s)
{
    enum authd_verify_error e = AUTHD_VERIFY_NONE;
    struct moment now = {NOW, run_s};
    struct authd_claims *c = authdv_verify_at(v, token.ptr, token.len, now, &e);
    assert_int_equal(c != NULL, e == AUTHD_VERIFY_NONE);
    authd_claims_free(c);
    return e;
}

static void expect_once(struct authd_verify_options o, struct str token,
                        enum authd_verify_error expected)
{
    struct authd_verifier *v = verifier(o);
    assert_int_equal(check_at(v, token, 10), expected);
    authd_verifier_free(v);
}

/* ---- tests ---- */

static void test_a_good_token(void **state)
{
    (void)state;
    enum authd_verify_error e;
    publish(OK_HEAD, forge_jwks(&f, "key_1", FORGE_TENANT));
    struct authd_verifier *v = verifier(pinned());
    struct str token = good_token();
    struct authd_claims *c =
        authdv_verify_at(v, token.ptr, token.len, (struct moment){NOW, 10}, &e);
    assert_non_null(c);
    assert_string_equal(c->tenant_id, FORGE_TENANT);
    assert_string_equal(c->org_id, "org_1");
    authd_claims_free(c);
    assert_int_equal(check_at(v, token, 300), AUTHD_VERIFY_NONE);
    assert_int_equal(requests(), 1);
    assert_int_equal(strncmp(last_request(), "GET /t/acme/.well-known/jwks.json HTTP/1.1\r\n", 44),
                     0);
    assert_int_equal(check_at(v, token, 310), AUTHD_VERIFY_NONE);
    assert_int_equal(requests(), 2);
    assert_null(authd_verify(v, token.ptr, token.len, NULL)); /* by the real clock */
    assert_null(authd_verify(v, NULL, 0, &e));
    assert_int_equal(e, AUTHD_VERIFY_MISSING_TOKEN);
    authd_verifier_free(v);
}

static void test_what_is_refused_anyway_fetches_nothing(void **state)
{
    (void)state;
    publish(OK_HEAD, forge_jwks(&f, "key_1", FORGE_TENANT));
    expect_once(pinned(), STR("a.b.c"), AUTHD_VERIFY_MALFORMED);
    expect_once(pinned(), token_for("globex", FORGE_TENANT, ""), AUTHD_VERIFY_WRONG_ISSUER);
    struct authd_verify_options o = pinned();
    o.audience = "https://api.example";
    expect_once(o, good_token(), AUTHD_VERIFY_WRONG_AUDIENCE);
    expect_once(pinned(), token_for("acme", FORGE_TENANT, ",\"nbf\":1900"),
                AUTHD_VERIFY_NOT_YET_VALID);
    assert_int_equal(requests(), 0);
}

static void test_J15_the_owner_of_the_key_decides(void **state)
{
    (void)state;
    struct authd_verify_options o = AUTHD_VERIFY_OPTIONS;
    o.public_url = server.url;
    publish(OK_HEAD, forge_jwks(&f, "key_1", FORGE_TENANT));
    expect_once(o, token_for("globex", FORGE_TENANT, ""), AUTHD_VERIFY_NONE);
    expect_once(o, token_for("acme", "tnt_2", ""), AUTHD_VERIFY_WRONG_TENANT);
    publish(OK_HEAD, forge_jwks(&f, "key_2", FORGE_TENANT));
    expect_once(o, good_token(), AUTHD_VERIFY_UNKNOWN_KEY);
    struct forge other;
    forge_init(&other);
    publish(OK_HEAD, forge_jwks(&other, "key_1", FORGE_TENANT));
    expect_once(o, good_token(), AUTHD_VERIFY_BAD_SIGNATURE);
    forge_free(&other);
}

static void test_answers_that_are_no_keys(void **state)
{
    (void)state;
    struct str jwks = forge_jwks(&f, "key_1", FORGE_TENANT);
    struct authd_verify_options o = pinned();
    char *long_body = arena_alloc(f.arena, 100000);
    memset(long_body, ' ', 100000);
    memcpy(long_body, jwks.ptr, jwks.len);
    static const char *const heads[] = {
        "HTTP/1.1 500 No\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 301 Moved\r\nConnection: close\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
        "HTTP/1.1 204 Empty\r\n\r\n",
        "FTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nx",
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        publish(heads[i], jwks);
        expect_once(o, good_token(), AUTHD_VERIFY_UNAVAILABLE);
        assert_int_equal(requests(), 1);
        assert_non_null(strstr(log_line, "/t/acme/.well-known/jwks.json: "));
    }
    publish(OK_HEAD, (struct str){long_body, 100000});
    expect_once(o, good_token(), AUTHD_VERIFY_UNAVAILABLE);
    publish("HTTP/1.1 404 No\r\nConnection: close\r\n\r\n", jwks);
    expect_once(o, good_token(), AUTHD_VERIFY_UNKNOWN_KEY);
}

static void test_silence_ends(void **state)
{
    (void)state;
    struct authd_verify_options o = pinned();
    o.timeout_ms = 200;
    publish("", STR(""));
    expect_once(o, good_token(), AUTHD_VERIFY_UNAVAILABLE);
    assert_non_null(strstr(log_line, "Timeout"));
}

static void say_of_sessions(const char *status, const char *body)
{
    pthread_mutex_lock(&server.lock);
    snprintf(server.session, sizeof(server.session), "HTTP/1.1 %s\r\nConnection: close\r\n\r\n%s",
             status, body);
    server.requests = 0;
    pthread_mutex_unlock(&server.lock);
}

static void test_sessions_are_asked_about(void **state)
{
    (void)state;
    struct authd_verify_options o = pinned();
    o.secret_key = "sk_test_secret";
    publish(OK_HEAD, forge_jwks(&f, "key_1", FORGE_TENANT));
    struct authd_verifier *v = verifier(o);
    struct str token = good_token();
    say_of_sessions("200 OK", "{\"active\":true}");
    assert_int_equal(check_at(v, token, 10), AUTHD_VERIFY_NONE);
    assert_int_equal(strncmp(last_request(), "POST /v1/sessions/verify HTTP/1.1\r\n", 35), 0);
    assert_non_null(strstr(last_request(), "\r\nX-Client-Id: sk_test_secret\r\n"));
    assert_non_null(strstr(last_request(), "\r\nContent-Type: application/json\r\n"));
    char body[4096];
    snprintf(body, sizeof(body), "\r\n\r\n{\"token\":\"%.*s\"}", STR_FMT(token));
    assert_string_equal(strstr(last_request(), "\r\n\r\n"), body);
    say_of_sessions("200 OK", "{\"active\":false}");
    assert_int_equal(check_at(v, token, 14), AUTHD_VERIFY_NONE);
    assert_int_equal(requests(), 0);
    assert_int_equal(check_at(v, token, 15), AUTHD_VERIFY_SESSION_ENDED);
    assert_int_equal(check_at(v, token, 16), AUTHD_VERIFY_SESSION_ENDED);
    assert_int_equal(requests(), 1);
    say_of_sessions("401 No", "{\"active\":true}");
    assert_int_equal(check_at(v, token, 30), AUTHD_VERIFY_UNAVAILABLE);
    assert_null(strstr(log_line, "sk_test_secret"));
    say_of_sessions("503 No", "");
    assert_int_equal(check_at(v, token, 30), AUTHD_VERIFY_UNAVAILABLE);
    say_of_sessions("307 Elsewhere\r\nLocation: http://127.0.0.1:1/", "{\"active\":true}");
    assert_int_equal(check_at(v, token, 30), AUTHD_VERIFY_UNAVAILABLE);
    /* A machine client has no session. */
    assert_int_equal(check_at(v, token_for("acme", FORGE_TENANT, ""), 31), AUTHD_VERIFY_NONE);
    authd_verifier_free(v);
}

static void test_options_that_cannot_be_meant(void **state)
{
    (void)state;
    const char *why;
    struct authd_verify_options bad[12];
    for (size_t i = 0; i < 12; i++)
        bad[i] = pinned();
    bad[0].issuer = NULL;
    bad[1].public_url = "https://a.example";
    bad[2].issuer = "http://a.example/t/acme";
    bad[3].leeway_s = 61;
    bad[4].leeway_s = -1;
    bad[5].timeout_ms = 0;
    bad[6].secret_key = "sk_live_x\r\nX: y";
    bad[7].secret_key = "";
    bad[8].audience = "";
    bad[9].size = 0;
    bad[10].size = sizeof(bad[0]) + 8;
    bad[11].unknown_key_interval_s = 0;
    for (size_t i = 0; i < 12; i++) {
        assert_null(authd_verifier_new(&bad[i], &why));
        assert_true(why && *why);
    }
    struct authd_verify_options many = AUTHD_VERIFY_OPTIONS;
    many.public_url = "https://a.example";
    many.secret_key = "sk_live_x";
    assert_null(authd_verifier_new(&many, NULL));
    /* A program that was built when the struct was shorter. */
    struct authd_verify_options old = pinned();
    old.size = offsetof(struct authd_verify_options, allow_http);
    struct authd_verifier *v = authd_verifier_new(&old, &why);
    assert_non_null(v);
    assert_null(why);
    authd_verifier_free(v);
    authd_verifier_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_token),
        cmocka_unit_test(test_what_is_refused_anyway_fetches_nothing),
        cmocka_unit_test(test_J15_the_owner_of_the_key_decides),
        cmocka_unit_test(test_answers_that_are_no_keys),
        cmocka_unit_test(test_silence_ends),
        cmocka_unit_test(test_sessions_are_asked_about),
        cmocka_unit_test(test_options_that_cannot_be_meant),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
