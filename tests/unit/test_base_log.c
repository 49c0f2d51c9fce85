/* SPDX-License-Identifier: Apache-2.0
 *
 * The log writes whole, escaped lines into a pipe from which the test reads them back.
 */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "support/check.h"

static int ends[2];
static char text[1 << 20];

static int open_pipe(void **state)
{
    (void)state;
    return pipe2(ends, O_NONBLOCK);
}

static int close_pipe(void **state)
{
    (void)state;
    log_setup(LOG_INFO, false, STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static struct str logged(void)
{
    ssize_t n = read(ends[0], text, sizeof(text));
    return (struct str){text, n > 0 ? (size_t)n : 0};
}

static void test_json_lines(void **state)
{
    (void)state;
    log_setup(LOG_INFO, true, ends[1]);
    log_warn("db_failed", LOG_Z("tenant", "a\n\"b\""), LOG_INT("n", -3), LOG_BOOL("ok", true),
             LOG_STR("none", STR_NONE));
    struct str line = logged();
    json_t *json;
    assert_int_equal(str_find(line, '\n'), line.len - 1);
    assert_int_equal(json_read(line, &json), ERR_OK);
    check_str(json_text(json_object_get(json, "level")), "warn");
    check_str(json_text(json_object_get(json, "event")), "db_failed");
    check_str(json_text(json_object_get(json, "tenant")), "a\n\"b\"");
    assert_int_equal(json_text(json_object_get(json, "time")).len, 24);
    assert_int_equal(json_integer_value(json_object_get(json, "n")), -3);
    assert_true(json_is_true(json_object_get(json, "ok")));
    assert_true(json_is_null(json_object_get(json, "none")));
    json_decref(json);
}

static void test_text_lines(void **state)
{
    (void)state;
    log_setup(LOG_INFO, false, ends[1]);
    log_error("oops", LOG_Z("a", "plain"), LOG_Z("b", "two words"), LOG_Z("c", "x=y\x1b[31m"),
              LOG_BOOL("d", false), LOG_STR("e", STR_NONE));
    struct str line = logged();
    check_str(str_slice(line, 24, line.len), " error oops a=plain b=\"two words\""
                                             " c=\"x=y\\u001b[31m\" d=false e=\"\"\n");
}

static void test_level(void **state)
{
    (void)state;
    log_setup(LOG_WARN, false, ends[1]);
    log_info("quiet", LOG_INT("n", 1));
    log_debug("quiet", LOG_INT("n", 1));
    assert_int_equal(logged().len, 0);
}

static void test_access_lines_wait_for_flush(void **state)
{
    (void)state;
    log_setup(LOG_INFO, false, ends[1]);
    log_line(STR("one\n"));
    log_line(STR("two\n"));
    log_line(STR_NONE);
    assert_int_equal(logged().len, 0);
    log_flush();
    check_str(logged(), "one\ntwo\n");
    log_line(STR("three\n"));
    log_info("event", LOG_INT("n", 1));
    check_str(str_slice(logged(), 0, 6), "three\n");
}

static void test_long_values_are_cut(void **state)
{
    (void)state;
    static char huge[200000];
    memset(huge, 1, sizeof(huge) - 1);
    log_setup(LOG_INFO, true, ends[1]);
    log_info("long", LOG_Z("a", huge), LOG_Z("b", huge), LOG_Z("c", huge), LOG_INT("last", 1));
    json_t *json;
    assert_int_equal(json_read(logged(), &json), ERR_OK);
    assert_int_equal(json_text(json_object_get(json, "a")).len, 1024);
    assert_null(json_object_get(json, "c"));
    assert_int_equal(json_integer_value(json_object_get(json, "last")), 1);
    json_decref(json);
}

static void test_a_huge_line_passes(void **state)
{
    (void)state;
    static char huge[200000];
    memset(huge, 'x', sizeof(huge));
    int fd = open("/dev/null", O_WRONLY);
    log_setup(LOG_INFO, true, fd);
    log_line((struct str){huge, sizeof(huge)});
    log_setup(LOG_INFO, true, ends[1]);
    close(fd);
}

static void test_a_full_pipe_loses_lines_only(void **state)
{
    (void)state;
    static char block[4096];
    log_setup(LOG_INFO, true, ends[1]);
    while (write(ends[1], block, sizeof(block)) > 0)
        continue;
    log_info("lost", LOG_INT("n", 1));
    while (logged().len > 0)
        continue;
    log_info("kept", LOG_INT("n", 1));
    assert_true(logged().len > 0);
}

enum { WRITERS = 4, LINES = 50 };

static void *write_lines(void *arg)
{
    for (int i = 0; i < LINES; i++) {
        log_line(STR("access\n"));
        log_info("event", LOG_STR("who", *(struct str *)arg));
    }
    return NULL;
}

static void test_threads_do_not_mix_lines(void **state)
{
    (void)state;
    pthread_t threads[WRITERS];
    struct str who = STR("someone with a name");
    log_setup(LOG_INFO, false, ends[1]);
    for (int i = 0; i < WRITERS; i++)
        pthread_create(&threads[i], NULL, write_lines, &who);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    struct str all = logged();
    struct str line;
    size_t events = 0;
    while (str_split(&all, '\n', &line)) {
        bool is_event = str_ends(line, STR(" event who=\"someone with a name\""));
        events += is_event;
        assert_true(is_event || line.len == 0 || str_eq(line, STR("access")));
    }
    assert_int_equal(events, WRITERS * LINES);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_pipe, close_pipe)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_json_lines),
        CASE(test_text_lines),
        CASE(test_level),
        CASE(test_access_lines_wait_for_flush),
        CASE(test_long_values_are_cut),
        CASE(test_a_huge_line_passes),
        CASE(test_a_full_pipe_loses_lines_only),
        CASE(test_threads_do_not_mix_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
