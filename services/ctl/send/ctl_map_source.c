#include "ctl_map_source.h"

#include "clock.h"
#include "ctl_time.h"

static const struct {
    const char *name;
    enum map_form form;
} forms[] = {
    {"date",    MAP_FORM_DATE   },
    {"rfc3339", MAP_FORM_RFC3339},
    {"unix",    MAP_FORM_UNIX   },
    {"local",   MAP_FORM_LOCAL  },
};

static void
read_form(struct yaml_source *yaml, const struct yaml_node *node, struct map_source *source)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(node->text, forms[i].name) == 0) {
            source->form = forms[i].form;
        }
    }
    if (source->form == MAP_FORM_TEXT) {
        yaml_complain(yaml, YAML_ERROR, node, NULL, "form: date, rfc3339, unix or local");
    }
}

static void
read_zone(struct yaml_source *yaml, const struct yaml_node *node, struct map_source *source)
{
    struct error error = {0};
    zone_free(&source->zone);
    source->zone = zone_new(node->text, &error);
    if (!source->zone) {
        yaml_complain(yaml, YAML_ERROR, node, NULL, "%s", error.text);
    }
}

static void read_pair(struct yaml_source *yaml,
                      const struct yaml_pair *pair,
                      bool is_time,
                      struct map_source *source)
{
    const char *key = pair->key.text;
    const struct yaml_node *value = &pair->value;
    if (strcmp(key, "values") == 0 && value->kind == YAML_MAP) {
        source->values = value;
    } else if (value->kind != YAML_SCALAR) {
        yaml_complain(yaml, YAML_ERROR, value, NULL, "%s: a text is wanted", key);
    } else if (strcmp(key, "column") == 0) {
        source->column = value->text;
    } else if (strcmp(key, "default") == 0) {
        source->fallback = value->text;
    } else if (is_time && strcmp(key, "form") == 0) {
        read_form(yaml, value, source);
    } else if (is_time && strcmp(key, "zone") == 0) {
        read_zone(yaml, value, source);
    } else {
        yaml_complain(yaml,
                      YAML_ERROR,
                      &pair->key,
                      is_time ? "column, values, default, form, zone" : "column, values, default",
                      "no key of a source is called \"%s\"",
                      key);
    }
}

void map_source_read(struct yaml_source *yaml,
                     const struct yaml_node *node,
                     bool is_time,
                     struct map_source *source)
{
    unsigned errors = yaml->errors;
    if (node->kind != YAML_MAP) {
        yaml_complain(yaml, YAML_ERROR, node, NULL, "a source is wanted: {column: NAME}");
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        read_pair(yaml, &node->pairs[i], is_time, source);
    }
    if (!source->column) {
        yaml_complain(yaml, YAML_ERROR, node, NULL, "column: NAME is wanted");
    }
    if (is_time && source->form == MAP_FORM_TEXT && yaml->errors == errors) {
        yaml_complain(yaml, YAML_ERROR, node, NULL, "form: date, rfc3339, unix or local is wanted");
    }
    source->given = yaml->errors == errors;
}

static const char *value_of(const struct map_source *source, struct slice cell)
{
    for (uint32_t i = 0; i < source->values->count; i++) {
        const struct yaml_pair *pair = &source->values->pairs[i];
        if (slice_equal(slice_text(pair->key.text), cell)) {
            return pair->value.text;
        }
    }
    return NULL;
}

static enum ctl_mapped bad_cell(struct ctl_bad *bad,
                                const struct map_source *source,
                                const struct ctl_reader *reader,
                                enum ctl_text why,
                                struct slice cell)
{
    enum { SHOWN_MAX = 32 };
    size_t shown = cell.size < SHOWN_MAX ? cell.size : SHOWN_MAX;
    while (shown > 0 && shown < cell.size && (cell.bytes[shown] & 0xc0) == 0x80) {
        shown--;
    }
    bad->why = why;
    ctl_reader_place(reader, source->place, bad);
    (void)snprintf(bad->detail,
                   sizeof bad->detail,
                   "%.32s: %.*s",
                   source->column,
                   (int)shown,
                   (const char *)cell.bytes);
    return CTL_MAPPED_BAD;
}

enum ctl_mapped map_source_text(const struct map_source *source,
                                const struct ctl_reader *reader,
                                struct slice *text,
                                struct ctl_bad *bad)
{
    if (source->fixed) {
        *text = slice_text(source->fixed);
        return CTL_MAPPED;
    }
    struct slice cell = ctl_reader_cell(reader, source->place);
    *text = cell;
    if (source->values && cell.size > 0) {
        const char *value = value_of(source, cell);
        *text = slice_text(value ? value : source->fallback);
        return text->bytes ? CTL_MAPPED : bad_cell(bad, source, reader, TEXT_MAP_VALUE, cell);
    }
    if (cell.size == 0 && source->fallback) {
        *text = slice_text(source->fallback);
    }
    return CTL_MAPPED;
}

bool map_ago_read(const char *text, int64_t *ago_us)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {
        {"min ago", 60000000   },
        {"h ago",   3600000000 },
        {"d ago",   86400000000},
    };
    char *end;
    *ago_us = 0;
    if (strcmp(text, "now") == 0) {
        return true;
    }
    long number = strtol(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (end != text && number > 0 && number < 10000 && strcmp(end, units[i].unit) == 0) {
            *ago_us = number * units[i].us;
            return true;
        }
    }
    return false;
}

enum ctl_mapped map_source_time(const struct map_source *source,
                                const struct ctl_reader *reader,
                                bool *present,
                                int64_t *at_us,
                                struct ctl_bad *bad)
{
    static const enum ctl_text otherwise[] = {[MAP_FORM_DATE] = TEXT_MAP_DATE,
                                              [MAP_FORM_RFC3339] = TEXT_MAP_RFC3339,
                                              [MAP_FORM_UNIX] = TEXT_MAP_UNIX,
                                              [MAP_FORM_LOCAL] = TEXT_MAP_LOCAL};
    struct slice cell;
    enum ctl_mapped mapped = map_source_text(source, reader, &cell, bad);
    *present = false;
    if (mapped == CTL_MAPPED && source->fixed) {
        int64_t ago_us = 0;
        *present = map_ago_read(source->fixed, &ago_us) && ago_us > 0;
        *at_us = clock_now_us() - ago_us;
        return mapped;
    }
    if (mapped != CTL_MAPPED || cell.size == 0) {
        return mapped;
    }
    switch (source->form) {
    case MAP_FORM_DATE:
        *present = ctl_time_date(cell, source->zone, at_us);
        break;
    case MAP_FORM_RFC3339:
        *present = ctl_time_rfc3339(cell, at_us);
        break;
    case MAP_FORM_UNIX:
        *present = ctl_time_unix(cell, at_us);
        break;
    case MAP_FORM_LOCAL:
        *present = ctl_time_local(cell, source->zone, at_us);
        break;
    case MAP_FORM_TEXT:
        break;
    }
    return *present ? CTL_MAPPED : bad_cell(bad, source, reader, otherwise[source->form], cell);
}
