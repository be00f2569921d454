/* Errors as compilers give them: place, excerpt, caret. */
#include "fault.h"
#include "utf8.h"
#include "yaml.h"
#include "yaml_slip.h"

#include <stdarg.h>

enum { EXCERPT_MAX = 200 }; /* bytes of a line that are shown */

static struct slice line_of(struct slice bytes, unsigned line)
{
    const uint8_t *at = bytes.bytes;
    const uint8_t *end = bytes.bytes + bytes.size;
    for (unsigned i = 1; i < line && at < end; i++) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    const uint8_t *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    size_t size = (size_t)((newline ? newline : end) - at);
    if (size > 0 && at[size - 1] == '\r') {
        size--;
    }
    if (size > EXCERPT_MAX) {
        size = EXCERPT_MAX;
        while (size > 0 && (at[size] & 0xc0) == 0x80) { /* not inside a character */
            size--;
        }
    }
    return slice_of(at, size);
}

/* Bytes of the character at hand; East Asian ones take two columns of a terminal. */
static size_t character(struct slice text, size_t at, bool *wide)
{
    uint8_t lead = text.bytes[at];
    size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    *wide = lead >= 0xe2 && !(lead == 0xe2 && at + 1 < text.size && text.bytes[at + 1] < 0xba);
    return at + size <= text.size ? size : text.size - at;
}

static void excerpt_show(FILE *out, struct slice text)
{
    const uint8_t *end = text.bytes + text.size;
    for (const uint8_t *at = text.bytes; at < end;) {
        struct slice shown = utf8_shown(&at, end, true);
        (void)fwrite(shown.bytes, 1, shown.size, out);
    }
}

static void caret_show(FILE *out, struct slice text, const struct yaml_node *node)
{
    size_t at = 0;
    unsigned column = 1;
    for (; column < node->column && at < text.size; column++) {
        bool wide;
        bool tab = text.bytes[at] == '\t';
        at += character(text, at, &wide);
        (void)fputs(tab ? "\t" : wide ? "  " : " ", out);
    }
    (void)fputc('^', out);
    const char *narrow_tail = "";
    const char *wide_tail = "~"; /* the caret covers half of it */
    for (unsigned i = 0; i < node->width && at < text.size; i++) {
        bool wide;
        at += character(text, at, &wide);
        (void)fputs(wide ? wide_tail : narrow_tail, out);
        narrow_tail = "~";
        wide_tail = "~~";
    }
}

void yaml_excerpt(FILE *out, struct slice line, const struct yaml_node *node)
{
    (void)fprintf(out, "%5u | ", node->line);
    excerpt_show(out, line);
    (void)fprintf(out, "\n      | ");
    caret_show(out, line, node);
    (void)fputc('\n', out);
}

/* In place: a text of one line that commands no terminal. */
static void plain_make(char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    const uint8_t *end = at + strlen(text);
    while (at < end) {
        struct slice shown = utf8_shown(&at, end, false);
        memmove(text, shown.bytes, shown.size);
        text += shown.size;
    }
    text[0] = '\0';
}

/* Owned; NULL: out of memory. */
__attribute__((format(printf, 1, 0))) static char *plain_say(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0) {
        return NULL;
    }
    plain_make(text);
    return text;
}

static char *hint_say(const char *hint)
{
    char *text = hint && hint[0] ? strdup(fault_text(hint)) : NULL;
    if (text) {
        plain_make(text);
    }
    return text;
}

static void fault_done(struct yaml_fault *fault)
{
    free(fault->file);
    free(fault->message);
    free(fault->hint);
}

/* Takes over what the fault owns. */
static void fault_keep(struct yaml_faults *faults, struct yaml_fault fault)
{
    if (faults && faults->count < YAML_COMPLAINTS_MAX && fault.file && fault.message) {
        faults->rows[faults->count++] = fault;
    } else {
        fault_done(&fault);
    }
}

void yaml_faults_done(struct yaml_faults *faults)
{
    for (uint32_t i = 0; i < faults->count; i++) {
        fault_done(&faults->rows[i]);
    }
    faults->count = 0;
}

void yaml_complain(struct yaml_source *source,
                   enum yaml_grade grade,
                   const struct yaml_node *node,
                   const char *hint,
                   const char *format,
                   ...)
{
    source = node->source ? node->source : source;
    struct yaml_source *whole = source->whole ? source->whole : source;
    unsigned *count = grade == YAML_ERROR ? &whole->errors : &whole->warnings;
    ++*count;
    unsigned all = whole->errors + whole->warnings;
    if (all > YAML_COMPLAINTS_MAX) {
        if (all == YAML_COMPLAINTS_MAX + 1) {
            (void)fprintf(source->out,
                          fault_text("%s: more than %d complaints\n"),
                          source->name,
                          YAML_COMPLAINTS_MAX);
        }
        return;
    }
    const char *sign = grade == YAML_ERROR ? yaml_sign_hint(node) : NULL;
    va_list arguments;
    va_start(arguments, format);
    struct yaml_fault fault = {.grade = grade,
                               .line = node->line,
                               .column = node->column,
                               .file = strdup(source->name),
                               .message = plain_say(fault_text(format), arguments),
                               .hint = hint_say(sign ? sign : hint)};
    va_end(arguments);
    (void)fprintf(source->out,
                  "%s:%u:%u: %s%s\n",
                  source->name,
                  node->line,
                  node->column,
                  grade == YAML_ERROR ? fault_text("error: ") : fault_text("warning: "),
                  fault.message ? fault.message : fault_text("out of memory"));
    yaml_excerpt(source->out, line_of(source->bytes, node->line), node);
    if (fault.hint) {
        (void)fprintf(source->out, fault_text("      = hint: %s\n"), fault.hint);
    }
    fault_keep(whole->faults, fault);
}
