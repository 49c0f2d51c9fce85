/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed pairs on stderr: one JSON object a line, or text on a terminal. A secret cannot be logged
 * by accident because only the types below exist and values are escaped, so no input can forge a
 * line. Lines are written whole.
 *
 *     log_warn("db_connect_failed", LOG_STR("tenant", id), LOG_INT("attempt", n));
 *
 * Access lines are buffered (log_line) and flushed by log_flush, at most 200 ms later; everything
 * else is flushed at once.
 */
#ifndef AUTHD_BASE_LOG_H
#define AUTHD_BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_pair {
    const char *key;
    enum { LOG_TYPE_STR, LOG_TYPE_INT, LOG_TYPE_BOOL } type;
    struct str str;
    int64_t num;
};

#define LOG_STR(k, v) ((struct log_pair){.key = (k), .type = LOG_TYPE_STR, .str = (v)})
#define LOG_Z(k, v) ((struct log_pair){.key = (k), .type = LOG_TYPE_STR, .str = str_of(v)})
#define LOG_INT(k, v) ((struct log_pair){.key = (k), .type = LOG_TYPE_INT, .num = (v)})
#define LOG_BOOL(k, v) ((struct log_pair){.key = (k), .type = LOG_TYPE_BOOL, .num = (v)})

void log_setup(enum log_level least, bool json, int fd);
void log_event(enum log_level level, const char *event, const struct log_pair *pairs, size_t n);
/* A complete line (with newline) for the buffered stream; thread-safe. */
void log_line(struct str line);
void log_flush(void);

#define LOG_CALL(level, event, ...)                                     \
    log_event((level), (event), (const struct log_pair[]){__VA_ARGS__}, \
              sizeof((const struct log_pair[]){__VA_ARGS__}) / sizeof(struct log_pair))
#define log_debug(event, ...) LOG_CALL(LOG_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...) LOG_CALL(LOG_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) LOG_CALL(LOG_WARN, event, __VA_ARGS__)
#define log_error(event, ...) LOG_CALL(LOG_ERROR, event, __VA_ARGS__)

#endif
