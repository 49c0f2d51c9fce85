/* SPDX-License-Identifier: Apache-2.0
 *
 * The root key file: what is written can be read, and a file that others can read, or that is no
 * key, is refused.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "support/check.h"

static char directory[] = "/tmp/authd_root_key_XXXXXX";
static char path[64];

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof(path), "%s/root.key", directory);
    return crypto_setup();
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void write_file(const char *text, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static bool is_read(const uint8_t expected[SEAL_KEY_LEN])
{
    const uint8_t *key;
    enum err e = root_key_read(path, &key);
    assert_int_equal(e == ERR_OK, key != NULL);
    if (!key)
        return false;
    if (expected)
        assert_memory_equal(key, expected, SEAL_KEY_LEN);
    keyring_drop(key);
    return true;
}

static void test_created_key_is_private_and_readable(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(root_key_create(path), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 65);
    assert_true(is_read(NULL));
}

static void test_create_never_replaces_a_key(void **state)
{
    (void)state;
    assert_int_equal(root_key_create(path), ERR_OK);
    assert_int_not_equal(root_key_create(path), ERR_OK);
    assert_true(is_read(NULL));
}

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void test_reads_hex(void **state)
{
    (void)state;
    uint8_t expected[SEAL_KEY_LEN];
    for (uint8_t i = 0; i < SEAL_KEY_LEN; i++)
        expected[i] = i;
    write_file(HEX "\n", 0600);
    assert_true(is_read(expected));
    write_file(HEX, 0400);
    assert_true(is_read(expected));
}

static void test_refuses_what_is_no_key(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        "00010203\n",
        HEX "00\n",
        HEX "\n\n",
        HEX " ",
        "0x" HEX,
        HEX "\r\n",
        " " HEX,
        "zz0102030405060708090a0b0c0d0e0f"
        "101112131415161718191a1b1c1d1e1f\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_file(bad[i], 0600);
        assert_false(is_read(NULL));
    }
}

static void test_refuses_a_file_that_others_can_read(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0660, 0666, 0601, 0644};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        write_file(HEX "\n", modes[i]);
        assert_false(is_read(NULL));
    }
}

static void test_refuses_a_file_of_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    write_file(HEX "\n", 0600);
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_false(is_read(NULL));
}

static void test_refuses_what_is_no_file(void **state)
{
    (void)state;
    assert_false(is_read(NULL));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(is_read(NULL));
    assert_int_not_equal(root_key_create(path), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_created_key_is_private_and_readable, remove_file),
        cmocka_unit_test_teardown(test_create_never_replaces_a_key, remove_file),
        cmocka_unit_test_teardown(test_reads_hex, remove_file),
        cmocka_unit_test_teardown(test_refuses_what_is_no_key, remove_file),
        cmocka_unit_test_teardown(test_refuses_a_file_that_others_can_read, remove_file),
        cmocka_unit_test_teardown(test_refuses_a_file_of_another_user, remove_file),
        cmocka_unit_test_teardown(test_refuses_what_is_no_file, remove_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
