/* What the files of the model of lives share: the model itself; see oracle_life.h. */
#ifndef REDRESS_SIMULATE_ORACLE_LIFE_PRIVATE_H
#define REDRESS_SIMULATE_ORACLE_LIFE_PRIVATE_H

#include "oracle_life.h"

enum { PEOPLE_MAX = 24 };

/* How often something was done, and by whom. */
struct count {
    unsigned times, people;
    char who[PEOPLE_MAX][POLICY_NAME_MAX];
};

struct life {
    uint32_t version;
    uint16_t step; /* index */
    char queue[POLICY_NAME_MAX];
    char agent[POLICY_NAME_MAX], agent_role[POLICY_NAME_MAX];
    char brought[POLICY_NAME_MAX]; /* who brought it into this step */
    char category[POLICY_NAME_MAX], class_id[POLICY_NAME_MAX];
    uint32_t priority;
    int64_t at_us, received_at_us, opened_at_us, closed_at_us, since_us;
    int64_t implemented_at_us;
    struct count marks[POLICY_MARKS_MAX];
    struct count concerned, handled;
    bool told[POLICY_FIELDS_MAX];
    int64_t values[POLICY_FIELDS_MAX];
    bool owed[POLICY_TASKS_MAX][POLICY_AT_ONCE_MAX]; /* by kind and number */
    bool offered, held_by_law, was_held_by_law;
    uint64_t customer;
    int64_t erased_at_us;
    enum case_outcome outcome;
    uint64_t merged_into;
    struct stood {
        uint16_t step;
        char queue[POLICY_NAME_MAX];
        char agent[POLICY_NAME_MAX], agent_role[POLICY_NAME_MAX];
        int64_t since_us;
        bool offered;
    } stood; /* before it was merged */
};

/* One action by somebody, of the case as it was or as it would be. */
struct doing {
    const struct policy *policy;
    const struct life *life;
    const struct event_advanced *advanced;
    int64_t at_us;
    const struct policy_action *action;
    char actor[POLICY_NAME_MAX];
    uint16_t role;
    enum case_outcome outcome;
};

/* How many of a kind are open.  The index of the one an action settles, or of the place of the one
 * it then opens; -1: there is none. */
unsigned life_open(const struct life *life, uint16_t task);
int life_settled(const struct doing *doing, uint16_t task);
int life_opened(const struct doing *doing, const struct life *after, uint16_t task);

void life_name(char name[POLICY_NAME_MAX], struct slice text);
bool life_named(const struct count *count, const char *name);
void life_name_add(struct count *count, const char *name);

/* oracle_life_rules.c: what the policy asks, and what an action leaves behind. */
bool life_all_hold(const struct doing *doing,
                   const struct policy_requirement *list,
                   uint16_t count);
bool life_applies(const struct doing *doing, const struct policy_when *when);
bool life_within_limits(const struct doing *doing);
void life_begin_round(const struct policy *policy, struct life *after);
void life_count_action(const struct doing *doing, struct life *after);

/* oracle_life_erase.c: may it be erased, is it refused for a reason that is true, and told once;
 * NULL: it is well.  Any event but the opening. */
void life_erasing_begin(void);
const char *life_erasing_wrong(const struct doing *doing, const struct event *event);

/* oracle_life_rows.c: what the row says otherwise than the model; NULL: nothing. */
const char *life_row_differs(const struct policy *policy,
                             const struct life *life,
                             const struct dispatch_case *state);

#endif
