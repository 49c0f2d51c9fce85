/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings: every row unset, valid, garbage, out of range and overflowing; who wins; what refuses
 * to start and how it says so; what is masked.
 */
#include <stdio.h>
#include <stdlib.h>

#include "server/settings.h"
#include "support/check.h"

enum { ENV_MAX = 16 };

/* Enough to start with. */
static const char base_yaml[] = "multi_tenant_enabled: true\n"
                                "public_url: https://auth.example.com\n"
                                "control_database_url: host=/run/postgresql password=hunter2\n"
                                "root_key_file: /etc/authd/root.key\n";

struct parsed {
    struct arena *arena;
    struct settings settings;
    struct complaints complaints;
    bool ok;
};

static struct parsed *parse(const char *yaml, const char *const *variables)
{
    struct arena *a = arena_create(16 * 1024);
    struct parsed *p = arena_new(a, struct parsed);
    char **environment = arena_array(a, ENV_MAX, sizeof(char *));
    for (size_t i = 0; variables && variables[i]; i++)
        environment[i] = (char *)(uintptr_t)variables[i];
    p->arena = a;
    complaints_init(&p->complaints, a);
    p->ok =
        settings_parse(a, "authd.yaml", str_of(yaml), environment, &p->settings, &p->complaints);
    return p;
}

static bool complains(const struct parsed *p, const char *text)
{
    struct str all = buf_view(&p->complaints.text);
    return all.len > 0 && memmem(all.ptr, all.len, text, strlen(text)) != NULL;
}

static void refuses(const char *yaml, const char *text)
{
    struct parsed *p = parse(yaml, NULL);
    if (p->ok || !complains(p, text))
        fail_msg("wanted \"%s\", got: %.*s", text, STR_FMT(buf_view(&p->complaints.text)));
    arena_destroy(p->arena);
}

/* Base settings and these lines. */
static void refuses_lines(const char *lines, const char *text)
{
    char yaml[1024];
    snprintf(yaml, sizeof(yaml), "%s%s", base_yaml, lines);
    refuses(yaml, text);
}

/* Whether this value of this row is taken from the environment, whatever other rules then say. */
static bool takes(const struct setting_row *row, const char *value)
{
    char variable[4096];
    char complaint[128];
    snprintf(variable, sizeof(variable), "%s=%s", row->env, value);
    snprintf(complaint, sizeof(complaint), "%s: %s: ", row->env, row->name);
    struct parsed *p = parse(base_yaml, (const char *[]){variable, NULL});
    bool refused = complains(p, complaint);
    arena_destroy(p->arena);
    return !refused;
}

static void check_values(const struct setting_row *row, const char *const *values, bool wanted)
{
    for (; *values; values++)
        if (takes(row, *values) != wanted)
            fail_msg("%s: \"%s\" was %s", row->name, *values, wanted ? "refused" : "taken");
}

static void check_bound(const struct setting_row *row, int64_t n, bool wanted)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)n);
    if (row->type == SETTING_seconds)
        snprintf(text, sizeof(text), n ? "%llds" : "0", (long long)n);
    check_values(row, (const char *[]){text, NULL}, wanted);
}

static void check_range(const struct setting_row *row)
{
    check_bound(row, row->min, true);
    check_bound(row, row->max, true);
    check_bound(row, row->min - 1, false);
    check_bound(row, row->max + 1, false);
    check_values(row,
                 (const char *[]){"", "abc", "-1", "1.5", "0x10", "1e3", "+4", " 4", "4 ", "1,000",
                                  "1099511627776000", "99999999999999999999999", "10y", NULL},
                 false);
}

static const char *const flags[] = {"true", "false", "TRUE", "False", NULL};
static const char *const no_flags[] = {"", "yes", "1", "0", "on", "truee", "2", NULL};
static const char *const addresses[] = {"", "127.0.0.1:80", "[::1]:80, localhost:0", ":8080", NULL};
static const char *const no_addresses[] = {"127.0.0.1", "::1:80",   "a:65536", "a:-1", "a:b",
                                           "a:",        "a:1,,b:2", "a:1 b:2", NULL};
static const char *const networks[] = {"", "10.0.0.0/8", "::1", "fd00::/8, 192.0.2.1", NULL};
static const char *const no_networks[] = {"10.0.0.0/33", "fd00::/129",  "10.0.0/8",    "a",
                                          "10.0.0.0/",   "10.0.0.0/-1", "10.0.0.0/8,", NULL};
static const char *const no_choices[] = {"", "nothing", "1.2|1.3", "0", NULL};

static void check_row(const struct setting_row *row)
{
    switch (row->type) {
    case SETTING_number:
    case SETTING_seconds:
        check_range(row);
        return;
    case SETTING_flag:
        check_values(row, flags, true);
        check_values(row, no_flags, false);
        return;
    case SETTING_addresses:
        check_values(row, addresses, true);
        check_values(row, no_addresses, false);
        return;
    case SETTING_networks:
        check_values(row, networks, true);
        check_values(row, no_networks, false);
        return;
    case SETTING_choice:
        check_values(row, no_choices, false);
        return;
    case SETTING_text:
    case SETTING_path:
        check_values(row, (const char *[]){"", "x", NULL}, true);
        return;
    }
}

static void test_V13_every_setting_takes_its_range_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_row_count; i++)
        check_row(&setting_rows[i]);
}

static void test_unset_is_the_default(void **state)
{
    (void)state;
    struct parsed *p = parse(base_yaml, NULL);
    assert_true(p->ok);
    const struct settings *s = &p->settings;
    assert_int_equal(s->max_requests, 4096);
    assert_int_equal(s->request_timeout, 10);
    assert_int_equal(s->db_idle_timeout, 300);
    assert_int_equal(s->signing_key_max_age, 90 * 86400);
    assert_int_equal(s->tls_min_version, TLS_MIN_1_2);
    assert_int_equal(s->log_format, LOG_FORMAT_AUTO);
    assert_true(s->access_log);
    assert_int_equal(s->trusted_proxies.n, 0);
    assert_string_equal(s->tls_certificate, "");
    arena_destroy(p->arena);
}

static void test_V13_4_5_metrics_and_api_listen_on_loopback_unless_set(void **state)
{
    (void)state;
    struct parsed *p = parse(base_yaml, NULL);
    assert_true(p->ok);
    assert_int_equal(p->settings.admin_listen.n, 1);
    assert_string_equal(p->settings.admin_listen.items[0].host, "127.0.0.1");
    assert_string_equal(p->settings.listen.items[0].host, "127.0.0.1");
    arena_destroy(p->arena);
}

static void test_V13_1_2_connection_maxima_are_settings_with_bounds(void **state)
{
    (void)state;
    const char *const names[] = {"max_connections", "max_requests", "db_connection_budget",
                                 "hash_queue"};
    for (size_t n = 0; n < 4; n++) {
        bool found = false;
        for (size_t i = 0; i < setting_row_count; i++)
            found = found || (strcmp(setting_rows[i].name, names[n]) == 0 && setting_rows[i].max);
        assert_true(found);
    }
}

static void test_environment_beats_file(void **state)
{
    (void)state;
    char yaml[1024];
    snprintf(yaml, sizeof(yaml), "%sloops: 3\nhash_threads: 2\n", base_yaml);
    struct parsed *p = parse(yaml, (const char *[]){"AUTHD_LOOPS=5", NULL});
    assert_true(p->ok);
    assert_int_equal(p->settings.loops, 5);
    assert_int_equal(p->settings.hash_threads, 2);
    arena_destroy(p->arena);
}

static void test_a_wrong_variable_is_named(void **state)
{
    (void)state;
    struct parsed *p = parse(base_yaml, (const char *[]){"AUTHD_LOOPS=many", NULL});
    assert_false(p->ok);
    assert_true(complains(p, "AUTHD_LOOPS: loops: must be a whole number from 0 to 64\n"));
    arena_destroy(p->arena);
}

static void test_lists_are_sequences_or_comma_text(void **state)
{
    (void)state;
    const char *const forms[] = {"listen: [\"127.0.0.1:1\", '[::1]:2']\n",
                                 "listen:\n  - 127.0.0.1:1\n  - \"[::1]:2\"\n",
                                 "listen: 127.0.0.1:1, [::1]:2\n"};
    for (size_t i = 0; i < 3; i++) {
        char yaml[1024];
        snprintf(yaml, sizeof(yaml), "%s%s", base_yaml, forms[i]);
        struct parsed *p = parse(yaml, NULL);
        assert_true(p->ok);
        assert_int_equal(p->settings.listen.n, 2);
        assert_string_equal(p->settings.listen.items[1].host, "::1");
        assert_string_equal(p->settings.listen.items[1].port, "2");
        arena_destroy(p->arena);
    }
}

static void test_networks_are_v4_mapped(void **state)
{
    (void)state;
    char yaml[1024];
    snprintf(yaml, sizeof(yaml), "%strusted_proxies: [10.1.0.0/16, 'fd00::/8']\n", base_yaml);
    struct parsed *p = parse(yaml, NULL);
    const uint8_t v4[16] = {[10] = 0xff, 0xff, 10, 1};
    assert_true(p->ok);
    assert_int_equal(p->settings.trusted_proxies.n, 2);
    assert_memory_equal(p->settings.trusted_proxies.items[0].address.bytes, v4, 16);
    assert_int_equal(p->settings.trusted_proxies.items[0].prefix, 96 + 16);
    assert_int_equal(p->settings.trusted_proxies.items[1].prefix, 8);
    arena_destroy(p->arena);
}

static void test_the_file_is_named_with_its_line(void **state)
{
    (void)state;
    refuses_lines("loop: 3\n", "authd.yaml:5: loop: there is no such setting");
    refuses_lines("loops: 3\nloops: 4\n", "authd.yaml:6: loops: is set twice, first at "
                                          "authd.yaml:5");
    refuses_lines("\n\nloops: 99\n", "authd.yaml:7: loops: must be a whole number from 0 to 64");
    refuses_lines("request_timeout: 10\n", "request_timeout: must be a duration from 1s to 5m");
    refuses_lines("loops: [1, 2]\n", "authd.yaml:5: loops: takes one value, not a list");
}

static void test_only_a_flat_mapping_is_read(void **state)
{
    (void)state;
    refuses_lines("loops:\n  a: 1\n", "authd.yaml:6: only plain values");
    refuses_lines("listen: [[a]]\n", "only plain values");
    refuses_lines("loops: &a 1\n", "anchors and tags");
    refuses_lines("loops: !!int 1\n", "anchors and tags");
    refuses_lines("loops: *a\n", "only plain values");
    refuses_lines("? [a]\n: 1\n", "only plain values");
    refuses_lines("---\nloops: 1\n", "only one document");
    refuses_lines("loops: \"1\n", "authd.yaml:");
    refuses_lines("loops: 1\n\tx: 2\n", "authd.yaml:");
    refuses("- a\n- b\n", "must be a list of `name: value` lines");
    refuses("loops", "must be a list of `name: value` lines");
    refuses("\xff\xfe", "authd.yaml:");
}

static void test_an_empty_file_is_read(void **state)
{
    (void)state;
    const char *const files[] = {"", "# nothing\n", "---\n"};
    for (size_t i = 0; i < 3; i++) {
        struct parsed *p = parse(files[i], (const char *[]){"MULTI_TENANT_ENABLED=true",
                                                            "AUTHD_PUBLIC_URL=http://127.0.0.1:1",
                                                            "AUTHD_CONTROL_DATABASE_URL=x",
                                                            "AUTHD_ROOT_KEY_FILE=/k", NULL});
        assert_true(p->ok);
        arena_destroy(p->arena);
    }
}

static void test_every_mistake_is_told_at_once(void **state)
{
    (void)state;
    struct parsed *p = parse("loops: x\nnonsense: 1\nmax_requests: 1\n", NULL);
    assert_false(p->ok);
    assert_int_equal(p->complaints.n, 3);
    arena_destroy(p->arena);
}

static void test_single_tenant_mode_is_refused_with_the_remedy(void **state)
{
    (void)state;
    struct parsed *p = parse(base_yaml, (const char *[]){"MULTI_TENANT_ENABLED=false", NULL});
    assert_false(p->ok);
    assert_true(complains(p, "MULTI_TENANT_ENABLED=true"));
    arena_destroy(p->arena);
}

static void test_public_url_is_https_unless_loopback(void **state)
{
    (void)state;
    const struct {
        const char *url;
        bool ok;
    } cases[] = {
        {"https://auth.example.com", true},
        {"https://auth.example.com/id", true},
        {"http://localhost:8080", true},
        {"http://127.0.0.1", true},
        {"http://[::1]:80", true},
        {"http://auth.example.com", false},
        {"http://localhost.example.com", false},
        {"http://127.0.0.1.example.com", false},
        {"https://", false},
        {"https:///x", false},
        {"https://a/", false},
        {"https://a?b", false},
        {"https://u@a", false},
        {"ftp://a", false},
        {"auth.example.com", false},
        {"", false},
        {"https://a b", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char variable[128];
        snprintf(variable, sizeof(variable), "AUTHD_PUBLIC_URL=%s", cases[i].url);
        struct parsed *p = parse(base_yaml, (const char *[]){variable, NULL});
        if (p->ok != cases[i].ok)
            fail_msg("%s", cases[i].url);
        arena_destroy(p->arena);
    }
}

static void test_certificate_and_key_go_together(void **state)
{
    (void)state;
    refuses_lines("tls_certificate: /c\n", "tls_private_key: is required");
    refuses_lines("tls_private_key: /k\n", "tls_certificate: is required");
}

static void test_V16_2_5_secrets_are_masked(void **state)
{
    (void)state;
    struct parsed *p = parse(base_yaml, NULL);
    struct buf b;
    buf_init(&b, p->arena, 0);
    settings_print(&b, &p->settings);
    struct str text = buf_view(&b);
    assert_null(memmem(text.ptr, text.len, "hunter2", 7));
    assert_non_null(memmem(text.ptr, text.len, "control_database_url: \"********\"", 32));
    arena_destroy(p->arena);
}

static void test_no_complaint_repeats_a_secret(void **state)
{
    (void)state;
    struct parsed *p =
        parse(base_yaml, (const char *[]){"AUTHD_PROVISIONER_URL=hunter2\xff", NULL});
    assert_false(p->ok);
    assert_false(complains(p, "hunter2"));
    arena_destroy(p->arena);
}

/* What --print-config prints is a file that yields the same settings. */
static void test_printed_settings_read_back(void **state)
{
    (void)state;
    char yaml[1024];
    snprintf(yaml, sizeof(yaml), "%strusted_proxies: [10.0.0.0/8, '::1']\nlisten: '[::]:443'\n",
             base_yaml);
    struct parsed *p = parse(yaml, NULL);
    struct buf b;
    assert_true(p->ok);
    buf_init(&b, p->arena, 0);
    settings_print(&b, &p->settings);
    struct parsed *again = parse(str_z(p->arena, buf_view(&b)), NULL);
    assert_true(again->ok);
    for (size_t i = 0; i < setting_row_count; i++)
        if (!setting_rows[i].secret)
            assert_true(setting_equal(&setting_rows[i], &p->settings, &again->settings));
    arena_destroy(again->arena);
    arena_destroy(p->arena);
}

static void test_reload_changes_reloadable_settings_only(void **state)
{
    (void)state;
    struct parsed *a = parse(base_yaml, NULL);
    struct parsed *b =
        parse(base_yaml, (const char *[]){"AUTHD_LOG_LEVEL=error", "AUTHD_ACCESS_LOG=false",
                                          "AUTHD_MAX_REQUESTS=17", NULL});
    settings_apply_reload(&a->settings, &b->settings);
    assert_int_equal(a->settings.log_level, 3);
    assert_false(a->settings.access_log);
    assert_int_equal(a->settings.max_requests, 4096);
    arena_destroy(a->arena);
    arena_destroy(b->arena);
}

static void test_help_names_every_setting(void **state)
{
    (void)state;
    struct arena *a = arena_create(1024);
    struct buf b;
    buf_init(&b, a, 0);
    settings_help(&b);
    struct str text = buf_view(&b);
    for (size_t i = 0; i < setting_row_count; i++)
        assert_non_null(
            memmem(text.ptr, text.len, setting_rows[i].env, strlen(setting_rows[i].env)));
    arena_destroy(a);
}

static void test_credentials_directory_is_filled_in(void **state)
{
    (void)state;
    const char *const variable = "AUTHD_ROOT_KEY_FILE=${CREDENTIALS_DIRECTORY}/root_key";
    unsetenv("CREDENTIALS_DIRECTORY");
    struct parsed *p = parse(base_yaml, (const char *[]){variable, NULL});
    assert_false(p->ok);
    arena_destroy(p->arena);
    setenv("CREDENTIALS_DIRECTORY", "/run/credentials/authd.service", 1);
    p = parse(base_yaml, (const char *[]){variable, NULL});
    assert_true(p->ok);
    assert_string_equal(p->settings.root_key_file, "/run/credentials/authd.service/root_key");
    arena_destroy(p->arena);
    unsetenv("CREDENTIALS_DIRECTORY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_V13_every_setting_takes_its_range_and_nothing_else),
        cmocka_unit_test(test_unset_is_the_default),
        cmocka_unit_test(test_V13_4_5_metrics_and_api_listen_on_loopback_unless_set),
        cmocka_unit_test(test_V13_1_2_connection_maxima_are_settings_with_bounds),
        cmocka_unit_test(test_environment_beats_file),
        cmocka_unit_test(test_a_wrong_variable_is_named),
        cmocka_unit_test(test_lists_are_sequences_or_comma_text),
        cmocka_unit_test(test_networks_are_v4_mapped),
        cmocka_unit_test(test_the_file_is_named_with_its_line),
        cmocka_unit_test(test_only_a_flat_mapping_is_read),
        cmocka_unit_test(test_an_empty_file_is_read),
        cmocka_unit_test(test_every_mistake_is_told_at_once),
        cmocka_unit_test(test_single_tenant_mode_is_refused_with_the_remedy),
        cmocka_unit_test(test_public_url_is_https_unless_loopback),
        cmocka_unit_test(test_certificate_and_key_go_together),
        cmocka_unit_test(test_V16_2_5_secrets_are_masked),
        cmocka_unit_test(test_no_complaint_repeats_a_secret),
        cmocka_unit_test(test_printed_settings_read_back),
        cmocka_unit_test(test_reload_changes_reloadable_settings_only),
        cmocka_unit_test(test_help_names_every_setting),
        cmocka_unit_test(test_credentials_directory_is_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
