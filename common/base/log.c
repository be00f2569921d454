#define SD_JOURNAL_SUPPRESS_LOCATION
#include "log.h"

#include "clock.h"
#include "hex.h"
#include "utf8.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

enum {
    LINE_MAX_SIZE = 4096,
    VALUE_MAX_SIZE = 512,
    KEY_MAX_SIZE = 48,
    FIELDS_MAX = 24,
    TAIL_SIZE = 64, /* kept free for the suppressed count and the end of the line */
    BUCKETS = 256,
    BURST = 50,
    PER_SECOND = 5,
    US_PER_TOKEN = 1000000 / PER_SECOND,
};

struct bucket {
    const char *message;
    int64_t full_at_us; /* when all tokens are back */
    uint64_t suppressed;
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const int level_priorities[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR};

static struct {
    const char *service;
    enum log_level least;
    bool journal;
    uint64_t suppressed;
    uint64_t lost_in_all;
    uint64_t lost;                      /* since the last line: whoever reads stderr did not */
    struct bucket buckets[BUCKETS + 1]; /* the last one is for all that find no place */
} logger = {.service = "redress", .least = LOG_INFO_LEVEL};

struct line {
    char text[LINE_MAX_SIZE];
    size_t used;
};

/* systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream it gave us. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat info;
    char mine[64];
    if (!stream || fstat(STDERR_FILENO, &info) != 0) {
        return false;
    }
    (void)snprintf(mine, sizeof mine, "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
    return strcmp(stream, mine) == 0;
}

void log_open(const char *service, enum log_level least)
{
    logger.service = service;
    logger.least = least;
    logger.journal = stderr_is_journal();
}

bool log_level_parse(const char *text, enum log_level *level)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

uint64_t log_suppressed(void)
{
    return logger.suppressed;
}

uint64_t log_lost(void)
{
    return logger.lost_in_all;
}

static struct bucket *bucket_find(const char *message)
{
    size_t start = ((uintptr_t)message * 0x9E3779B97F4A7C15ULL) >> 56;
    for (size_t i = 0; i < 8; i++) {
        struct bucket *bucket = &logger.buckets[(start + i) % BUCKETS];
        if (!bucket->message) {
            bucket->message = message;
        }
        if (bucket->message == message) {
            return bucket;
        }
    }
    return &logger.buckets[BUCKETS];
}

static bool bucket_take(struct bucket *bucket, int64_t now_us)
{
    int64_t full_at_us = bucket->full_at_us > now_us ? bucket->full_at_us : now_us;
    if (full_at_us - now_us > (int64_t)(BURST - 1) * US_PER_TOKEN) {
        bucket->suppressed++;
        logger.suppressed++;
        return false;
    }
    bucket->full_at_us = full_at_us + US_PER_TOKEN;
    return true;
}

static bool line_add(struct line *line, const char *text, size_t size)
{
    if (line->used + size > LINE_MAX_SIZE - TAIL_SIZE) {
        return false;
    }
    memcpy(line->text + line->used, text, size);
    line->used += size;
    return true;
}

static bool string_add(struct line *line, struct slice value)
{
    bool fits = line_add(line, "\"", 1);
    size_t end = value.size < VALUE_MAX_SIZE ? value.size : VALUE_MAX_SIZE;
    for (size_t i = 0; fits && i < end;) {
        char escaped[16];
        uint8_t c = value.bytes[i];
        uint32_t character;
        size_t size = utf8_read(value.bytes + i, value.bytes + value.size, &character);
        if (size == 0) {
            fits = line_add(line, "\xEF\xBF\xBD", 3);
            size = 1;
        } else if (utf8_is_command(character)) { /* logs are read on terminals, too */
            (void)snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)character);
            fits = line_add(line, escaped, 6);
        } else if (c == '"' || c == '\\') {
            fits = line_add(line, "\\", 1) && line_add(line, (const char *)&c, 1);
        } else {
            fits = line_add(line, (const char *)value.bytes + i, size);
        }
        i += size;
    }
    if (fits && end < value.size) {
        fits = line_add(line, "\xE2\x80\xA6", 3);
    }
    return fits && line_add(line, "\"", 1);
}

/* The value as plain text; bytes as they are. */
static struct slice field_text(const struct log_field *field, char buffer[2 * VALUE_MAX_SIZE + 1])
{
    size_t size = field->bytes.size < VALUE_MAX_SIZE ? field->bytes.size : VALUE_MAX_SIZE;
    switch (field->kind) {
    case LOG_KIND_BYTES:
        return field->bytes;
    case LOG_KIND_HEX:
        hex_encode(field->bytes.bytes, size, buffer);
        break;
    case LOG_KIND_NUMBER:
        (void)snprintf(buffer, VALUE_MAX_SIZE, "%" PRId64, field->number);
        break;
    case LOG_KIND_BOOLEAN:
        return slice_text(field->number ? "true" : "false");
    case LOG_KIND_END:
        return slice_text("");
    }
    return slice_text(buffer);
}

/* Adds ,"key":value; a field that does not fit leaves no trace. */
static void field_add(struct line *line, const struct log_field *field)
{
    char buffer[2 * VALUE_MAX_SIZE + 1];
    struct slice text = field_text(field, buffer);
    size_t before = line->used;
    bool quoted = field->kind == LOG_KIND_BYTES || field->kind == LOG_KIND_HEX;
    bool fits =
        line_add(line, ",", 1) && string_add(line, slice_text(field->key)) &&
        line_add(line, ":", 1) &&
        (quoted ? string_add(line, text) : line_add(line, (const char *)text.bytes, text.size));
    if (!fits) {
        line->used = before;
    }
}

/* A pipe that is writable takes PIPE_BUF bytes at once: the line goes whole and without waiting, or
 * not at all.  A reader that stands still is not to hold up the loop. */
static void line_write(const struct line *line)
{
    static_assert(LINE_MAX_SIZE <= PIPE_BUF, "a line is one write");
    struct pollfd item = {STDERR_FILENO, POLLOUT, 0};
    if (poll(&item, 1, 0) != 1 || (item.revents & POLLOUT) == 0 ||
        write(STDERR_FILENO, line->text, line->used) < 0) {
        logger.suppressed++;
        logger.lost++;
        logger.lost_in_all++;
    } else {
        logger.lost = 0;
    }
}

static void
write_json(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
    struct line line = {.used = 0};
    char at[CLOCK_TEXT_SIZE];
    char head[64];
    clock_text(clock_now_us(), at);
    int size =
        snprintf(head, sizeof head, "{\"at\":\"%s\",\"level\":\"%s\"", at, level_names[level]);
    (void)line_add(&line, head, (size_t)size);
    struct log_field service = LOG_TEXT("service", logger.service);
    struct log_field msg = LOG_TEXT("msg", message);
    field_add(&line, &service);
    field_add(&line, &msg);
    for (size_t i = 0; i < count; i++) {
        field_add(&line, &fields[i]);
    }
    if (logger.lost > 0) {
        struct log_field lost = LOG_NUMBER("lost", logger.lost);
        field_add(&line, &lost);
    }
    memcpy(line.text + line.used, "}\n", 2);
    line.used += 2;
    line_write(&line);
}

static void write_journal(enum log_level level,
                          const char *message,
                          const struct log_field *fields,
                          size_t count)
{
    static char text[FIELDS_MAX + 3][KEY_MAX_SIZE + VALUE_MAX_SIZE + 16];
    struct iovec parts[FIELDS_MAX + 3];
    size_t used = 0;
    const char *names[] = {"MESSAGE", "SYSLOG_IDENTIFIER"};
    const char *values[] = {message, logger.service};
    for (; used < 2; used++) {
        int size = snprintf(text[used], sizeof text[used], "%s=%.512s", names[used], values[used]);
        parts[used] = (struct iovec){text[used], (size_t)size};
    }
    int size = snprintf(text[used], sizeof text[used], "PRIORITY=%d", level_priorities[level]);
    parts[used] = (struct iovec){text[used], (size_t)size};
    used++;
    for (size_t i = 0; i < count; i++, used++) {
        char buffer[2 * VALUE_MAX_SIZE + 1];
        struct slice value = field_text(&fields[i], buffer);
        size_t taken = value.size < VALUE_MAX_SIZE ? value.size : VALUE_MAX_SIZE;
        size = snprintf(text[used], KEY_MAX_SIZE + 10, "REDRESS_%.40s=", fields[i].key);
        for (char *c = text[used]; *c; c++) {
            *c = (char)toupper((unsigned char)*c);
        }
        memcpy(text[used] + size, value.bytes ? (const void *)value.bytes : "", taken);
        parts[used] = (struct iovec){text[used], (size_t)size + taken};
    }
    if (sd_journal_sendv(parts, (int)used) < 0) {
        logger.suppressed++;
    }
}

void log_write(enum log_level level, const char *message, ...)
{
    struct bucket *bucket = bucket_find(message);
    if (level < logger.least || !bucket_take(bucket, clock_monotonic_us())) {
        return;
    }
    struct log_field fields[FIELDS_MAX + 1];
    size_t count = 0;
    if (bucket->suppressed > 0) {
        fields[count++] = LOG_NUMBER("suppressed", bucket->suppressed);
        bucket->suppressed = 0;
    }
    va_list arguments;
    va_start(arguments, message);
    while (count < FIELDS_MAX) {
        struct log_field field = va_arg(arguments, struct log_field);
        if (field.kind == LOG_KIND_END) {
            break;
        }
        fields[count++] = field;
    }
    va_end(arguments);
    if (logger.journal) {
        write_journal(level, message, fields, count);
    } else {
        write_json(level, message, fields, count);
    }
}
