/* The frame of an organisation's file: names, hours, departments; people are in org_load_agents.c.
 */
#include "org_load.h"

#include "org_read.h"
#include "scope.h"

enum { MEMORY_MAX = 64 * 1024 * 1024 };

/* clang-format off */
#define MEANS(en, zh_cn, zh_tw) .meaning = {en, zh_cn, zh_tw}
#define KEYS(rows) .keys = (rows), .key_count = sizeof(rows) / sizeof *(rows)
/* clang-format on */

struct department_place {
    const struct org_reading *reading;
    struct org_department *department;
};

uint16_t org_department(struct policy_loading *loading,
                        const struct org_reading *reading,
                        const struct yaml_node *node)
{
    return read_name(loading,
                     node,
                     (struct policy_names){"department",
                                           reading->departments,
                                           sizeof *reading->departments,
                                           reading->org->department_count});
}

static POLICY_READER(read_org_id)
{
    read_id(loading, &pair->value, ((struct org_reading *)into)->org->id);
}

static POLICY_READER(read_org_title)
{
    read_title(loading, pair, &((struct org_reading *)into)->org->title);
}

static POLICY_READER(read_org_zone)
{
    struct org_reading *reading = into;
    struct error error = {0};
    reading->zone = zone_new(pair->value.text, &error);
    (void)snprintf(reading->org->zone, sizeof reading->org->zone, "%s", pair->value.text);
    if (!reading->zone) {
        complain(loading, &pair->value, "Asia/Shanghai, Europe/London, UTC", "%s", error.text);
    }
}

static POLICY_READER(read_org_capacity)
{
    ((struct org_reading *)into)->capacity =
        (int32_t)read_number(loading, &pair->value, 0, ORG_CAPACITY_MAX);
}

static POLICY_READER(read_org_skills)
{
    struct org *org = ((struct org_reading *)into)->org;
    const struct yaml_node *node = &pair->value;
    if (node->kind == YAML_MAP || list_count(node) > ORG_SKILLS_MAX) {
        complain(loading, node, NULL, "skills: expected at most %d names", ORG_SKILLS_MAX);
        return;
    }
    char(*names)[POLICY_NAME_MAX] = loading_take(loading, node, list_count(node), sizeof *names);
    if (!names) {
        return;
    }
    for (uint32_t i = 0; i < list_count(node); i++) {
        read_id(loading, list_item(node, i), names[i]);
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(names[i], names[j]) == 0) {
                complain(loading, list_item(node, i), NULL, "'%s' stands here twice", names[i]);
            }
        }
    }
    org->skills = (const char(*)[POLICY_NAME_MAX])names;
    org->skill_count = (uint16_t)list_count(node);
}

static POLICY_READER(read_org_shifts)
{
    struct org *org = ((struct org_reading *)into)->org;
    const struct yaml_node *node = &pair->value;
    uint32_t count = read_count(loading, node, YAML_MAP, ORG_SHIFTS_MAX, "shifts");
    struct org_shift *shifts = loading_take(loading, node, count, sizeof *shifts);
    for (uint32_t i = 0; shifts && i < count; i++) {
        struct calendar_definition definition = {0};
        struct error error = {0};
        const struct yaml_node *place = &node->pairs[i].key;
        read_id(loading, place, shifts[i].id);
        if (calendar_yaml_read(loading, place, &node->pairs[i].value, &definition)) {
            definition.name = shifts[i].id;
            if (definition.title) {
                title_complete(definition.title, shifts[i].id);
            }
            if (!calendar_compile(&definition,
                                  loading->first_year,
                                  loading->last_year,
                                  loading->arena,
                                  &shifts[i].hours,
                                  &error)) {
                complain(loading, place, NULL, "%s", error.text);
            }
        }
    }
    if (shifts) {
        org->shifts = shifts;
        org->shift_count = (uint16_t)count;
    }
}

static POLICY_READER(read_department_title)
{
    read_title(loading, pair, &((struct department_place *)into)->department->title);
}

static POLICY_READER(read_department_parent)
{
    struct department_place *place = into;
    place->department->parent = org_department(loading, place->reading, &pair->value);
}

/* clang-format off */
/* Who heads it is a person, and people are read after it: see heads_read. */
static POLICY_READER(read_department_head) { (void)loading; (void)pair; (void)into; }

static const struct language_key department_keys[] = {
    {"title", false, KIND_TITLE, .read = read_department_title,
     MEANS("What people read", "显示给人看的名称", "顯示給人看的名稱")},
    {"parent", false, KIND_ID, .read = read_department_parent,
     MEANS("The department it belongs to", "上级部门", "上級部門")},
    {"head", false, KIND_ID, .read = read_department_head,
     MEANS("Who heads it", "负责人", "負責人")},
};
static const struct language_part language_department = {
    "department", "a department", KEYS(department_keys),
    MEANS("A department", "部门", "部門")};
/* clang-format on */

/* A department below itself would never end. */
static void parents_check(struct policy_loading *loading,
                          const struct org_reading *reading,
                          const struct yaml_node *node)
{
    for (uint16_t i = 0; i < reading->org->department_count; i++) {
        uint16_t at = reading->departments[i].parent;
        for (uint32_t steps = 0; at != ORG_NONE && at != i && steps < ORG_DEPARTMENTS_MAX;
             steps++) {
            at = reading->departments[at].parent;
        }
        if (at == i) {
            complain(loading,
                     &node->pairs[i].key,
                     NULL,
                     "department '%s' is above itself",
                     reading->departments[i].id);
            return;
        }
    }
}

static POLICY_READER(read_org_departments)
{
    struct org_reading *reading = into;
    const struct yaml_node *node = &pair->value;
    uint32_t count = read_count(loading, node, YAML_MAP, ORG_DEPARTMENTS_MAX, "departments");
    reading->departments = loading_take(loading, node, count, sizeof *reading->departments);
    if (!reading->departments) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        read_id(loading, &node->pairs[i].key, reading->departments[i].id);
        reading->departments[i].parent = ORG_NONE;
        reading->departments[i].head = ORG_NONE;
    }
    reading->org->departments = reading->departments;
    reading->org->department_count = (uint16_t)count;
    for (uint32_t i = 0; i < count; i++) {
        struct department_place place = {reading, &reading->departments[i]};
        read_part(
            loading, &node->pairs[i].key, &node->pairs[i].value, &language_department, &place);
        title_complete(&place.department->title, place.department->id);
    }
    parents_check(loading, reading, node);
}

static void heads_read(struct policy_loading *loading,
                       const struct yaml_node *place,
                       const struct yaml_node *map,
                       void *into)
{
    (void)place;
    const struct org_reading *reading = into;
    const struct yaml_pair *section = yaml_find(map, "departments");
    for (uint16_t i = 0; section && i < reading->org->department_count; i++) {
        const struct yaml_node *row = &section->value.pairs[i].value;
        const struct yaml_pair *head = row->kind == YAML_MAP ? yaml_find(row, "head") : NULL;
        if (head) {
            reading->departments[i].head = org_person(loading, reading, &head->value);
        }
    }
}

/* clang-format off */
static const struct language_key org_keys[] = {
    {"org", true, KIND_ID, .read = read_org_id,
     MEANS("Its name", "名字", "名字")},
    {"title", false, KIND_TITLE, .read = read_org_title,
     MEANS("What people read", "显示给人看的名称", "顯示給人看的名稱")},
    {"zone", true, KIND_ZONE, .read = read_org_zone,
     MEANS("The time zone of days of leave", "请假日期所用的时区", "請假日期所用的時區")},
    {"capacity", false, KIND_NUMBER, .min = 0, .max = ORG_CAPACITY_MAX, .read = read_org_capacity,
     MEANS("Cases a person may hold at once, unless said of himself; else as the policy says",
           "每人同时可办的案件数，个人另有规定的除外；不写则按规则文件",
           "每人同時可辦的案件數，個人另有規定者除外；不寫則依規則檔")},
    {"skills", false, KIND_NEW_NAMES, .read = read_org_skills,
     MEANS("The skills there are", "技能清单", "技能清單")},
    {"shifts", false, KIND_ROWS, .part = &language_calendar, .read = read_org_shifts,
     MEANS("Hours of work, each a calendar", "班次，各为一个日历", "班別，各為一個行事曆")},
    {"departments", false, KIND_ROWS, .part = &language_department, .read = read_org_departments,
     MEANS("Departments", "部门", "部門")},
    {"agents", true, KIND_ROWS, .read = org_read_agents,
     MEANS("Everybody who works on cases, by name", "所有办案人员，以姓名为键", "所有辦案人員，以姓名為鍵")},
    {"key-accounts", false, KIND_ROWS, .read = org_read_accounts,
     MEANS("Customers of weight, and who looks after each", "大客户及各自的客户经理",
           "大客戶及各自的客戶經理")},
};
static const struct language_part language_org = {
    "org", "an organisation", KEYS(org_keys), .end = heads_read,
    MEANS("Who works here", "组织与人员", "組織與人員")};
/* clang-format on */

static void read_all(struct org_object *object,
                     struct yaml_source *source,
                     struct arena *scratch,
                     int first_year,
                     int last_year)
{
    struct policy_loading *loading = arena_take(scratch, sizeof *loading);
    const struct yaml_node *tree = loading ? yaml_read(source, scratch) : NULL;
    if (!tree) {
        source->errors += source->errors == 0;
        return;
    }
    *loading = (struct policy_loading){.arena = object->memory,
                                       .scratch = scratch,
                                       .source = source,
                                       .first_year = first_year,
                                       .last_year = last_year};
    loading->holidays = policy_holidays_shipped(&loading->holiday_count);
    struct org_reading reading = {.org = &object->org, .capacity = -1};
    if (yaml_find(tree, "policy")) {
        complain(loading, tree, "redress policy check FILE", "this is a policy");
    } else {
        read_part(loading, tree, tree, &language_org, &reading);
        title_complete(&object->org.title, object->org.id);
    }
    zone_free(&reading.zone);
}

struct org_object *org_load(const char *name,
                            struct slice yaml,
                            int first_year,
                            int last_year,
                            struct policy_report *report)
{
    size_t text_size = 0;
    *report = (struct policy_report){0};
    struct org_object *object = calloc(1, sizeof *object);
    SCOPED(arena_free) struct arena *scratch = arena_new(MEMORY_MAX);
    FILE *out = open_memstream(&report->text, &text_size);
    if (object) {
        object->memory = arena_new(MEMORY_MAX);
    }
    if (!object || !object->memory || !scratch || !out) {
        report->errors = 1;
    } else {
        struct yaml_source source = {
            .name = name, .bytes = yaml, .out = out, .faults = &report->faults};
        read_all(object, &source, scratch, first_year, last_year);
        report->errors = source.errors;
        report->warnings = source.warnings;
    }
    if (out) {
        (void)fclose(out);
    }
    if (text_size == 0) {
        free(report->text);
        report->text = NULL;
    }
    if (report->errors > 0) {
        org_object_free(&object);
    }
    return object;
}

void org_object_free(struct org_object **object_p)
{
    if (*object_p && (*object_p)->memory) {
        arena_free(&(*object_p)->memory);
    }
    free(*object_p);
    *object_p = NULL;
}
