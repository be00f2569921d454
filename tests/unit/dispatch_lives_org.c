/* The organisation of random lives: drawn as plain facts, laid out for the cores from them, and
 * judged by the facts alone. */
#include "dispatch_lives.h"
#include "org.h"
#include "roll.h"

enum { ROLES = 5, LEAVES = 2, HOURS = 60 };

static const char role_names[ROLES][POLICY_NAME_MAX] = {
    "agent", "supervisor", "manager", "deputy", "department"};

/* What was drawn of a person. */
struct drawn {
    unsigned roles; /* bit set over role_names */
    int deputy;
    int64_t from_us[LEAVES], until_us[LEAVES];
};

static struct {
    bool applied;
    struct drawn people[LIVES_PEOPLE];
    char roles[LIVES_PEOPLE][ROLES][POLICY_NAME_MAX];
    struct org_leave leaves[LIVES_PEOPLE][LEAVES];
    struct org_agent agents[LIVES_PEOPLE];
    uint16_t by_name[LIVES_PEOPLE];
    char held[ROLES][POLICY_NAME_MAX]; /* by anybody */
    struct org org;
} drawn;

static const int64_t second_us = 1000000;
static const int64_t hour_us = INT64_C(3600) * 1000000;

static void draw_person(int64_t now_us, int index)
{
    struct drawn *person = &drawn.people[index];
    int64_t at_us = now_us;
    person->roles = 1U << roll_next(&lives.random, ROLES) | 1U << roll_next(&lives.random, 2) |
                    1U << roll_next(&lives.random, ROLES);
    person->deputy = (int)roll_next(&lives.random, LIVES_PEOPLE + 1) - 1;
    for (unsigned i = 0; i < LEAVES; i++) {
        at_us += roll_next(&lives.random, HOURS) * hour_us;
        person->from_us[i] = at_us;
        at_us += (1 + roll_next(&lives.random, HOURS / 2)) * hour_us;
        person->until_us[i] = at_us;
        at_us += second_us;
    }
}

static void lay_out_person(int index)
{
    const struct drawn *person = &drawn.people[index];
    struct org_agent *agent = &drawn.agents[index];
    bool stands_for_himself = person->deputy == index;
    *agent = (struct org_agent){.department = ORG_NONE,
                                .shift = ORG_NONE,
                                .deputy = ORG_NONE,
                                .capacity = -1,
                                .leave_count = LEAVES,
                                .roles = (const char(*)[POLICY_NAME_MAX])drawn.roles[index],
                                .leaves = drawn.leaves[index]};
    (void)snprintf(agent->name, sizeof agent->name, "%s", lives_people[index]);
    if (person->deputy != LIVES_NOBODY && !stands_for_himself) {
        agent->deputy = (uint16_t)person->deputy;
    }
    for (unsigned i = 0; i < ROLES; i++) {
        if ((person->roles >> i & 1U) != 0) {
            memcpy(drawn.roles[index][agent->role_count++], role_names[i], POLICY_NAME_MAX);
        }
    }
    for (unsigned i = 0; i < LEAVES; i++) {
        drawn.leaves[index][i] = (struct org_leave){.from_s = person->from_us[i] / second_us,
                                                    .until_s = person->until_us[i] / second_us};
    }
    drawn.by_name[index] = (uint16_t)index;
}

static bool is_held(unsigned role)
{
    bool held = false;
    for (int i = 0; i < LIVES_PEOPLE; i++) {
        held = held || (drawn.people[i].roles >> role & 1U) != 0;
    }
    return held;
}

void lives_org_draw(int64_t now_us)
{
    memset(&drawn, 0, sizeof drawn);
    drawn.applied = true;
    for (int i = 0; i < LIVES_PEOPLE; i++) {
        draw_person(now_us, i);
        lay_out_person(i);
    }
    uint16_t held_count = 0;
    for (unsigned i = 0; i < ROLES; i++) {
        if (is_held(i)) {
            memcpy(drawn.held[held_count++], role_names[i], POLICY_NAME_MAX);
        }
    }
    drawn.org = (struct org){.version = 7,
                             .version_text = "7",
                             .agent_count = LIVES_PEOPLE,
                             .agents = drawn.agents,
                             .by_name = drawn.by_name,
                             .role_count = held_count,
                             .roles = (const char(*)[POLICY_NAME_MAX])drawn.held};
}

const struct org *lives_org(void)
{
    return drawn.applied ? &drawn.org : NULL;
}

void lives_org_none(void)
{
    drawn.applied = false;
}

/* ---- judged by what was drawn ---- */

bool lives_away(int person, int64_t at_us)
{
    for (unsigned i = 0; i < LEAVES && drawn.applied && person >= 0; i++) {
        const struct drawn *his = &drawn.people[person];
        if (his->from_us[i] <= at_us && at_us < his->until_us[i]) {
            return true;
        }
    }
    return false;
}

int lives_deputy(int person)
{
    return drawn.applied && person >= 0 && drawn.people[person].deputy != person
               ? drawn.people[person].deputy
               : LIVES_NOBODY;
}

bool lives_stands_in(int deputy, int absent, int64_t at_us)
{
    return deputy >= 0 && lives_deputy(absent) == deputy && lives_away(absent, at_us);
}

static bool has_role(int person, struct slice role)
{
    for (unsigned i = 0; i < ROLES; i++) {
        if (slice_equal(role, slice_text(role_names[i]))) {
            return (drawn.people[person].roles >> i & 1U) != 0;
        }
    }
    return true; /* the customer is outside */
}

/* His own role, or that of somebody who is away and has him as his deputy. */
static bool may_speak(int person, struct slice role, int64_t at_us)
{
    bool may = has_role(person, role);
    for (int i = 0; i < LIVES_PEOPLE && !may; i++) {
        may = lives_stands_in(person, i, at_us) && has_role(i, role);
    }
    return may;
}

void lives_obeys_org(const struct dispatch_case *before, const struct event *event, int64_t now_us)
{
    const struct event_advanced *told = &event->advanced;
    const char *for_whom = lives_field(event, "@deputy-of");
    int who = lives_person(told->actor);
    int holder = lives_person(slice_text(before->agent));
    if (!drawn.applied || who < 0) {
        LIVES_HOLDS(!for_whom);
        return;
    }
    int absent = for_whom ? lives_person(slice_text(for_whom)) : LIVES_NOBODY;
    bool own = event->kind == EVENT_RELEASED ? who == holder : has_role(who, told->role);
    LIVES_HOLDS(own || event->kind == EVENT_RELEASED || may_speak(who, told->role, now_us));
    LIVES_HOLDS(!for_whom || lives_stands_in(who, absent, now_us));
    LIVES_HOLDS(own || for_whom);
    bool in_his_place = holder >= 0 && holder != who &&
                        policy_role_index(&lifecycle->policy, told->role) == before->agent_role;
    LIVES_HOLDS(!in_his_place || for_whom);
    LIVES_HOLDS(!for_whom || absent == holder || has_role(absent, told->role));
    LIVES_HOLDS(event->kind != EVENT_ASSIGNED || !lives_away(who, now_us));
    bool given = event->kind == EVENT_OFFERED || event->kind == EVENT_TRANSFERRED;
    LIVES_HOLDS(!given || !lives_away(lives_person(told->agent), now_us));
    lives.stood_in += for_whom != NULL;
}

void lives_org_refused(enum dispatch_answer answer,
                       const struct dispatch_input *input,
                       int actor,
                       int taker)
{
    if (answer == DISPATCH_ROLE_NOT_HIS) {
        LIVES_HOLDS(drawn.applied && !may_speak(actor, input->role, input->now_us));
        lives.not_deputising++;
    } else if (answer == DISPATCH_ROLE_UNHELD) {
        for (unsigned i = 0; i < ROLES; i++) {
            LIVES_HOLDS(!is_held(i) || !slice_equal(input->role, slice_text(role_names[i])));
        }
        LIVES_HOLDS(drawn.applied && !slice_equal(input->role, slice_text("customer")));
        lives.unheld++;
    } else if (answer == DISPATCH_ON_LEAVE) {
        LIVES_HOLDS(lives_away(taker, input->now_us));
        lives.away++;
    }
    LIVES_HOLDS(answer != DISPATCH_PERSON_UNKNOWN && answer != DISPATCH_OFF_SHIFT);
}
