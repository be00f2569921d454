/*
 * Goal: in lives with everything the lifecycle knows (marks, requirements, limits, tasks, children
 * of a major case, joint complaints, evidence, offers, signatures by several, recusal, deputies,
 * merges and their undoing, legal holds, rounds), whatever people try: one owner at most, nobody
 * over his capacity, nothing closes with an open obligation or child, no more representatives than
 * may be, no evidence but by content, a deputy acts only while he deputises, a merge that is
 * undone gives the case back as it was, and no case is erased on hold, while it is open or may be
 * opened again, nor while a ground lasts; once erased nothing happens to it any more (law 10), and
 * what is refused again is not told again (law 9).
 *
 * Method: random commands by a seeded generator over several cases at once, of the policy
 * policy/lifecycle.yaml, every other seed in an organisation drawn for it, against counts that are
 * kept from the events alone (dispatch_lives_tale.c, dispatch_lives_org.c).  Every stream is
 * folded again from nothing.  Guards laws 2, 6, 8 and 11.  A failure prints its seed.
 */
#include "dispatch_lives.h"

#include "roll.h"

enum { SEEDS = 1000, COMMANDS = 500, FIELDS_MAX = 8 };

const char *const lives_people[LIVES_PEOPLE] = {"an", "bo", "cy", "di", "ed"};

struct lives lives;

static unsigned below(unsigned limit)
{
    return roll_next(&lives.random, limit);
}

#define PICK(list) (list)[below(sizeof(list) / sizeof *(list))]

/* ---- what people try ---- */

static const char *hash_value(void)
{
    static const char *const hashes[] = {
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210",
        "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "leak.jpg"};
    return PICK(hashes);
}

static const char *value_of(const char *field)
{
    static const char *const amounts[] = {"5", "90", "100", "101", "499", "500", "1000", "2000"};
    static const char *const words[] = {"yes", "yes", "yes", "no"};
    static const char *const causes[] = {"design", "work", "none"};
    static const char *const counts[] = {"1", "2", "4", "5", "6", "0", "-1", "50", "two"};
    static const char *const numbers[] = {"1", "2", "3", "4", "8", "9"};
    const struct {
        const char *field, *value;
    } values[] = {
        {"amount",          PICK(amounts)                   },
        {"founded",         PICK(words)                     },
        {"cause",           PICK(causes)                    },
        {"representatives", PICK(counts)                    },
        {"task",            PICK(numbers)                   },
        {"proof",           hash_value()                    },
        {"by-channel",      below(4) > 0 ? "phone" : "email"},
        {"agent",           PICK(lives_people)              },
        {"concerns",        PICK(lives_people)              }
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (strcmp(field, values[i].field) == 0) {
            return values[i].value;
        }
    }
    return "told";
}

static void put(struct event_field fields[FIELDS_MAX], uint32_t *count, const char *name)
{
    fields[(*count)++] =
        (struct event_field){.name = slice_text(name), .value = slice_text(value_of(name))};
}

static uint32_t fill(const struct policy_action *action, struct event_field fields[FIELDS_MAX])
{
    uint32_t count = 0;
    for (uint16_t i = 0; i < action->need_count && count < FIELDS_MAX - 2; i++) {
        const struct policy_need *need = &action->needs[i];
        if (below(need->optional ? 2 : 20) > 0) {
            put(fields, &count, need->field);
        }
    }
    if (action->gives) {
        put(fields, &count, "agent");
    }
    if (action->settles != 0 && below(2)) {
        put(fields, &count, "task");
    }
    return count;
}

/* What is the step's own comes first in it, and is done more often than what is done everywhere. */
static const struct policy_action *some_action(const struct policy_step *step)
{
    unsigned count = step->action_count;
    return count > 0 ? &step->actions[below(below(3) == 0 && count > 4 ? 4 : count)] : NULL;
}

static const char *some_role(const struct policy_action *action)
{
    const struct policy *policy = &lifecycle->policy;
    uint16_t role = (uint16_t)below(policy->role_count);
    for (unsigned i = 0; i < 20 && action && !policy_role_in(policy, action->roles, role); i++) {
        role = (uint16_t)below(policy->role_count);
    }
    return policy->roles[role];
}

/* The holder, whoever stands in for him, or anybody. */
static const char *some_actor(const struct play *play)
{
    int holder = lives_person(slice_text(play->state.agent));
    int deputy = lives_deputy(holder);
    unsigned pick = below(6);
    if (deputy != LIVES_NOBODY && pick == 0) {
        return lives_people[deputy];
    }
    return holder >= 0 && pick < 4 ? lives_people[holder] : PICK(lives_people);
}

/* To whom the case would go, so that his capacity is known. */
static int taker_of(const struct play *play,
                    const struct dispatch_input *input,
                    const struct policy_action *action)
{
    if (!action) {
        return lives_person(input->actor);
    }
    for (uint32_t i = 0; action->gives && i < input->field_count; i++) {
        if (slice_equal(input->fields[i].name, slice_text("agent"))) {
            return lives_person(input->fields[i].value);
        }
    }
    return action->fact == EVENT_UNMERGED ? lives_person(slice_text(play->state.more.back_agent))
                                          : lives_person(input->actor);
}

static bool ends_it(const struct policy_action *action)
{
    return action->fact == EVENT_MERGED || action->fact == EVENT_WITHDRAWN;
}

/* It changes nothing, and there was a reason. */
static void was_refused(const struct play *play,
                        const struct dispatch_case *before,
                        const struct dispatch_input *input,
                        const struct policy_action *action,
                        enum dispatch_answer answer)
{
    LIVES_HOLDS(memcmp(before, &play->state, sizeof *before) == 0);
    lives_org_refused(answer, input, lives_person(input->actor), taker_of(play, input, action));
    lives.blocked += action && action->fact == EVENT_CLOSED;
    lives.blocked_by_child += answer == DISPATCH_OBLIGATION && action &&
                              action->to_step != POLICY_NONE &&
                              slice_equal(play->refused, slice_text("child"));
    lives.full += answer == DISPATCH_NO_CAPACITY;
}

static void tries(unsigned index)
{
    static struct event_field fields[FIELDS_MAX];
    struct play *play = &lives.plays[index];
    const struct policy_step *step = &lifecycle->policy.steps[play->state.step];
    unsigned pick = below(8);
    const struct policy_action *action = pick > 2 ? some_action(step) : NULL;
    if (action && ends_it(action) && below(4) && lives.tales[index].offered_to < 0) {
        return; /* ends come too soon otherwise */
    }
    const char *word = action ? action->id : pick < 2 ? "claim" : "release";
    const char *role = action ? some_role(action) : below(3) ? "agent" : "supervisor";
    bool erases = below(step->closed ? 4 : 40) == 0;
    if (erases) {
        action = NULL;
        word = "erase";
        role = below(6) ? "manager" : "agent";
        fields[0] = (struct event_field){slice_text("reason"), slice_text("asked"), {0}};
    }
    struct dispatch_input input = play_command(play, some_actor(play), role, word);
    input.fields = fields;
    input.field_count = action ? fill(action, fields) : erases && below(9);
    input.other_case = case_id_make(5, 43 + below(3));
    input.org = lives_org();
    int taker = taker_of(play, &input, action);
    input.agent_has_capacity = taker < 0 || lives_load(taker) < LIVES_CAPACITY;
    const struct dispatch_case before = play->state;
    const uint32_t count = play->count;
    enum dispatch_answer answer = play_input(play, &input);
    if (play->count > count) {
        lives.seen[play->last.kind]++;
        lives_obeys(index, &before, &play->last);
    } else {
        was_refused(play, &before, &input, action, answer);
        if (erases) {
            lives_not_erased(index, &input, answer);
        }
    }
    lives_one_owner_at_most(&play->state);
}

/* Nobody has accepted in time: an open offer is taken back, also one that a merge hides. */
static void time_passes(unsigned index)
{
    struct play *play = &lives.plays[index];
    struct tale *tale = &lives.tales[index];
    struct event late = play_clock(play, EVENT_CLOCK_BREACHED, "offer", 1, 5);
    bool open =
        !tale->erased && (tale->offered_to >= 0 || (tale->merged && tale->offered_at_merge >= 0));
    LIVES_HOLDS((play_event(play, DISPATCH_CLOCK, &late) == DISPATCH_APPEND) == open);
    LIVES_HOLDS(!open || play->last.kind == EVENT_RELEASED);
    LIVES_HOLDS(!open || play->state.agent[0] == '\0');
    lives.taken_back_merged += open && tale->merged;
    tale->touched = tale->touched || open;
    tale->refused = open ? 0 : tale->refused;
    tale->offered_to = tale->offered_at_merge = LIVES_NOBODY;
    lives_one_owner_at_most(&play->state);
}

static void live(uint64_t seed)
{
    lives.seed = seed;
    lives.random = seed * UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < LIVES_CASES; i++) {
        lives_tale_begin(&lives.tales[i]);
        play_open(&lives.plays[i], below(2) ? "late" : "construction", "minor", 4);
    }
    if (seed % 2 == 0) {
        lives_org_draw(lives.plays[0].now_us);
    } else {
        lives_org_none();
    }
    for (unsigned i = 0; i < COMMANDS; i++) {
        unsigned index = below(LIVES_CASES);
        lives.plays[index].now_us += (int64_t)below(3600) * 1000000;
        if (lives.tales[index].closed_at_us != 0 && below(16) == 0) {
            lives.plays[index].now_us += (int64_t)below(40 * 86400) * 1000000;
        }
        if (lives.plays[index].count < PLAY_EVENTS_MAX - 2) {
            if (below(40) == 0) {
                time_passes(index);
            } else {
                tries(index);
            }
        }
    }
    for (unsigned i = 0; i < LIVES_CASES; i++) {
        story_end(&lives.plays[i]);
    }
}

static void whatever_people_try_the_lifecycle_keeps_its_rules(void **state)
{
    (void)state;
    static const enum event_kind facts[] = {
        EVENT_ASSIGNED,     EVENT_RELEASED,       EVENT_CONTACTED,   EVENT_EXTENDED,
        EVENT_INVESTIGATED, EVENT_PROPOSED,       EVENT_APPROVED,    EVENT_REJECTED,
        EVENT_REPLIED,      EVENT_FOLLOWED_UP,    EVENT_CLOSED,      EVENT_REOPENED,
        EVENT_OFFERED,      EVENT_ACCEPTED,       EVENT_TRANSFERRED, EVENT_TASK_OPENED,
        EVENT_TASK_DONE,    EVENT_MERGED,         EVENT_UNMERGED,    EVENT_LINKED,
        EVENT_HELD,         EVENT_HOLD_LIFTED,    EVENT_NOTED,       EVENT_WITHDRAWN,
        EVENT_ERASED,       EVENT_ERASURE_REFUSED};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        live(seed);
    }
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (lives.seen[facts[i]] < 10) {
            fail_msg("%s came only %u times", event_kind_name(facts[i]), lives.seen[facts[i]]);
        }
    }
    assert_true(lives.restored > 50 && lives.restored_to_holder > 10);
    assert_true(lives.offered_again > 5 && lives.taken_back_merged > 5);
    assert_true(lives.blocked > 50 && lives.full > 50);
    assert_true(lives.blocked_by_child > 10 && lives.joined > 50 && lives.proved > 50);
    assert_true(lives.erased_again > 50 && lives.refused_again > 50);
    assert_true(lives.stood_in > 50 && lives.not_deputising > 50 && lives.away > 50);
    assert_true(lives.unheld > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_people_try_the_lifecycle_keeps_its_rules),
    };
    return cmocka_run_group_tests(tests, lifecycle_load, lifecycle_free);
}
