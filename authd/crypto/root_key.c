/* SPDX-License-Identifier: Apache-2.0
 *
 * The file that holds the root key. Who can read it can open every sealed value, so a file that
 * others can read, or that somebody else owns, is refused rather than used.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"
#include "base/log.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"

enum { HEX_LEN = 2 * SEAL_KEY_LEN, FILE_LEN = HEX_LEN + 1 };

static enum err refuse(const char *path, const char *reason)
{
    log_error("root_key_unusable", LOG_Z("path", path), LOG_Z("reason", reason));
    return ERR_internal_error;
}

static bool write_whole(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t wrote = write(fd, bytes, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        bytes += wrote;
        n -= (size_t)wrote;
    }
    return fsync(fd) == 0;
}

static bool write_new_key(int fd)
{
    uint8_t key[SEAL_KEY_LEN];
    char text[FILE_LEN];
    random_bytes(key, sizeof(key));
    hex_encode(text, key, sizeof(key));
    text[HEX_LEN] = '\n';
    bool written = write_whole(fd, text, sizeof(text));
    sodium_memzero(key, sizeof(key));
    sodium_memzero(text, sizeof(text));
    return written;
}

enum err root_key_create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return refuse(path, strerrordesc_np(errno));
    bool written = write_new_key(fd);
    bool closed = close(fd) == 0;
    if (written && closed)
        return ERR_OK;
    unlink(path); /* ours, and not a key */
    return refuse(path, "it could not be written");
}

/* NULL when the file may hold the key, otherwise why not. */
static const char *why_not_private(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return strerrordesc_np(errno);
    if (!S_ISREG(st.st_mode))
        return "it is not a regular file";
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return "another user owns it";
    return st.st_mode & 077 ? "others may read it; chmod 0600" : NULL;
}

/* Up to `room` bytes; a file longer than that fills it. */
static size_t read_whole(int fd, char *out, size_t room)
{
    size_t n = 0;
    while (n < room) {
        ssize_t got = read(fd, out + n, room - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    return n;
}

/* The key in guarded memory, or NULL when the text is not one. An editor's missing newline is
 * forgiven, nothing else. */
static const uint8_t *read_key(int fd)
{
    char text[FILE_LEN + 1];
    uint8_t key[SEAL_KEY_LEN];
    const uint8_t *kept = NULL;
    size_t n = read_whole(fd, text, sizeof(text));
    bool shaped = n == HEX_LEN || (n == FILE_LEN && text[HEX_LEN] == '\n');
    size_t decoded = 0;
    if (shaped && sodium_hex2bin(key, sizeof(key), text, HEX_LEN, NULL, &decoded, NULL) == 0 &&
        decoded == sizeof(key))
        kept = keyring_put(key, sizeof(key));
    sodium_memzero(text, sizeof(text));
    sodium_memzero(key, sizeof(key));
    return kept;
}

enum err root_key_read(const char *path, const uint8_t **key)
{
    *key = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return refuse(path, strerrordesc_np(errno));
    const char *reason = why_not_private(fd);
    if (!reason) {
        *key = read_key(fd);
        reason = *key ? NULL : "it does not hold 64 hex digits and a newline";
    }
    close(fd);
    return reason ? refuse(path, reason) : ERR_OK;
}
