/* SPDX-License-Identifier: Apache-2.0
 *
 * Pins what the head check stands on, which h2o documents nowhere: when a handler is called, the
 * whole raw head still stands at the start of the socket's input buffer, for the first request of a
 * connection, for pipelined ones, and with bodies of both kinds. A new h2o that breaks it breaks
 * this test first.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/loop.h"
#include "support/check.h"

enum { SEEN_MAX = 4, PATIENCE_MS = 10000 };

static struct h2o_loop loop;
static h2o_globalconf_t config;
static h2o_context_t context;
static h2o_accept_ctx_t accept_context;

static char seen[SEEN_MAX][512];
static char body[SEEN_MAX][64];
static int requests;

static int on_request(h2o_handler_t *self, h2o_req_t *req)
{
    h2o_buffer_t *input = req->conn->callbacks->get_socket(req->conn)->input;
    size_t n = input->size < sizeof(seen[0]) - 1 ? input->size : sizeof(seen[0]) - 1;
    (void)self;
    memcpy(seen[requests], input->bytes, n);
    memcpy(body[requests], req->entity.base ? req->entity.base : "", req->entity.len);
    requests++;
    req->res.status = 200;
    req->res.content_length = 0;
    h2o_send_inline(req, "", 0);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    h2o_loop_init(&loop, 0);
    h2o_config_init(&config);
    config.http1.upgrade_to_http2 = 0;
    h2o_hostconf_t *host =
        h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_request;
    h2o_context_init(&context, loop.ev, &config);
    accept_context = (h2o_accept_ctx_t){.ctx = &context, .hosts = config.hosts};
    return 0;
}

static bool enough(void *arg)
{
    return requests == *(int *)arg;
}

static int closed;

static void on_close(void *arg)
{
    (void)arg;
    closed++;
}

static bool is_closed(void *arg)
{
    (void)arg;
    return closed > 0;
}

/* Sends the text on a connection of its own and lets h2o work until it has seen that many. */
static void exchange(const char *text, int wanted)
{
    int fds[2];
    memset(seen, 0, sizeof(seen));
    memset(body, 0, sizeof(body));
    requests = closed = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    h2o_socket_t *sock =
        h2o_evloop_socket_create(loop.ev, fds[0], H2O_SOCKET_FLAG_IS_ACCEPTED_CONNECTION);
    sock->on_close.cb = on_close;
    h2o_accept(&accept_context, sock);
    assert_int_equal(write(fds[1], text, strlen(text)), (ssize_t)strlen(text));
    assert_true(h2o_loop_run_until(&loop, enough, &wanted, PATIENCE_MS));
    close(fds[1]);
    assert_true(h2o_loop_run_until(&loop, is_closed, NULL, PATIENCE_MS));
}

static void check_starts(const char *text, const char *with)
{
    assert_memory_equal(text, with, strlen(with));
}

static void test_the_head_is_there_at_handler_time(void **state)
{
    static const char head[] = "GET /a HTTP/1.1\r\nhost: one\r\nhost: two\r\n\r\n";
    (void)state;
    exchange(head, 1);
    assert_string_equal(seen[0], head);
}

static void test_the_head_stays_before_a_body(void **state)
{
    static const char head[] = "POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n"
                               "content-length: 7\r\n\r\n";
    char text[256];
    (void)state;
    snprintf(text, sizeof(text), "%shello", head);
    exchange(text, 1);
    check_starts(seen[0], head);
    assert_string_equal(body[0], "hello");
}

static void test_the_head_stays_before_a_chunked_body(void **state)
{
    static const char head[] = "POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n"
                               "content-length: 3\r\n\r\n";
    char text[256];
    (void)state;
    snprintf(text, sizeof(text), "%s2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", head);
    exchange(text, 1);
    check_starts(seen[0], head);
    assert_string_equal(body[0], "hello");
}

static void test_each_pipelined_head_comes_to_the_front(void **state)
{
    (void)state;
    exchange("GET /1 HTTP/1.1\r\nhost: a\r\n\r\n"
             "POST /2 HTTP/1.1\r\nhost: b\r\ncontent-length: 2\r\n\r\nxy"
             "GET /3 HTTP/1.1\r\nhost: c\r\n\r\n",
             3);
    check_starts(seen[0], "GET /1 HTTP/1.1\r\nhost: a\r\n\r\n");
    check_starts(seen[1], "POST /2 HTTP/1.1\r\nhost: b\r\ncontent-length: 2\r\n\r\n");
    check_starts(seen[2], "GET /3 HTTP/1.1\r\nhost: c\r\n\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_head_is_there_at_handler_time),
        cmocka_unit_test(test_the_head_stays_before_a_body),
        cmocka_unit_test(test_the_head_stays_before_a_chunked_body),
        cmocka_unit_test(test_each_pipelined_head_comes_to_the_front),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
