#include "ctl_script.h"

#include "clock.h"
#include "ctl_database.h"
#include "policy_book.h"
#include "scope.h"

#include <unistd.h>

enum { TREE_SIZE = 16 * 1024 * 1024 };

void script_wrong(struct script *script,
                  const struct yaml_node *place,
                  enum ctl_text id,
                  const char *const *args)
{
    char text[1024];
    (void)ctl_format_into(text, sizeof text, ctl_text_in(script->ctl->language, id), args);
    enum yaml_grade grade = script->skipped ? YAML_WARNING : YAML_ERROR;
    yaml_complain(&script->source, grade, place, NULL, "%s", text);
    if (grade == YAML_ERROR && !script->wrong) { /* once a case, as they are counted */
        ctl_last_add(&script->last, script->source.name, place->line, text);
    }
    script->wrong = true;
}

const char *script_text(const struct yaml_node *map, const char *key, const char *otherwise)
{
    const struct yaml_pair *pair = yaml_find(map, key);
    return pair ? pair->value.text : otherwise;
}

/* ---- the check ---- */

struct shape {
    const char *key;
    enum yaml_kind kind;
};

/* Every key is one of the table's, and its value of that kind. */
static bool
map_check(struct script *script, const struct yaml_node *map, const struct shape *shapes)
{
    bool good = map->kind == YAML_MAP;
    if (!good) {
        script_wrong(script, map, TEXT_SCRIPT_MAP, NULL);
    }
    for (uint32_t i = 0; good && i < map->count; i++) {
        const struct yaml_pair *pair = &map->pairs[i];
        const struct shape *shape = shapes;
        while (shape->key && strcmp(shape->key, pair->key.text) != 0) {
            shape++;
        }
        if (!shape->key) {
            script_wrong(script, &pair->key, TEXT_SCRIPT_KEY, CTL_ARGS(pair->key.text));
        } else if (shape->kind != pair->value.kind) {
            script_wrong(script, &pair->value, TEXT_SCRIPT_KIND, CTL_ARGS(shape->key));
            good = false;
        }
    }
    return good;
}

static bool policy_has_action(const struct policy *policy, struct slice id)
{
    bool found = policy_action_is_own(id);
    for (uint16_t i = 0; i < policy->step_count && !found; i++) {
        found = policy_action_index(&policy->steps[i], id) != POLICY_NONE;
    }
    return found;
}

static void act_check(struct script *script, const struct yaml_node *move)
{
    const struct yaml_pair *as = yaml_find(move, "as");
    const struct yaml_pair *order = yaml_find(move, "do");
    if (!as != !order) {
        script_wrong(script, move, TEXT_SCRIPT_AS_DO, NULL);
    }
    if (!as || !order) {
        return;
    }
    const char *role = as->value.text;
    if (policy_role_index(script->policy, slice_of(role, strcspn(role, " "))) == POLICY_NONE) {
        script_wrong(script, &as->value, TEXT_SCRIPT_ROLE, CTL_ARGS(script->policy_name, role));
    }
    if (!policy_has_action(script->policy, slice_text(order->value.text)) &&
        !yaml_find(move, "refused")) {
        script_wrong(script,
                     &order->value,
                     TEXT_SCRIPT_ACTION,
                     CTL_ARGS(script->policy_name, order->value.text));
    }
}

static void move_check(struct script *script, const struct yaml_node *move)
{
    static const struct shape shapes[] = {
        {"after",    YAML_SCALAR},
        {"wait",     YAML_SCALAR},
        {"at",       YAML_SCALAR},
        {"as",       YAML_SCALAR},
        {"do",       YAML_SCALAR},
        {"with",     YAML_MAP   },
        {"only",     YAML_MAP   },
        {"needs",    YAML_LIST  },
        {"text",     YAML_SCALAR},
        {"language", YAML_SCALAR},
        {"refused",  YAML_SCALAR},
        {"about",    YAML_SCALAR},
        {"expect",   YAML_MAP   },
        {NULL,       YAML_SCALAR},
    };
    if (!map_check(script, move, shapes)) {
        return;
    }
    act_check(script, move);
    const struct yaml_pair *expected = yaml_find(move, "expect");
    if (expected) {
        script_expect_check(script, &expected->value);
    }
}

static void journey_check(struct script *script, const struct yaml_node *journey)
{
    static const struct shape shapes[] = {
        {"name",     YAML_SCALAR},
        {"channel",  YAML_SCALAR},
        {"received", YAML_SCALAR},
        {"text",     YAML_SCALAR},
        {"hint",     YAML_SCALAR},
        {"customer", YAML_SCALAR},
        {"expect",   YAML_MAP   },
        {"then",     YAML_LIST  },
        {NULL,       YAML_SCALAR},
    };
    if (!map_check(script, journey, shapes)) {
        return;
    }
    const struct yaml_pair *channel = yaml_find(journey, "channel");
    const struct yaml_pair *expected = yaml_find(journey, "expect");
    const struct yaml_pair *then = yaml_find(journey, "then");
    if (channel &&
        policy_channel_index(script->policy, slice_text(channel->value.text)) == POLICY_NONE) {
        script_wrong(script,
                     &channel->value,
                     TEXT_SCRIPT_CHANNEL,
                     CTL_ARGS(script->policy_name, channel->value.text));
    }
    if (expected) {
        script_expect_check(script, &expected->value);
    }
    for (uint32_t i = 0; then && i < then->value.count; i++) {
        move_check(script, &then->value.items[i]);
    }
}

/* ---- opening ---- */

/* A version that was loaded just now is waited for: until then cases would have the one before. */
static int policy_find(struct script *script, const struct yaml_node *name)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    const char *const parameters[] = {name->text, CTL_NUMBER_TEXT(POLICY_SETTLE_US)};
    int code = ctl_query(script->ctl,
                         "SELECT id, greatest(0, least($2::bigint, $2::bigint + extract(epoch "
                         "FROM loaded_at - clock_timestamp()) * 1000000))::bigint FROM policy "
                         "WHERE name = $1 ORDER BY version DESC LIMIT 1",
                         parameters,
                         2,
                         &rows);
    if (code == CTL_OK && PQntuples(rows) == 1) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, 0, 0), NULL, 10);
        (void)usleep((useconds_t)strtoul(PQgetvalue(rows, 0, 1), NULL, 10));
        script->policy = view_policy(script->policies, id);
    }
    if (code == CTL_OK && !script->policy) {
        script_wrong(script, name, TEXT_SCRIPT_POLICY, CTL_ARGS(name->text));
        code = CTL_NOT_FOUND;
    }
    return code;
}

static int script_open(struct script *script, const char *path)
{
    static const struct shape shapes[] = {
        {"policy",   YAML_SCALAR},
        {"journeys", YAML_LIST  },
        {NULL,       YAML_SCALAR},
    };
    int code = ctl_file_read(script->ctl, path, YAML_SIZE_MAX, &script->file);
    script->arena = arena_new(TREE_SIZE);
    script->policies = view_policies_new(script->ctl);
    if (code == CTL_OK && (!script->arena || !script->policies)) {
        code = ctl_fail(script->ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    if (code != CTL_OK) {
        return code;
    }
    script->source = (struct yaml_source){.name = path,
                                          .bytes = slice_of(script->file.bytes, script->file.size),
                                          .out = script->ctl->err};
    const struct yaml_node *root = yaml_read(&script->source, script->arena);
    if (!root || !map_check(script, root, shapes)) {
        return CTL_FAILED;
    }
    const struct yaml_pair *policy = yaml_find(root, "policy");
    const struct yaml_pair *journeys = yaml_find(root, "journeys");
    if (!policy || !journeys || journeys->value.count == 0) {
        script_wrong(script, root, TEXT_SCRIPT_PARTS, NULL);
        return CTL_FAILED;
    }
    script->journeys = &journeys->value;
    script->policy_name = policy->value.text;
    code = policy_find(script, &policy->value);
    for (uint32_t i = 0; code == CTL_OK && i < journeys->value.count; i++) {
        journey_check(script, &journeys->value.items[i]);
    }
    return code == CTL_OK && script->source.errors > 0 ? CTL_FAILED : code;
}

static void script_close(struct script *script)
{
    ctl_desk_free(&script->desk);
    view_policies_free(&script->policies);
    arena_free(&script->arena);
    ctl_file_done(&script->file);
}

/* ---- all of it ---- */

static void report(const struct script *script, double seconds)
{
    int64_t otherwise = script->cases - script->as_told - script->left;
    if (script->ctl->json) {
        json_t *value = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}",
                                  "policy",
                                  script->policy_name,
                                  "cases",
                                  (json_int_t)script->cases,
                                  "as_told",
                                  (json_int_t)script->as_told,
                                  "otherwise",
                                  (json_int_t)otherwise,
                                  "left",
                                  (json_int_t)script->left,
                                  "moves",
                                  (json_int_t)script->moves,
                                  "refused_as_told",
                                  (json_int_t)script->refused,
                                  "expectations",
                                  (json_int_t)script->held,
                                  "passed_over",
                                  (json_int_t)script->passed_over,
                                  "seconds",
                                  seconds);
        ctl_print_json(script->ctl, &value);
        return;
    }
    ctl_print(script->ctl,
              TEXT_SCRIPT_DONE,
              CTL_ARGS(CTL_NUMBER_TEXT(script->cases),
                       CTL_NUMBER_TEXT(script->as_told),
                       CTL_NUMBER_TEXT(otherwise),
                       CTL_NUMBER_TEXT(script->left),
                       CTL_NUMBER_TEXT(script->moves),
                       CTL_NUMBER_TEXT(script->refused),
                       CTL_NUMBER_TEXT(script->held),
                       CTL_NUMBER_TEXT(script->passed_over)));
    ctl_last_tell(script->ctl, &script->last);
}

int ctl_script_play(struct ctl *ctl, const char *path)
{
    SCOPED(script_close)
    struct script script = {.ctl = ctl,
                            .timeout_ms = ctl_option_number(ctl, "timeout"),
                            .run = (uint64_t)clock_now_us()};
    int code = script_open(&script, path);
    code = code == CTL_OK ? ctl_desk_open(ctl, script.timeout_ms, &script.desk) : code;
    if (code != CTL_OK) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
        return code;
    }
    bool told = ctl_option_many(ctl, "cases")->count > 0;
    int64_t wanted = told ? ctl_option_number(ctl, "cases") : script.journeys->count;
    int64_t begun_us = clock_monotonic_us();
    while (code == CTL_OK && script.cases < wanted) {
        uint32_t which = (uint32_t)(script.cases % script.journeys->count);
        script.wrong = script.skipped = false;
        code = script_live(
            &script, &script.journeys->items[which], script.cases / script.journeys->count);
        script.cases++;
        script.as_told += code == CTL_OK && !script.wrong;
        script.left += code == CTL_OK && script.wrong && script.skipped;
    }
    report(&script, (double)(clock_monotonic_us() - begun_us) / 1e6);
    return code == CTL_OK && script.as_told + script.left < script.cases ? CTL_FAILED : code;
}
