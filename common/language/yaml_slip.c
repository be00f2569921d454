#include "yaml_slip.h"

#include "fault.h"

#include <ctype.h>

static const char wide_sign[] =
    "a full-width ： or ， stands here where YAML wants ':' or ',' and a blank";

enum { LINE_TEXT_MAX = 200 };

/* What is told instead of the parser's words. */
struct advice {
    const char *fault;
    const char *hint; /* NULL: none */
};

static const struct advice column_advice = {
    "this line does not begin in the column of those around it",
    "the keys of one mapping begin in the same column",
};
static const struct advice colon_advice = {"a key has ':' and a blank behind it", NULL};
static const struct advice comma_advice = {
    "',' or a closing bracket is missing before this",
    "look at the end of the line before, too",
};
static const struct advice bracket_advice = {"a bracket is opened and never closed", NULL};
static const struct advice closing_advice = {"a closing bracket that nothing opened", NULL};
static const struct advice quote_advice = {"a quotation mark is opened and never closed", NULL};
static const struct advice inside_advice = {
    "': ' inside of a text",
    "put the text into quotation marks",
};
static const struct advice begin_advice = {
    "a text cannot begin with this sign",
    "put the text into quotation marks",
};
static const struct advice escape_advice = {
    "'\\' means something else in double quotation marks",
    "put the text into single ones: '\\d'",
};
static const struct advice item_advice = {
    "this is no item of the list",
    "'-' and a blank begin one",
};
static const struct advice behind_advice = {
    "something stands behind the value",
    "put the text into quotation marks",
};

/* A part of what libfyaml says, and what is meant by it; the first that fits holds. */
static const struct slip {
    const char *theirs;
    const struct advice *advice;
    bool next; /* the line behind the place is the wrong one */
} slips[] = {
    {"mapping in plain multiline",     &inside_advice,  false},
    {"multiline plain",                &column_advice,  true },
    {"find expected ':'",              &colon_advice,   false},
    {"missing ':'",                    &colon_advice,   false},
    {"missing comma",                  &comma_advice,   false},
    {"without a closing bracket",      &bracket_advice, false},
    {"extra closing",                  &closing_advice, false},
    {"without closing quote",          &quote_advice,   false},
    {"scalar has invalid",             &escape_advice,  false},
    {"-quoted scalar",                 &quote_advice,   false},
    {"block mapping on the same line", &inside_advice,  false},
    {"cannot start with",              &begin_advice,   false},
    {"invalid escape",                 &escape_advice,  false},
    {"end of block sequence",          &item_advice,    false},
    {"after mapping",                  &behind_advice,  false},
    {"trailing content",               &behind_advice,  false},
    {"inden",                          &column_advice,  false},
    {"did not find expected",          &column_advice,  false},
};

static size_t word_size(const char *text)
{
    size_t size = 0;
    while (isalnum((unsigned char)text[size]) || (text[size] && strchr("-_.", text[size]))) {
        size++;
    }
    return isalpha((unsigned char)*text) ? size : 0;
}

static bool is_wide_sign(const char *text)
{
    return strncmp(text, "：", strlen("：")) == 0 || strncmp(text, "，", strlen("，")) == 0;
}

bool yaml_is_wide(const char *text)
{
    size_t size = word_size(text);
    return size > 0 && is_wide_sign(text + size);
}

void yaml_wide_tell(struct yaml_source *source, const struct yaml_node *node)
{
    struct yaml_node place = *node;
    place.text = ""; /* no hint that says the same */
    yaml_complain(source, YAML_ERROR, &place, NULL, "%s", fault_text(wide_sign));
}

const char *yaml_sign_hint(const struct yaml_node *node)
{
    static const char *const quotes[] = {"“", "「", "‘", "＂"};
    const char *text = node->kind == YAML_SCALAR && node->text ? node->text : "";
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        if (strncmp(text, quotes[i], strlen(quotes[i])) == 0) {
            return "YAML's quotation marks are \" and '; these are part of the text";
        }
    }
    return yaml_is_wide(text) ? wide_sign : NULL;
}

/* The line as text, cut where it is long; "" behind the last. */
static void line_take(struct slice bytes, unsigned line, char text[LINE_TEXT_MAX])
{
    const char *at = (const char *)bytes.bytes;
    const char *end = at + bytes.size;
    for (unsigned i = 1; i < line && at < end; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    size_t size = 0;
    while (at + size < end && size + 1 < LINE_TEXT_MAX && at[size] != '\n') {
        text[size] = at[size];
        size++;
    }
    text[size] = '\0';
}

/* A slip that can be seen in the line itself. */
static bool seen_in_line(struct yaml_source *source, unsigned line)
{
    char text[LINE_TEXT_MAX];
    line_take(source->bytes, line, text);
    size_t blanks = strspn(text, " -");
    const char *value = text + blanks + strspn(text + blanks, " \t");
    unsigned column = (unsigned)blanks + 1;
    /* behind '- ' it may stand before a value, though not before an item of another list */
    bool indents = blanks == strspn(text, " ") || strncmp(value, "- ", 2) == 0;
    if (text[blanks] == '\t' && indents) {
        const struct yaml_node place = {.line = line, .column = column, .width = 1};
        yaml_complain(
            source, YAML_ERROR, &place, "YAML wants blanks there", "a tab where the line begins");
        return true;
    }
    if (yaml_is_wide(value)) {
        unsigned sign = (unsigned)(value - text) + 1 + (unsigned)word_size(value);
        const struct yaml_node place = {.line = line, .column = sign, .width = 1};
        yaml_wide_tell(source, &place);
        return true;
    }
    return false;
}

static const struct slip *slip_find(const char *theirs)
{
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        if (strstr(theirs, slips[i].theirs)) {
            return &slips[i];
        }
    }
    return NULL;
}

/* The next line that says something; the line itself where there is none. */
static unsigned line_behind(struct slice bytes, unsigned line, unsigned *column)
{
    for (unsigned i = line + 1; i < line + 8; i++) {
        char text[LINE_TEXT_MAX];
        line_take(bytes, i, text);
        size_t blanks = strspn(text, " \t");
        if (text[blanks] && text[blanks] != '#' && text[blanks] != '\r') {
            *column = (unsigned)blanks + 1;
            return i;
        }
    }
    return line;
}

void yaml_slip_tell(struct yaml_source *source, unsigned line, unsigned column, const char *theirs)
{
    const struct slip *slip = slip_find(theirs);
    if (seen_in_line(source, line)) {
        return;
    }
    if (slip && slip->next) {
        line = line_behind(source->bytes, line, &column);
        if (seen_in_line(source, line)) {
            return;
        }
    }
    const struct yaml_node place = {.line = line, .column = column, .width = 1};
    if (slip) {
        const struct advice *advice = slip->advice;
        yaml_complain(source, YAML_ERROR, &place, advice->hint, "%s", fault_text(advice->fault));
    } else {
        yaml_complain(source, YAML_ERROR, &place, NULL, "not YAML: %s", theirs);
    }
}
