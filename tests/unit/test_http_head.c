/* SPDX-License-Identifier: Apache-2.0
 *
 * The raw head: what a proxy in front might read differently is refused.
 */
#include "http/http.h"
#include "support/check.h"

#define LINE "GET /v1/auth/me HTTP/1.1\r\n"
#define HOST "Host: auth.example.com\r\n"

static void accepts_what_clients_send(void **state)
{
    (void)state;
    static const char *const heads[] = {
        LINE HOST "\r\n",
        LINE "host:auth.example.com\r\n\r\n",
        LINE "HOST: \t auth.example.com \t\r\n\r\n",
        LINE "Host: [2001:db8::1]:8443\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
        "TRACE / HTTP/1.1\r\n" HOST "\r\n", /* the router refuses it */
        "\r\n" LINE HOST "\r\n",
        "POST /v1/auth/sign-in HTTP/1.1\r\n" HOST "Content-Length: 12\r\n\r\n{\"a\": \n\n\r\n1}",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n",
        LINE HOST "X-Empty:\r\n\r\n",
        LINE HOST "User-Agent: \xC3\xA9 caf\xE9\r\n\r\n",
        LINE HOST "Accept: a\r\nAccept: b\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        assert_int_equal(http_check_head(str_of(heads[i])), ERR_OK);
}

static void refuses_smuggling_shapes(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "",
        "\r\n",
        "\r\n\r\n" LINE HOST "\r\n",
        LINE "\r\n",                               /* no Host */
        LINE "Host:\r\n\r\n",                      /* empty Host */
        LINE HOST HOST "\r\n",                     /* two */
        LINE HOST "hOst: evil.example\r\n\r\n",    /* two, another spelling */
        LINE "Host: a.example, b.example\r\n\r\n", /* two in one */
        LINE "Host: a.example/b\r\n\r\n",          /* a path */
        LINE "Host: user@a.example\r\n\r\n",       /* user information */
        LINE HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        LINE HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
        LINE HOST "Content-Length: 1, 1\r\n\r\n",
        LINE HOST "Content-Length: +5\r\n\r\n",
        LINE HOST "Content-Length: -5\r\n\r\n",
        LINE HOST "Content-Length: 0x5\r\n\r\n",
        LINE HOST "Content-Length: 5 5\r\n\r\n",
        LINE HOST "Content-Length:\r\n\r\n",
        LINE HOST "Content-Length: 99999999999999999999\r\n\r\n",
        LINE HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        LINE HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        LINE HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
        LINE HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
        LINE HOST "Transfer-Encoding: identity\r\n\r\n",
        LINE HOST "Transfer-Encoding: xchunked\r\n\r\n",
        LINE HOST "Transfer-Encoding: chunked, \r\n\r\n",
        LINE HOST "Transfer-Encoding: \vchunked\r\n\r\n",
        LINE HOST "Transfer-Encoding : chunked\r\n\r\n",
        LINE HOST "Content-Length : 5\r\n\r\n",
        LINE HOST " Content-Length: 5\r\n\r\n",
        LINE HOST "X: a\r\n b\r\n\r\n", /* obs-fold */
        LINE HOST "X: a\r\n\tb\r\n\r\n",
        LINE HOST "X: a\nContent-Length: 5\r\n\r\n", /* bare LF */
        LINE HOST "X: a\rContent-Length: 5\r\n\r\n", /* bare CR */
        LINE HOST "X: a\r\r\n\r\n",
        LINE HOST "\n",
        "GET /v1/auth/me HTTP/1.1\n" HOST "\r\n",
        LINE HOST ": no name\r\n\r\n",
        LINE HOST "no colon\r\n\r\n",
        LINE HOST "Na me: x\r\n\r\n",
        LINE HOST "N\xC3\xA9: x\r\n\r\n",
        LINE HOST "X: \x01\r\n\r\n",
        LINE HOST "X: \x7F\r\n\r\n",
        "GET http://auth.example.com/ HTTP/1.1\r\n" HOST "\r\n", /* absolute form */
        "CONNECT auth.example.com:443 HTTP/1.1\r\n" HOST "\r\n",
        "GET  / HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1 \r\n" HOST "\r\n",
        "GET / \r\n" HOST "\r\n",
        "GET /\r\n" HOST "\r\n", /* HTTP/0.9 */
        "GET / HTTP/2.0\r\n" HOST "\r\n",
        "GET / HTTP/1.2\r\n" HOST "\r\n",
        "GET / http/1.1\r\n" HOST "\r\n",
        "G(T / HTTP/1.1\r\n" HOST "\r\n",
        " GET / HTTP/1.1\r\n" HOST "\r\n",
        "GET /\xC3\xA9 HTTP/1.1\r\n" HOST "\r\n",
        "GET /\x01 HTTP/1.1\r\n" HOST "\r\n",
        "GET\t/\tHTTP/1.1\r\n" HOST "\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (http_check_head(str_of(heads[i])) != ERR_bad_request)
            fail_msg("accepted: %s", heads[i]);
    }
}

static void refuses_nul(void **state)
{
    (void)state;
    static const char value[] = LINE HOST "X: a\0b\r\n\r\n";
    static const char name[] = LINE HOST "X\0: b\r\n\r\n";
    static const char target[] = "GET /\0 HTTP/1.1\r\n" HOST "\r\n";
    assert_int_equal(http_check_head((struct str){value, sizeof(value) - 1}), ERR_bad_request);
    assert_int_equal(http_check_head((struct str){name, sizeof(name) - 1}), ERR_bad_request);
    assert_int_equal(http_check_head((struct str){target, sizeof(target) - 1}), ERR_bad_request);
}

static void caps_the_head_but_not_the_body(void **state)
{
    (void)state;
    static char raw[64 * 1024];
    static const char start[] = LINE HOST "X: ";
    memset(raw, 'a', sizeof(raw));
    memcpy(raw, start, sizeof(start) - 1);
    memcpy(raw + 16 * 1024 - 4, "\r\n\r\n", 4);
    assert_int_equal(http_check_head((struct str){raw, sizeof(raw)}), ERR_OK);
    memset(raw + 16 * 1024 - 4, 'a', 4);
    memcpy(raw + 16 * 1024 - 3, "\r\n\r\n", 4);
    assert_int_equal(http_check_head((struct str){raw, sizeof(raw)}),
                     ERR_request_header_fields_too_large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_clients_send),
        cmocka_unit_test(refuses_smuggling_shapes),
        cmocka_unit_test(refuses_nul),
        cmocka_unit_test(caps_the_head_but_not_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
