/*
 * What a daemon says about itself, one line per fact.
 *
 *     log_info("listening", LOG_TEXT("endpoint", endpoint), LOG_NUMBER("partition", 3));
 *
 * Under systemd (JOURNAL_STREAM is stderr) a line is a journal entry: MESSAGE, PRIORITY,
 * SYSLOG_IDENTIFIER and REDRESS_<KEY> per field.  Elsewhere it is one JSON object on stderr: at,
 * level, service, msg, then the keys.
 *
 * Never personal data (law 10): no names, contacts, texts or credentials, only ids, numbers and
 * reasons.  Cores and libraries never log; the shell logs once, where an error is decided.
 *
 * Everything is bounded (law 9): a value is cut at 512 bytes, a line at 4096, and each message (its
 * literal's address) may come 50 times at once and 5 times a second from then on; what was held
 * back is counted in the next line's "suppressed". Nobody waits for a reader of the log: what it
 * has no room for is dropped, and counted in the next line's "lost". For the daemon's one thread.
 */
#ifndef REDRESS_LOG_H
#define REDRESS_LOG_H

#include "error.h"
#include "slice.h"

enum log_level { LOG_DEBUG_LEVEL, LOG_INFO_LEVEL, LOG_WARN_LEVEL, LOG_ERROR_LEVEL };

enum log_kind { LOG_KIND_END, LOG_KIND_BYTES, LOG_KIND_NUMBER, LOG_KIND_HEX, LOG_KIND_BOOLEAN };

struct log_field {
    const char *key; /* a-z, 0-9 and _; not at, level, service, msg, suppressed, lost */
    enum log_kind kind;
    int64_t number;
    struct slice bytes;
};

static inline struct log_field log_field_bytes(const char *key, enum log_kind kind, struct slice s)
{
    return (struct log_field){key, kind, 0, s};
}

static inline struct log_field log_field_number(const char *key, enum log_kind kind, int64_t number)
{
    return (struct log_field){
        key, kind, number, {NULL, 0}
    };
}

#define LOG_TEXT(key, text)       log_field_bytes(key, LOG_KIND_BYTES, slice_text(text))
#define LOG_SLICE(key, slice)     log_field_bytes(key, LOG_KIND_BYTES, slice)
#define LOG_HEX(key, bytes, size) log_field_bytes(key, LOG_KIND_HEX, slice_of(bytes, size))
#define LOG_NUMBER(key, number)   log_field_number(key, LOG_KIND_NUMBER, (int64_t)(number))
#define LOG_BOOLEAN(key, truth)   log_field_number(key, LOG_KIND_BOOLEAN, (truth) ? 1 : 0)
#define LOG_ERROR_FIELDS(error)                                                                    \
    LOG_TEXT("kind", error_kind_name((error)->kind)), LOG_TEXT("reason", (error)->text)
#define LOG_END log_field_number(NULL, LOG_KIND_END, 0)

/* The name lines carry, and the least level that is written.  service is lent for good. */
void log_open(const char *service, enum log_level least);

/* "debug", "info", "warn" or "error"; false for anything else. */
bool log_level_parse(const char *text, enum log_level *level);

/* message is a literal; the fields are struct log_field, the last one LOG_END. */
void log_write(enum log_level level, const char *message, ...);

#define log_debug(...) log_write(LOG_DEBUG_LEVEL, __VA_ARGS__, LOG_END)
#define log_info(...)  log_write(LOG_INFO_LEVEL, __VA_ARGS__, LOG_END)
#define log_warn(...)  log_write(LOG_WARN_LEVEL, __VA_ARGS__, LOG_END)
#define log_error(...) log_write(LOG_ERROR_LEVEL, __VA_ARGS__, LOG_END)

/* Lines held back since the start, for a metric. */
uint64_t log_suppressed(void);

/* How many of them nobody wrote, because whoever reads the log stands still. */
uint64_t log_lost(void);

#endif
