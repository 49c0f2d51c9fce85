/* SPDX-License-Identifier: Apache-2.0
 *
 * The floor under every endpoint: the least that h2o does for a reply of the same size. One loop,
 * one handler that answers N bytes from static memory with the headers given, no log, no metrics,
 * nothing copied. With `sign` it also signs one EdDSA token per request.
 *
 *     bench_h2o_floor PORT BODY_BYTES [sign] [NAME:VALUE...]
 */
#include <h2o.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_MAX = 1 << 20, CLAIMS_BYTES = 500, TOKEN_MAX = 1024, HEADERS_MAX = 32 };

static char body[BODY_MAX];
static size_t body_bytes;
static bool sign;
static unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
static h2o_accept_ctx_t accept_context;

/* What the server's own reply carries beside h2o's Date, Connection and Content-Length. */
static struct header {
    const char *name;
    size_t name_len;
    const char *value;
} headers[HEADERS_MAX];
static size_t header_count;

static void add_header(const char *name_and_value)
{
    const char *colon = strchr(name_and_value, ':');
    if (colon && header_count < HEADERS_MAX)
        headers[header_count++] =
            (struct header){name_and_value, (size_t)(colon - name_and_value), colon + 1};
}

/* header.payload.signature over claims of the usual size, written over the start of the body. */
static void sign_token(void)
{
    static const char claims[CLAIMS_BYTES] = "{\"iss\":\"https://auth.example.com/t/acme\"}";
    static const char header[] = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImtleV8wMUpEOVc4V"
                                 "jNTOFEzWks2VDROMEUyTTVSQSJ9.";
    unsigned char signature[crypto_sign_BYTES];
    char token[TOKEN_MAX];
    size_t len = sizeof(header) - 1;
    memcpy(token, header, len);
    sodium_bin2base64(token + len, sizeof(token) - len, (const unsigned char *)claims,
                      sizeof(claims), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    len += strlen(token + len);
    crypto_sign_detached(signature, NULL, (const unsigned char *)token, len, secret_key);
    token[len++] = '.';
    sodium_bin2base64(token + len, sizeof(token) - len, signature, sizeof(signature),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    len += strlen(token + len);
    memcpy(body, token, len < body_bytes ? len : body_bytes);
}

static int on_request(h2o_handler_t *self, h2o_req_t *req)
{
    static h2o_generator_t generator = {NULL, NULL};
    h2o_iovec_t reply = h2o_iovec_init(body, body_bytes);
    (void)self;
    if (sign)
        sign_token();
    req->res.status = 200;
    req->res.reason = "OK";
    req->res.content_length = body_bytes;
    for (const struct header *h = headers; h < headers + header_count; h++)
        h2o_add_header_by_str(&req->pool, &req->res.headers, h->name, h->name_len, 1, NULL,
                              h->value, strlen(h->value));
    h2o_start_response(req, &generator);
    h2o_send(req, &reply, 1, H2O_SEND_STATE_FINAL);
    return 0;
}

static void on_acceptable(h2o_socket_t *listener, const char *err)
{
    h2o_socket_t *sock;
    if (!err && (sock = h2o_evloop_socket_accept(listener)))
        h2o_accept(&accept_context, sock);
}

static int listen_on(in_port_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, SOMAXCONN) != 0) {
        perror("bench_h2o_floor");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    static h2o_globalconf_t config;
    static h2o_context_t context;
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    if (argc < 3 || sodium_init() < 0) {
        fprintf(stderr, "usage: bench_h2o_floor PORT BODY_BYTES [sign] [NAME:VALUE...]\n");
        return 2;
    }
    body_bytes = strtoul(argv[2], NULL, 10) % BODY_MAX;
    memset(body, 'x', body_bytes);
    for (int i = 3; i < argc; i++) {
        sign = sign || strcmp(argv[i], "sign") == 0;
        add_header(argv[i]);
    }
    crypto_sign_keypair(public_key, secret_key);
    h2o_config_init(&config);
    config.server_name = h2o_iovec_init("", 0);
    config.http1.upgrade_to_http2 = 0;
    h2o_hostconf_t *host =
        h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_request;
    h2o_evloop_t *loop = h2o_evloop_create();
    h2o_context_init(&context, loop, &config);
    accept_context = (h2o_accept_ctx_t){.ctx = &context, .hosts = config.hosts};
    h2o_socket_t *listener = h2o_evloop_socket_create(
        loop, listen_on((in_port_t)strtoul(argv[1], NULL, 10)), H2O_SOCKET_FLAG_DONT_READ);
    h2o_socket_read_start(listener, on_acceptable);
    while (h2o_evloop_run(loop, INT32_MAX) == 0)
        continue;
    return 0;
}
