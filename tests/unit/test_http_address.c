/* SPDX-License-Identifier: Apache-2.0
 *
 * B23: X-Forwarded-For is believed as far as configured proxies wrote it, and no further.
 */
#include "http/address.h"
#include "support/check.h"

static struct http_address address(const char *text)
{
    struct http_address a;
    assert_true(address_parse(str_of(text), &a));
    return a;
}

static struct http_network network(const char *text, unsigned prefix)
{
    return (struct http_network){address(text), prefix};
}

static void trust_two_networks(void)
{
    const struct http_network proxies[] = {network("10.0.0.0", 96 + 8),
                                           network("2001:db8:aaaa::", 48)};
    address_set_proxies(proxies, 2);
}

static void check_client(const char *peer, const char *forwarded_for, const char *client)
{
    char text[ADDRESS_TEXT_MAX];
    struct http_address found = address_of_client(address(peer), str_of(forwarded_for));
    address_format(&found, text);
    assert_string_equal(text, client);
}

static void B23_nobody_is_trusted_by_default(void **state)
{
    (void)state;
    address_set_proxies(NULL, 0);
    check_client("10.0.0.1", "192.0.2.1", "10.0.0.1");
    check_client("127.0.0.1", "192.0.2.1", "127.0.0.1");
}

static void B23_forwarded_for(void **state)
{
    (void)state;
    static const struct {
        const char *peer, *forwarded_for, *client;
    } cases[] = {
        {"198.51.100.1", "192.0.2.1", "198.51.100.1"}, /* peer is no proxy */
        {"10.0.0.1", NULL, "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1", "192.0.2.1"},
        {"10.255.255.255", "192.0.2.1", "192.0.2.1"},
        {"11.0.0.1", "192.0.2.1", "11.0.0.1"},
        {"::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1"},   /* v4-mapped peer */
        {"10.0.0.1", "1.1.1.1, 192.0.2.1", "192.0.2.1"}, /* left of it is the client's word */
        {"10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1"},
        {"10.0.0.1", "1.1.1.1, 192.0.2.1, 10.0.0.3, 10.0.0.2", "192.0.2.1"},
        {"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"}, /* all proxies: the leftmost */
        {"10.0.0.1", "garbage, 192.0.2.1", "192.0.2.1"},
        {"10.0.0.1", "192.0.2.1, garbage", "10.0.0.1"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", ",", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1,", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1 ,10.0.0.2", "192.0.2.1"},
        {"10.0.0.1", "\t192.0.2.1\t", "192.0.2.1"},
        {"10.0.0.1", "192.0.2.1:4711", "192.0.2.1"},
        {"10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"},
        {"10.0.0.1", "[2001:db8::1]", "2001:db8::1"},
        {"10.0.0.1", "2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"},
        {"2001:db8:aaaa::1", "2001:db8:aaab::1", "2001:db8:aaab::1"},
        {"2001:db8:aaaa::1", "2001:db8:aaaa:ffff::1, 2001:db8:aaaa::2", "2001:db8:aaaa:ffff::1"},
        {"10.0.0.1", "unknown", "10.0.0.1"},
        {"10.0.0.1", "_hidden", "10.0.0.1"},
        {"10.0.0.1", "0300.0.2.1", "10.0.0.1"}, /* octal */
        {"10.0.0.1", "3221225985", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.256", "10.0.0.1"},
        {"10.0.0.1", "192.0.2", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1:99999", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1:", "10.0.0.1"},
        {"10.0.0.1", "[192.0.2.1]", "10.0.0.1"},
        {"10.0.0.1", "[2001:db8::1", "10.0.0.1"},
        {"10.0.0.1", "[2001:db8::1]x", "10.0.0.1"},
        {"10.0.0.1", "2001:db8::1%eth0", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1 10.0.0.2", "10.0.0.1"},
        {"10.0.0.1", "for=192.0.2.1", "10.0.0.1"},
    };
    trust_two_networks();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_client(cases[i].peer, cases[i].forwarded_for, cases[i].client);
}

static void networks_by_bits(void **state)
{
    (void)state;
    const struct http_network odd = network("192.168.128.0", 96 + 17);
    address_set_proxies(&odd, 1);
    check_client("192.168.128.1", "192.0.2.1", "192.0.2.1");
    check_client("192.168.255.1", "192.0.2.1", "192.0.2.1");
    check_client("192.168.127.1", "192.0.2.1", "192.168.127.1");
    const struct http_network everybody = network("::", 0);
    address_set_proxies(&everybody, 1);
    check_client("203.0.113.9", "192.0.2.1", "192.0.2.1");
    const struct http_network one = network("203.0.113.9", 128);
    address_set_proxies(&one, 1);
    check_client("203.0.113.9", "192.0.2.1", "192.0.2.1");
    check_client("203.0.113.8", "192.0.2.1", "203.0.113.8");
    address_set_proxies(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(B23_nobody_is_trusted_by_default),
        cmocka_unit_test(B23_forwarded_for),
        cmocka_unit_test(networks_by_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
