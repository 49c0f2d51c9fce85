/* SPDX-License-Identifier: Apache-2.0
 *
 * The log. A line is put together in memory of the calling thread, too long values are cut, and it
 * goes out whole in one write. Access lines collect in one buffer shared by all threads; an event
 * takes what has collected along, so the order of lines is the order of calls.
 */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

enum {
    LINE_SIZE = 8192,
    VALUE_MAX = 1024,
    PAIR_OVERHEAD = 64, /* key, separators, a number; the key is a literal of ours */
    ESCAPE_FACTOR = 6,  /* one byte becomes at most \u00XX */
    PENDING_SIZE = 64 * 1024,
    STALL_MS = 100, /* how long a full pipe may hold up a thread before the line is dropped */
};

static _Atomic(enum log_level) log_least = LOG_INFO;
static _Atomic bool log_json;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Under the lock: */
static int log_fd = STDERR_FILENO;
static char pending[PENDING_SIZE];
static size_t pending_len;

static bool wait_writable(void)
{
    struct pollfd p = {.fd = log_fd, .events = POLLOUT};
    return poll(&p, 1, STALL_MS) > 0;
}

/* A log that cannot be written must not stop the service: what does not fit in time is lost. */
static void write_whole(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(log_fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno != EAGAIN || !wait_writable()))
            return;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
}

static void flush_locked(void)
{
    write_whole(pending, pending_len);
    pending_len = 0;
}

/* At any time: a reload may change the level while others log. */
void log_setup(enum log_level least, bool json, int fd)
{
    pthread_mutex_lock(&lock);
    flush_locked();
    log_fd = fd;
    pthread_mutex_unlock(&lock);
    log_least = least;
    log_json = json;
}

static void add_locked(struct str line)
{
    if (line.len > PENDING_SIZE - pending_len)
        flush_locked();
    if (line.len > PENDING_SIZE) {
        write_whole(line.ptr, line.len);
        return;
    }
    memcpy(pending + pending_len, line.ptr, line.len);
    pending_len += line.len;
}

void log_line(struct str line)
{
    if (line.len == 0)
        return;
    pthread_mutex_lock(&lock);
    add_locked(line);
    pthread_mutex_unlock(&lock);
}

void log_flush(void)
{
    pthread_mutex_lock(&lock);
    flush_locked();
    pthread_mutex_unlock(&lock);
}

static void log_at_once(struct str line)
{
    pthread_mutex_lock(&lock);
    add_locked(line);
    flush_locked();
    pthread_mutex_unlock(&lock);
}

static bool needs_quotes(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=')
            return true;
    }
    return s.len == 0;
}

static void add_string(struct buf *b, struct str s)
{
    s = str_slice(s, 0, VALUE_MAX);
    if (log_json && !str_is_set(s))
        buf_lit(b, "null");
    else if (log_json || needs_quotes(s))
        buf_json(b, s);
    else
        buf_str(b, s);
}

static void add_value(struct buf *b, const struct log_pair *pair)
{
    if (pair->type == LOG_TYPE_STR)
        add_string(b, pair->str);
    else if (pair->type == LOG_TYPE_INT)
        buf_int(b, pair->num);
    else
        buf_str(b, pair->num ? STR("true") : STR("false"));
}

static bool pair_fits(const struct buf *b, const struct log_pair *pair)
{
    size_t value = pair->type == LOG_TYPE_STR ? str_slice(pair->str, 0, VALUE_MAX).len : 0;
    return value * ESCAPE_FACTOR + PAIR_OVERHEAD + strlen(pair->key) < b->cap - b->len;
}

static void add_pair(struct buf *b, const struct log_pair *pair)
{
    if (!pair_fits(b, pair))
        return;
    buf_str(b, log_json ? STR(",\"") : STR(" "));
    buf_str(b, str_of(pair->key));
    buf_str(b, log_json ? STR("\":") : STR("="));
    add_value(b, pair);
}

static void add_head(struct buf *b, enum log_level level, const char *event)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char time[TIME_TEXT_LEN + 1];
    time_format(clock_wall_ms(), time);
    buf_str(b, log_json ? STR("{\"time\":\"") : STR_NONE);
    buf_add(b, time, TIME_TEXT_LEN);
    buf_str(b, log_json ? STR("\",\"level\":\"") : STR(" "));
    buf_str(b, str_of(names[level]));
    buf_str(b, log_json ? STR("\",\"event\":\"") : STR(" "));
    buf_str(b, str_slice(str_of(event), 0, PAIR_OVERHEAD));
    buf_str(b, log_json ? STR("\"") : STR_NONE);
}

void log_event(enum log_level level, const char *event, const struct log_pair *pairs, size_t n)
{
    static _Thread_local char line[LINE_SIZE];
    if (level < log_least)
        return;
    struct buf b = {.ptr = line, .cap = sizeof(line)};
    add_head(&b, level, event);
    for (size_t i = 0; i < n; i++)
        add_pair(&b, &pairs[i]);
    buf_str(&b, log_json ? STR("}\n") : STR("\n"));
    log_at_once(buf_view(&b));
}
