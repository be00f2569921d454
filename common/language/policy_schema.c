/* The schema for editors (JSON Schema, draft 7), out of the table of the language. */
#include "policy_language.h"
#include "policy_manual.h"

#include <jansson.h>
#include <string.h>

static const char name_pattern[] = "^[a-z0-9][a-z0-9._-]{0,46}$";

static json_t *reference(const struct language_part *part)
{
    return json_pack("{s:s+}", "$ref", "#/definitions/", part->name);
}

static json_t *words_schema(const struct language_key *key)
{
    json_t *words = json_array();
    for (size_t i = 0; key->words[i]; i++) {
        (void)json_array_append_new(words, json_string(key->words[i]));
    }
    return json_pack("{s:o}", "enum", words);
}

static json_t *facts_schema(void)
{
    json_t *words = json_array();
    for (unsigned kind = 1; kind < EVENT_KIND_COUNT; kind++) {
        const char *name = event_kind_name((enum event_kind)kind);
        if (name) {
            (void)json_array_append_new(words, json_string(name));
        }
    }
    return json_pack("{s:o}", "enum", words);
}

/* One, or a list; takes the reference. */
static json_t *one_or_more(json_t *one)
{
    return json_pack("{s:[O, {s:s, s:o}]}", "anyOf", one, "type", "array", "items", one);
}

static json_t *rows_schema(const struct language_key *key)
{
    json_t *row =
        key->part ? reference(key->part) : json_loads(language_kinds[KIND_INDEXES].schema, 0, NULL);
    return json_pack("{s:s, s:o, s:b, s:I}",
                     "type",
                     "object",
                     "patternProperties",
                     json_pack("{s:o}", name_pattern, row),
                     "additionalProperties",
                     0,
                     "minProperties",
                     (json_int_t)key->min);
}

/* Fields stand where they are asked for, or are named. */
static json_t *needs_schema(const struct language_key *key)
{
    return json_pack("{s:[o, o]}",
                     "anyOf",
                     rows_schema(key),
                     json_loads(language_kinds[KIND_INDEXES].schema, 0, NULL));
}

static json_t *patterns_schema(const struct language_key *key)
{
    json_t *plain = json_loads(language_kinds[KIND_PATTERNS].schema, 0, NULL);
    return key->thing == THING_PATTERN
               ? json_pack("{s:s, s:o}", "type", "object", "additionalProperties", plain)
               : plain;
}

static json_t *value_schema(const struct language_key *key)
{
    switch (key->kind) {
    case KIND_NUMBER:
        return json_pack("{s:s, s:I, s:I}",
                         "type",
                         "integer",
                         "minimum",
                         (json_int_t)key->min,
                         "maximum",
                         (json_int_t)key->max);
    case KIND_WORD:
        return words_schema(key);
    case KIND_WORDS:
        return one_or_more(words_schema(key));
    case KIND_FACT:
        return facts_schema();
    case KIND_FACTS:
        return one_or_more(facts_schema());
    case KIND_NEW_NAMES:
        return json_pack("{s:[o, o]}",
                         "anyOf",
                         json_loads(language_kinds[key->kind].schema, 0, NULL),
                         rows_schema(key));
    case KIND_PATTERNS:
        return patterns_schema(key);
    case KIND_PART:
        return reference(key->part);
    case KIND_ROWS:
        return key->thing == THING_FIELD && key->max == POLICY_NEEDS_MAX ? needs_schema(key)
                                                                         : rows_schema(key);
    case KIND_LIST:
        return json_pack("{s:s, s:o, s:I, s:I}",
                         "type",
                         "array",
                         "items",
                         reference(key->part),
                         "minItems",
                         (json_int_t)key->min,
                         "maxItems",
                         (json_int_t)key->max);
    default:
        return json_loads(language_kinds[key->kind].schema, 0, NULL);
    }
}

static json_t *part_schema(const struct language_part *part, enum locale locale)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (size_t i = 0; i < part->key_count; i++) {
        const struct language_key *key = &part->keys[i];
        json_t *value = value_schema(key);
        if (!json_object_get(value, "$ref")) { /* nothing may stand beside a reference */
            (void)json_object_set_new(value, "description", json_string(key->meaning[locale]));
            if (key->fallback) {
                (void)json_object_set_new(value, "default", json_string(key->fallback));
            }
        }
        (void)json_object_set_new(properties, key->name, value);
        if (key->required) {
            (void)json_array_append_new(required, json_string(key->name));
        }
    }
    return json_pack("{s:s, s:s, s:o, s:o, s:b}",
                     "type",
                     "object",
                     "description",
                     part->meaning[locale],
                     "properties",
                     properties,
                     "required",
                     required,
                     "additionalProperties",
                     0);
}

static const char *const over = "-over"; /* what lies over the files that are used */

/* Any value of a mapping may be ~ , which takes out what lies below; takes the mapping. */
static void values_may_be_taken_out(json_t *values)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(values, name, value)
    {
        (void)json_object_set_new(
            values, name, json_pack("{s:[O, {s:s}]}", "anyOf", value, "type", "null"));
    }
}

/* Whatever stands right in the schema goes onto the list. */
static void inner_list(json_t *list, json_t *schema)
{
    const char *name = NULL;
    json_t *value = NULL;
    size_t index = 0;
    json_array_foreach(schema, index, value)
    {
        (void)json_array_append(list, value);
    }
    json_object_foreach(schema, name, value)
    {
        (void)json_array_append(list, value);
    }
}

static void loosen_one(json_t *schema)
{
    const char *to = json_string_value(json_object_get(schema, "$ref"));
    if (to) {
        (void)json_object_set_new(schema, "$ref", json_sprintf("%s%s", to, over));
    }
    if (json_is_array(json_object_get(schema, "required"))) {
        (void)json_object_del(schema, "required");
    }
    (void)json_object_del(schema, "minProperties");
    values_may_be_taken_out(json_object_get(schema, "properties"));
    json_t *rows = json_object_get(schema, "patternProperties");
    values_may_be_taken_out(rows);
    (void)json_object_set_new(rows, "^~$", json_object()); /* takes out all */
}

/* Makes a schema of a whole into that of a part: nothing has to be there, all may be taken out. */
static void loosen(json_t *schema)
{
    json_t *list = json_array();
    (void)json_array_append(list, schema);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *one = json_array_get(list, i);
        inner_list(list, one); /* before what is put around it */
        loosen_one(one);
    }
    json_decref(list);
}

/* A policy that uses other files lies over them, and a file without a policy's name is a pack that
 * policies use: neither has to be whole. */
void policy_schema(enum locale locale, FILE *out)
{
    json_t *definitions = json_object();
    for (size_t i = 1; language_parts[i]; i++) {
        const struct language_part *part = language_parts[i];
        char name[POLICY_NAME_MAX * 2];
        json_t *whole = part_schema(part, locale);
        json_t *loose = json_deep_copy(whole);
        loosen(loose);
        (void)json_object_set_new(definitions, part->name, whole);
        (void)snprintf(name, sizeof name, "%s%s", part->name, over);
        (void)json_object_set_new(definitions, name, loose);
    }
    json_t *whole = part_schema(&language_policy, locale);
    json_t *loose = json_deep_copy(whole);
    loosen(loose);
    (void)json_object_set_new(
        loose,
        "dependencies",
        json_pack("{s:[s], s:[s]}", "policy", "version", "version", "policy"));
    json_t *schema = json_pack("{s:s, s:s, s:{s:[{s:[s]}, {s:{s:[s]}}]}, s:o, s:o, s:o}",
                               "$schema",
                               "http://json-schema.org/draft-07/schema#",
                               "title",
                               "Redress policy",
                               "if",
                               "anyOf",
                               "required",
                               "uses",
                               "not",
                               "required",
                               "policy",
                               "then",
                               loose,
                               "else",
                               whole,
                               "definitions",
                               definitions);
    (void)json_dumpf(schema, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    (void)fputc('\n', out);
    json_decref(schema);
}
