#include "ctl_map_facts.h"

static const struct yaml_node *value_of(const struct yaml_node *map, const char *key)
{
    const struct yaml_pair *pair = map->kind == YAML_MAP ? yaml_find(map, key) : NULL;
    return pair ? &pair->value : NULL;
}

static void
read_fields(struct yaml_source *yaml, const struct yaml_node *node, struct map_fact *fact)
{
    if (node->kind != YAML_MAP || node->count > MAP_FACT_FIELDS_MAX) {
        yaml_complain(yaml,
                      YAML_ERROR,
                      node,
                      NULL,
                      "fields: {NAME: SOURCE}, at most %d, are wanted",
                      MAP_FACT_FIELDS_MAX);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml_node *value = &node->pairs[i].value;
        bool is_time = value_of(value, "form") != NULL;
        fact->names[i] = node->pairs[i].key.text;
        map_source_read(yaml, value, is_time, &fact->fields[i]);
        fact->field_count = i + 1;
    }
}

static bool is_known(const char *key)
{
    static const char *const keys[] = {"fact", "at", "to", "fields"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static void read_fact(struct yaml_source *yaml, const struct yaml_node *node, struct map_fact *fact)
{
    const struct yaml_node *kind = value_of(node, "fact");
    const struct yaml_node *at = value_of(node, "at");
    const struct yaml_node *to = value_of(node, "to");
    const struct yaml_node *fields = value_of(node, "fields");
    for (uint32_t i = 0; node->kind == YAML_MAP && i < node->count; i++) {
        if (!is_known(node->pairs[i].key.text)) {
            yaml_complain(yaml,
                          YAML_ERROR,
                          &node->pairs[i].key,
                          "fact, at, to, fields",
                          "no key of a fact is called \"%s\"",
                          node->pairs[i].key.text);
        }
    }
    fact->kind = EVENT_NONE;
    if (kind && kind->kind == YAML_SCALAR) {
        fact->kind = event_kind_parse(slice_text(kind->text));
    }
    if (event_kind_service(fact->kind) != SERVICE_DISPATCH || fact->kind == EVENT_OPENED) {
        yaml_complain(yaml,
                      YAML_ERROR,
                      kind ? kind : node,
                      "noted, contacted, replied, closed, reopened, …",
                      "a fact of the life of a case is wanted");
    }
    if (at) {
        map_source_read(yaml, at, true, &fact->at);
    } else {
        yaml_complain(yaml, YAML_ERROR, node, NULL, "at: SOURCE is wanted");
    }
    fact->to_step = to && to->kind == YAML_SCALAR ? to->text : NULL;
    if (fields) {
        read_fields(yaml, fields, fact);
    }
}

static void
read_facts(struct yaml_source *yaml, const struct yaml_node *node, struct map_facts *facts)
{
    if (node->kind != YAML_LIST || node->count > MAP_FACTS_MAX) {
        yaml_complain(
            yaml, YAML_ERROR, node, NULL, "a list of at most %d facts is wanted", MAP_FACTS_MAX);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        read_fact(yaml, &node->items[i], &facts->facts[i]);
        facts->fact_count = i + 1;
    }
}

static void check_words(struct yaml_source *yaml, const struct map_source *source)
{
    for (uint32_t i = 0; source->values && i < source->values->count; i++) {
        const struct yaml_node *word = &source->values->pairs[i].value;
        if (strcmp(word->text, "on-time") != 0 && strcmp(word->text, "late") != 0) {
            yaml_complain(yaml, YAML_ERROR, word, NULL, "on-time or late is wanted");
        }
    }
}

static void
read_recorded(struct yaml_source *yaml, const struct yaml_node *node, struct map_facts *facts)
{
    if (node->kind != YAML_MAP || node->count > MAP_RECORDED_MAX) {
        yaml_complain(yaml,
                      YAML_ERROR,
                      node,
                      NULL,
                      "recorded: {CLOCK: SOURCE}, at most %d, is wanted",
                      MAP_RECORDED_MAX);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        facts->recorded[i].clock = node->pairs[i].key.text;
        map_source_read(yaml, &node->pairs[i].value, false, &facts->recorded[i].source);
        facts->recorded_count = i + 1;
        check_words(yaml, &facts->recorded[i].source);
    }
}

void map_facts_read(struct yaml_source *yaml, const struct yaml_node *root, struct map_facts *facts)
{
    const struct yaml_node *list = value_of(root, "facts");
    const struct yaml_node *recorded = value_of(root, "recorded");
    if (list) {
        read_facts(yaml, list, facts);
    }
    if (recorded) {
        read_recorded(yaml, recorded, facts);
    }
}

void map_facts_done(struct map_facts *facts)
{
    for (uint32_t i = 0; i < facts->fact_count; i++) {
        zone_free(&facts->facts[i].at.zone);
        for (uint32_t j = 0; j < facts->facts[i].field_count; j++) {
            zone_free(&facts->facts[i].fields[j].zone);
        }
    }
}

static bool want(struct map_source *source, struct ctl_reader *reader)
{
    if (source->given && source->column) {
        source->place = ctl_reader_want(reader, source->column);
        return source->place >= 0;
    }
    return true;
}

bool map_facts_want(struct map_facts *facts, struct ctl_reader *reader)
{
    bool good = true;
    for (uint32_t i = 0; i < facts->fact_count; i++) {
        good = want(&facts->facts[i].at, reader) && good;
        for (uint32_t j = 0; j < facts->facts[i].field_count; j++) {
            good = want(&facts->facts[i].fields[j], reader) && good;
        }
    }
    for (uint32_t i = 0; i < facts->recorded_count; i++) {
        good = want(&facts->recorded[i].source, reader) && good;
    }
    return good;
}
