/* What cases ask of people: skills that relax, and for whom a step keeps them. */
#include "policy_read.h"

/* Waiting is a matter of the clock on the wall: queues have no calendar. */
static int64_t read_wait(struct policy_loading *loading, const struct yaml_node *node)
{
    struct duration duration = {0};
    if (!read_duration(loading, node, &duration)) {
        return 0;
    }
    if (duration.unit != DURATION_ELAPSED || duration.side != 0) {
        complain(loading, node, "20 minutes, 4h, 2 days", "expected a length of elapsed time");
        return 0;
    }
    return duration.value;
}

POLICY_READER(read_step_affinity)
{
    ((struct policy_step *)into)->affinity_s = read_wait(loading, &pair->value);
}

POLICY_READER(read_step_key_accounts)
{
    ((struct policy_step *)into)->key_account_s = read_wait(loading, &pair->value);
}

POLICY_READER(read_relax_after)
{
    ((struct policy_relax *)into)->after_s = read_wait(loading, &pair->value);
}

POLICY_READER(read_skill_languages)
{
    static const char words[][POLICY_NAME_MAX] = {"zh-CN", "zh-TW", "en", "other"};
    struct policy_skill *skill = into;
    for (uint32_t i = 0; i < list_count(&pair->value); i++) {
        uint16_t word = read_name(
            loading,
            list_item(&pair->value, i),
            (struct policy_names){
                "language", words, sizeof words[0], (uint16_t)(sizeof words / sizeof *words)});
        skill->languages |= word == POLICY_NONE ? 0 : 1U << (word + LANGUAGE_ZH_HANS);
    }
}

POLICY_READER(read_skill_steps)
{
    struct policy_skill *skill = into;
    for (uint32_t i = 0; i < list_count(&pair->value); i++) {
        uint16_t step =
            read_name(loading, list_item(&pair->value, i), names_of(loading, THING_STEP));
        skill->steps |= step == POLICY_NONE ? 0 : (uint64_t)1 << step;
    }
}

void skill_end(struct policy_loading *loading,
               const struct yaml_node *place,
               const struct yaml_node *map,
               void *into)
{
    (void)place;
    const struct policy_skill *skill = into;
    const struct yaml_pair *relax = yaml_find(map, "relax");
    int64_t after_s = 0;
    unsigned level = skill->level;
    for (uint16_t i = 0; relax && i < skill->relax_count; i++) {
        const struct policy_relax *step = &skill->relax[i];
        const struct yaml_node *row = &relax->value.items[i];
        if (step->after_s != 0 && step->after_s <= after_s) {
            complain(loading, row, NULL, "it comes no later than the one before");
        } else if (step->level >= level) {
            complain(loading, row, NULL, "level %u is not less than %u", step->level, level);
        }
        after_s = step->after_s;
        level = step->level;
    }
}
