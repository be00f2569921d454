#include "describe.h"

#include <inttypes.h>

static void agent_tell(const struct org *org, const struct org_agent *agent, FILE *out)
{
    (void)fprintf(out, "agent %s", agent->name);
    if (agent->department != ORG_NONE) {
        (void)fprintf(out, " of %s", org->departments[agent->department].id);
    }
    for (uint16_t i = 0; i < agent->role_count; i++) {
        (void)fprintf(out, "%s%s", i == 0 ? ", role " : "/", agent->roles[i]);
    }
    if (agent->shift != ORG_NONE) {
        (void)fprintf(out, ", shift %s", org->shifts[agent->shift].id);
    }
    if (agent->capacity >= 0) {
        (void)fprintf(out, ", capacity %d", agent->capacity);
    }
    for (uint16_t i = 0; i < agent->skill_count; i++) {
        (void)fprintf(out, ", %s %u", org->skills[agent->skills[i].skill], agent->skills[i].level);
    }
    if (agent->deputy != ORG_NONE) {
        (void)fprintf(out, ", deputy %s", org->agents[agent->deputy].name);
    }
    for (uint16_t i = 0; i < agent->leave_count; i++) {
        const struct org_leave *leave = &agent->leaves[i];
        (void)fprintf(out,
                      ", away %d-%d (%lld to %lld)",
                      leave->from_date,
                      leave->until_date,
                      (long long)leave->from_s,
                      (long long)leave->until_s);
    }
    (void)fputc('\n', out);
}

void org_describe(const struct org *org, FILE *out)
{
    (void)fprintf(out, "org %s '%s'\n", org->id, org->title.text[LOCALE_ZH_CN]);
    for (uint16_t i = 0; i < org->shift_count; i++) {
        const struct org_shift *shift = &org->shifts[i];
        (void)fprintf(out, "shift %s in %s\n", shift->id, shift->hours.zone);
    }
    for (uint16_t i = 0; i < org->department_count; i++) {
        const struct org_department *department = &org->departments[i];
        (void)fprintf(out, "department %s '%s'", department->id, department->title.text[LOCALE_EN]);
        if (department->parent != ORG_NONE) {
            (void)fprintf(out, " of %s", org->departments[department->parent].id);
        }
        if (department->head != ORG_NONE) {
            (void)fprintf(out, ", headed by %s", org->agents[department->head].name);
        }
        (void)fputc('\n', out);
    }
    for (uint16_t i = 0; i < org->agent_count; i++) {
        agent_tell(org, &org->agents[i], out);
    }
    for (uint16_t i = 0; i < org->account_count; i++) {
        const struct org_account *account = &org->accounts[i];
        (void)fprintf(out, "key account %s of %s", account->id, org->agents[account->manager].name);
        if (account->deputy != ORG_NONE) {
            (void)fprintf(out, " or %s", org->agents[account->deputy].name);
        }
        for (uint16_t j = 0; j < org->customer_count; j++) {
            if (org->customers[j].account == i) {
                (void)fprintf(out, ", %016" PRIx64, org->customers[j].customer);
            }
        }
        (void)fputc('\n', out);
    }
}
