#include "oracle_life.h"

enum { PEOPLE_MAX = 24 };

/* How often something was done, and by whom. */
struct count {
    unsigned times, people;
    char who[PEOPLE_MAX][POLICY_NAME_MAX];
};

static struct life {
    uint32_t version;
    uint16_t step; /* index */
    char queue[POLICY_NAME_MAX], home[POLICY_NAME_MAX];
    char agent[POLICY_NAME_MAX], agent_role[POLICY_NAME_MAX];
    char brought[POLICY_NAME_MAX]; /* who brought it into this step */
    char category[POLICY_NAME_MAX], class_id[POLICY_NAME_MAX];
    uint32_t priority;
    int64_t at_us, closed_at_us, since_us;
    struct count marks[POLICY_MARKS_MAX];
    struct count concerned, handled;
    bool told[POLICY_FIELDS_MAX];
    int64_t values[POLICY_FIELDS_MAX];
    unsigned open[POLICY_TASKS_MAX];
    bool offered, held_by_law;
    enum case_outcome outcome;
    uint64_t merged_into;
    struct stood {
        uint16_t step;
        char queue[POLICY_NAME_MAX], home[POLICY_NAME_MAX];
        char agent[POLICY_NAME_MAX], agent_role[POLICY_NAME_MAX];
        int64_t since_us;
    } stood; /* before it was merged */
} lives[PARTITIONS][CASES_MAX];

void life_begin(void)
{
    memset(lives, 0, sizeof lives);
}

static struct life *life_of(uint64_t case_id)
{
    return &lives[case_partition(case_id)][case_serial(case_id)];
}

#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition) && !sim.failed) {                                                         \
            sim_fail("life: not so: %s: %s", #condition, fact_text(fact));                         \
        }                                                                                          \
    } while (0)

static void name_take(char name[POLICY_NAME_MAX], struct slice text)
{
    (void)snprintf(name,
                   POLICY_NAME_MAX,
                   "%.*s",
                   (int)text.size,
                   text.size > 0 ? (const char *)text.bytes : "");
}

static bool is_named(const struct count *count, const char *name)
{
    for (unsigned i = 0; i < count->people; i++) {
        if (strcmp(count->who[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void name_add(struct count *count, const char *name)
{
    if (!is_named(count, name) && count->people < PEOPLE_MAX) {
        (void)snprintf(count->who[count->people++], POLICY_NAME_MAX, "%s", name);
    }
}

/* ---- what the policy asks ---- */

/* One action by somebody, of the case as it was or as it would be. */
struct doing {
    const struct policy *policy;
    const struct life *life;
    const struct event_advanced *advanced;
    const struct policy_action *action;
    char actor[POLICY_NAME_MAX];
    uint16_t role;
    enum case_outcome outcome;
};

static bool field_text(const struct event_advanced *advanced, const char *id, struct slice *text)
{
    for (uint32_t i = 0; i < advanced->field_count; i++) {
        if (slice_equal(advanced->fields[i].name, slice_text(id)) &&
            advanced->fields[i].value.size > 0) {
            *text = advanced->fields[i].value;
            return true;
        }
    }
    return false;
}

static bool value_known(const struct doing *doing, uint16_t field, int64_t *value)
{
    const struct policy_field *rules = &doing->policy->fields[field];
    struct slice text;
    if (field_text(doing->advanced, rules->id, &text)) {
        return policy_field_value(rules, text, value);
    }
    *value = doing->life->values[field];
    return doing->life->told[field];
}

static bool compares(const struct policy_compare *compare, int64_t value)
{
    return (!compare->has_min || value >= compare->min) &&
           (!compare->has_max || value <= compare->max) &&
           (compare->choices == 0 ||
            (value >= 0 && value < 64 && (compare->choices >> value & 1U) != 0));
}

static bool compared(const struct doing *doing, const struct policy_requirement *asked)
{
    int64_t value = 0;
    struct slice text = {0};
    if (asked->compare.field == POLICY_NONE) {
        return true;
    }
    const struct policy_field *field = &doing->policy->fields[asked->compare.field];
    if (!asked->same_channel) {
        return value_known(doing, asked->compare.field, &value) && compares(&asked->compare, value);
    }
    bool told = field_text(doing->advanced, field->id, &text);
    return doing->advanced->channel.size == 0 ||
           (told && slice_equal(text, doing->advanced->channel));
}

static bool holds(const struct doing *doing, const struct policy_requirement *asked)
{
    const struct life *life = doing->life;
    if (asked->not_by != POLICY_NONE && is_named(&life->marks[asked->not_by], doing->actor)) {
        return false;
    }
    if (asked->task != POLICY_NONE && life->open[asked->task] > 0) {
        return false;
    }
    if (asked->mark != POLICY_NONE) {
        const struct count *mark = &life->marks[asked->mark];
        if (mark->times < asked->times || mark->people < asked->persons ||
            (asked->at_most != POLICY_NONE && mark->times > asked->at_most)) {
            return false;
        }
    }
    return compared(doing, asked);
}

static bool is_category(const struct policy *policy, uint16_t category, uint16_t wanted)
{
    while (category != POLICY_NONE && category != wanted) {
        category = policy->categories[category].parent;
    }
    return category == wanted;
}

/* Labels are not known to dispatch, and repeats are none here. */
static bool applies(const struct doing *doing, const struct policy_when *when)
{
    const struct policy *policy = doing->policy;
    uint16_t category = policy_category_index(policy, slice_text(doing->life->category));
    uint16_t class_index = policy_class_index(policy, slice_text(doing->life->class_id));
    uint16_t channel = policy_channel_index(policy, doing->advanced->channel);
    bool fits = when->category_count == 0;
    for (uint16_t i = 0; i < when->category_count && !fits; i++) {
        fits = is_category(policy, category, when->categories[i]);
    }
    fits = fits && (when->channels == 0 ||
                    (channel != POLICY_NONE && (when->channels >> channel & 1U) != 0));
    fits = fits && (when->classes == 0 ||
                    (class_index != POLICY_NONE && (when->classes >> class_index & 1U) != 0));
    for (uint16_t i = 0; i < when->compare_count && fits; i++) {
        const struct policy_compare *compare = &when->compares[i];
        fits = doing->life->told[compare->field] &&
               compares(compare, doing->life->values[compare->field]);
    }
    return fits && when->repeats_min == 0 && when->pattern_count == 0;
}

static bool
all_hold(const struct doing *doing, const struct policy_requirement *list, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        bool asked = (list[i].roles == 0 || (list[i].roles >> doing->role & 1U) != 0) &&
                     (list[i].outcomes == 0 || (list[i].outcomes >> doing->outcome & 1U) != 0) &&
                     applies(doing, &list[i].when);
        if (asked && !holds(doing, &list[i])) {
            return false;
        }
    }
    return true;
}

static bool within_limits(const struct doing *doing)
{
    for (uint16_t i = 0; i < doing->action->limit_count; i++) {
        const struct policy_limit *limit = &doing->action->limits[i];
        int64_t value = 0;
        if (limit->role == doing->role &&
            (!value_known(doing, limit->field, &value) || value > limit->most)) {
            return false;
        }
    }
    return true;
}

/* ---- what an action leaves behind ---- */

/* Names stand between commas here. */
static void name_people(struct count *count, struct slice text)
{
    char name[POLICY_NAME_MAX];
    size_t size = 0;
    memset(count, 0, sizeof *count);
    for (size_t i = 0; i <= text.size; i++) {
        char sign = ',';
        if (i < text.size) {
            sign = (char)text.bytes[i];
        }
        if (sign != ',' && sign != ' ' && size + 1 < sizeof name) {
            name[size++] = sign;
        } else if (sign == ',' && size > 0) {
            name[size] = '\0';
            name_add(count, name);
            size = 0;
        }
    }
}

static void learn_fields(const struct doing *doing, struct life *after)
{
    const struct policy *policy = doing->policy;
    for (uint16_t i = 0; i < policy->field_count; i++) {
        const struct policy_field *field = &policy->fields[i];
        struct slice text;
        int64_t value = 0;
        if (!field_text(doing->advanced, field->id, &text)) {
            continue;
        }
        if (field->recuses) {
            name_people(&after->concerned, text);
        } else if (field->kept && policy_field_value(field, text, &value)) {
            after->told[i] = true;
            after->values[i] = value;
        }
    }
}

static void begin_round(const struct policy *policy, struct life *after)
{
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        if (policy->marks[i].per_round) {
            memset(&after->marks[i], 0, sizeof after->marks[i]);
        }
    }
}

static void count_action(const struct doing *doing, struct life *after)
{
    const struct policy_action *action = doing->action;
    learn_fields(doing, after);
    for (uint16_t i = 0; i < doing->policy->mark_count; i++) {
        if ((action->marks >> i & 1U) != 0) {
            after->marks[i].times++;
            name_add(&after->marks[i], doing->actor);
        }
    }
    for (uint16_t i = 0; i < doing->policy->task_count; i++) {
        after->open[i] -= (action->settles >> i & 1U) != 0 && after->open[i] > 0;
        after->open[i] += (action->opens >> i & 1U) != 0;
    }
    after->held_by_law =
        action->fact == EVENT_HELD || (after->held_by_law && action->fact != EVENT_HOLD_LIFTED);
}

/* ---- one event ---- */

static void check_person(const struct fact *fact, const struct doing *doing)
{
    const struct policy_action *action = doing->action;
    const struct life *before = doing->life;
    HOLDS(policy_role_in(doing->policy, action->roles, doing->role));
    HOLDS(action->even_if_concerned || !is_named(&before->concerned, doing->actor));
    bool holder = strcmp(before->agent, doing->actor) == 0;
    HOLDS(!(before->offered && holder) || action->fact == EVENT_ACCEPTED);
    HOLDS(!action->same_person_may_not || strcmp(before->brought, doing->actor) != 0);
    const char *role = doing->policy->roles[doing->role];
    HOLDS(before->agent[0] == '\0' || holder || strcmp(before->agent_role, role) != 0);
}

static void
check_tasks(const struct fact *fact, const struct doing *doing, const struct life *after)
{
    const struct policy *policy = doing->policy;
    for (uint16_t i = 0; i < policy->task_count; i++) {
        bool settles = (doing->action->settles >> i & 1U) != 0;
        bool blocks = !policy->tasks[i].blocks_nothing;
        HOLDS(!settles || doing->life->open[i] > 0);
        bool closed_with_an_open_obligation = blocks && after->open[i] > 0 &&
                                              after->outcome != OUTCOME_NONE &&
                                              doing->life->outcome == OUTCOME_NONE;
        HOLDS(!closed_with_an_open_obligation);
    }
}

static void check_unmerged(const struct fact *fact, const struct life *before)
{
    const struct event_advanced *advanced = &fact->event->advanced;
    const struct stood *stood = &before->stood;
    HOLDS(before->merged_into != 0);
    HOLDS(policy_step_index(case_policy(fact->event->case_id), advanced->to_step) == stood->step);
    bool same_holder = slice_equal(advanced->agent, slice_text(stood->agent));
    bool same_queue = slice_equal(advanced->queue,
                                  slice_text(stood->queue[0] != '\0' ? stood->queue : stood->home));
    if (stood->agent[0] != '\0' && advanced->agent.size > 0) {
        HOLDS(same_holder);
        sim_reach(SOMETIMES_UNMERGED_TO_HOLDER);
    } else {
        HOLDS(same_queue);
    }
    sim_reach(SOMETIMES_UNMERGED);
}

static enum case_outcome outcome_of(const struct policy_action *action)
{
    return action->fact == EVENT_MERGED      ? OUTCOME_DUPLICATE
           : action->outcome != OUTCOME_NONE ? action->outcome
           : action->fact == EVENT_WITHDRAWN ? OUTCOME_WITHDRAWN
                                             : OUTCOME_SETTLED;
}

/* Before the action what it requires, afterwards what lets it lead on and what closing asks. */
static void check_action(const struct fact *fact, struct doing *doing, struct life *after)
{
    const struct policy *policy = doing->policy;
    const struct policy_action *action = doing->action;
    const struct life *before = doing->life;
    bool was_closed = policy->steps[before->step].closed;
    bool is_closed = policy->steps[after->step].closed;
    check_person(fact, doing);
    HOLDS(within_limits(doing));
    HOLDS(all_hold(doing, action->requirements, action->require_count));
    bool opens_again = was_closed && action->fact != EVENT_UNMERGED &&
                       (action->fact == EVENT_REOPENED ||
                        (action->to_step != POLICY_NONE && !policy->steps[action->to_step].closed));
    struct life then = *before;
    if (opens_again) {
        begin_round(policy, &then);
    }
    count_action(doing, &then);
    struct doing done = *doing;
    done.life = &then;
    bool moves = all_hold(&done, action->moves, action->move_count);
    uint16_t to = moves && action->to_step != POLICY_NONE ? action->to_step : before->step;
    HOLDS(action->fact == EVENT_UNMERGED || after->step == to);
    if (opens_again && is_closed) { /* it did not lead on: the round goes on */
        then = *before;
        count_action(doing, &then);
    }
    memcpy(after->marks, then.marks, sizeof after->marks);
    memcpy(after->open, then.open, sizeof after->open);
    memcpy(after->told, then.told, sizeof after->told);
    memcpy(after->values, then.values, sizeof after->values);
    after->concerned = then.concerned;
    after->held_by_law = then.held_by_law;
    if (is_closed && !was_closed) {
        done.outcome = after->outcome = outcome_of(action);
        HOLDS(all_hold(&done, policy->closing, policy->closing_count));
        HOLDS(fact->event->advanced.outcome == after->outcome);
    }
    check_tasks(fact, doing, after);
    if (action->fact == EVENT_UNMERGED) {
        check_unmerged(fact, before);
    }
}

static void follow_merge(const struct fact *fact, const struct life *before, struct life *after)
{
    const struct policy *policy = case_policy(fact->event->case_id);
    bool was_closed = policy->steps[before->step].closed;
    bool is_closed = policy->steps[after->step].closed;
    if (fact->event->kind == EVENT_MERGED && is_closed && !was_closed) {
        after->merged_into = fact->event->advanced.other_case;
        after->stood = (struct stood){.step = before->step, .since_us = before->since_us};
        memcpy(after->stood.queue, before->queue, sizeof before->queue);
        memcpy(after->stood.home, before->home, sizeof before->home);
        memcpy(after->stood.agent, before->agent, sizeof before->agent);
        memcpy(after->stood.agent_role, before->agent_role, sizeof before->agent_role);
        HOLDS(after->merged_into != 0 && after->merged_into != fact->event->case_id);
    }
    if (was_closed && !is_closed) {
        after->merged_into = 0;
        after->outcome = OUTCOME_NONE;
    }
}

static void follow_step(const struct fact *fact, const struct life *before, struct life *after)
{
    const struct event *event = fact->event;
    const struct policy *policy = case_policy(event->case_id);
    bool was_closed = policy->steps[before->step].closed;
    bool is_closed = policy->steps[after->step].closed;
    bool of_merge = event->kind == EVENT_MERGED || event->kind == EVENT_UNMERGED;
    if (is_closed != was_closed) {
        after->closed_at_us = is_closed ? event->at_us : 0;
    }
    if (after->step != before->step) {
        after->since_us = event->kind == EVENT_UNMERGED ? before->stood.since_us : event->at_us;
    }
    if (after->step != before->step && !of_merge) {
        name_take(after->brought, event->advanced.actor);
        const char *left = before->agent[0] != '\0' ? before->agent
                           : was_closed             ? before->stood.agent
                                                    : "";
        if (left[0] != '\0' && (before->agent[0] != '\0' || before->merged_into != 0)) {
            name_add(&after->handled, left);
        }
    }
}

static void follow_hands(const struct fact *fact, const struct life *before, struct life *after)
{
    const struct event *event = fact->event;
    const struct policy *policy = case_policy(event->case_id);
    bool given = event->kind == EVENT_OFFERED || event->kind == EVENT_TRANSFERRED;
    bool closed = policy->steps[after->step].closed;
    bool held = after->agent[0] != '\0';
    bool queued = after->queue[0] != '\0';
    HOLDS(closed ? !held && !queued : held != queued);
    if (queued) {
        memcpy(after->home, after->queue, sizeof after->home);
    }
    if (strcmp(before->agent, after->agent) != 0) {
        name_take(after->agent_role, held ? event->advanced.role : (struct slice){0});
        if (held && given) {
            name_take(after->agent_role,
                      slice_text(policy->roles[policy->steps[after->step].owner_role]));
        }
        if (event->kind == EVENT_UNMERGED && held) {
            memcpy(after->agent_role, before->stood.agent_role, sizeof after->agent_role);
        }
        after->offered = false;
    }
    after->offered = event->kind == EVENT_OFFERED    ? held
                     : event->kind == EVENT_ACCEPTED ? false
                                                     : after->offered;
}

static void
check_claim(const struct fact *fact, const struct doing *doing, const struct life *after)
{
    const struct life *before = doing->life;
    const struct policy_step *step = &doing->policy->steps[before->step];
    HOLDS(before->queue[0] != '\0' && before->agent[0] == '\0');
    HOLDS(strcmp(after->agent, doing->actor) == 0);
    HOLDS(policy_role_in(doing->policy, 1U << step->owner_role, doing->role));
    HOLDS(!is_named(&before->concerned, doing->actor));
    HOLDS(!step->other_handler || !is_named(&before->handled, doing->actor));
}

static void advance(const struct fact *fact, struct life *life)
{
    const struct event *event = fact->event;
    const struct event_advanced *advanced = &event->advanced;
    const struct policy *policy = case_policy(event->case_id);
    static struct life before;
    before = *life;
    struct doing doing = {.policy = policy,
                          .life = &before,
                          .advanced = advanced,
                          .role = policy_role_index(policy, advanced->role)};
    name_take(doing.actor, advanced->actor);
    HOLDS(advanced->version == before.version + 1 && event->at_us >= before.at_us);
    HOLDS(slice_equal(advanced->from_step, slice_text(policy->steps[before.step].id)));
    life->version = advanced->version;
    life->at_us = event->at_us;
    life->step = policy_step_index(policy, advanced->to_step);
    name_take(life->agent, advanced->agent);
    name_take(life->queue, advanced->queue);
    name_take(life->category, advanced->category);
    name_take(life->class_id, advanced->severity_class);
    life->priority = advanced->priority;
    bool of_clock = event->cause_service == SERVICE_WATCHDOG;
    const struct policy_step *step = &policy->steps[before.step];
    uint16_t index = policy_action_index(step, advanced->action);
    HOLDS(of_clock || life->step < policy->step_count);
    if (event->kind == EVENT_ASSIGNED) {
        check_claim(fact, &doing, life);
    } else if (event->kind == EVENT_RELEASED) {
        HOLDS(of_clock ? before.offered : strcmp(before.agent, doing.actor) == 0);
    } else if (of_clock) {
        HOLDS(life->priority < before.priority && life->step == before.step &&
              strcmp(life->agent, before.agent) == 0);
    } else {
        HOLDS(index != POLICY_NONE && step->actions[index].fact == event->kind);
        if (!sim.failed) {
            doing.action = &step->actions[index];
            check_action(fact, &doing, life);
        }
    }
    follow_merge(fact, &before, life);
    follow_step(fact, &before, life);
    follow_hands(fact, &before, life);
}

void life_check(const struct fact *fact)
{
    const struct event *event = fact->event;
    struct life *life = life_of(event->case_id);
    const struct policy *policy = case_policy(event->case_id);
    if (event->kind != EVENT_OPENED) {
        HOLDS(life->version > 0);
        if (!sim.failed) {
            advance(fact, life);
        }
        return;
    }
    HOLDS(life->version == 0);
    *life = (struct life){.version = 1,
                          .at_us = event->at_us,
                          .since_us = event->at_us,
                          .step = policy_step_index(policy, event->opened.step),
                          .priority = event->opened.priority};
    name_take(life->queue, event->opened.queue);
    name_take(life->home, event->opened.queue);
    name_take(life->category, event->opened.category);
    name_take(life->class_id, event->opened.severity_class);
}

/* ---- the rows ---- */

static unsigned people_in(uint32_t set)
{
    unsigned count = 0;
    for (; set != 0; set >>= 1) {
        count += set & 1U;
    }
    return count;
}

/* Which of a row's people are these?  They are kept as hashes: only their number, and in how many
 * two sets agree, can be told. */
static unsigned shared(const struct count *a, const struct count *b)
{
    unsigned count = 0;
    for (unsigned i = 0; i < a->people; i++) {
        count += is_named(b, a->who[i]);
    }
    return count;
}

static const char *
marks_differ(const struct policy *policy, const struct life *life, const struct dispatch_more *more)
{
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        const struct count *mark = &life->marks[i];
        if (more->times[i] != mark->times || people_in(more->by[i]) != mark->people) {
            return policy->marks[i].id;
        }
        for (uint16_t j = 0; j < i; j++) {
            if (people_in(more->by[i] & more->by[j]) != shared(mark, &life->marks[j])) {
                return policy->marks[i].id;
            }
        }
        if (people_in(more->by[i] & more->concerned) != shared(mark, &life->concerned)) {
            return "people concerned";
        }
    }
    bool asks_handlers = policy->other_handlers;
    return people_in(more->concerned) != life->concerned.people                ? "people concerned"
           : asks_handlers && people_in(more->handled) != life->handled.people ? "earlier handlers"
                                                                               : NULL;
}

static const char *fields_differ(const struct policy *policy,
                                 const struct life *life,
                                 const struct dispatch_more *more)
{
    for (uint16_t i = 0; i < policy->field_count; i++) {
        const struct policy_field *field = &policy->fields[i];
        bool kept = field->kept && field->slot < POLICY_KEPT_MAX;
        bool told = kept && (more->told >> field->slot & 1U) != 0;
        if (kept &&
            (told != life->told[i] || (told && more->facts[field->slot] != life->values[i]))) {
            return field->id;
        }
    }
    for (uint16_t i = 0; i < policy->task_count; i++) {
        if (more->open[i] != life->open[i]) {
            return policy->tasks[i].id;
        }
    }
    return NULL;
}

/* What the row says otherwise than the model; NULL: nothing. */
static const char *
row_differs(const struct policy *policy, const struct life *life, const struct dispatch_case *state)
{
    const struct dispatch_more *more = &state->more;
    const char *queue = state->queue != POLICY_NONE ? policy->queues[state->queue].id : "";
    const char *role = state->agent_role != POLICY_NONE ? policy->roles[state->agent_role] : "";
    const char *what = NULL;
    if (state->version != life->version || state->step != life->step) {
        what = "step";
    } else if (strcmp(queue, life->queue) != 0 || strcmp(state->agent, life->agent) != 0) {
        what = "holder or queue";
    } else if (strcmp(role, life->agent_role) != 0) {
        what = "the holder's role";
    } else if (strcmp(state->last_actor, life->brought) != 0) {
        what = "who brought it here";
    } else if (state->closed_at_us != life->closed_at_us || more->outcome != life->outcome) {
        what = "how it ended";
    } else if (more->merged_into != life->merged_into) {
        what = "the merge";
    } else if (state->step_since_us != life->since_us) {
        what = "since when it is there";
    } else if (more->offered != life->offered || more->hold != life->held_by_law) {
        what = "offer or hold";
    } else if (state->priority != life->priority) {
        what = "priority";
    }
    what = what ? what : marks_differ(policy, life, more);
    return what ? what : fields_differ(policy, life, more);
}

void life_committed(const struct call *call)
{
    for (uint32_t i = 0; !sim.failed && i < call->row_count; i++) {
        const struct life *life = life_of(call->row_cases[i]);
        const struct policy *policy = case_policy(call->row_cases[i]);
        const struct dispatch_case *state = &call->rows[i].dispatch;
        const char *what = policy && life->version > 0 ? row_differs(policy, life, state) : NULL;
        if (what) {
            sim_fail("life: %s of case %llx is not as counted (version %u)",
                     what,
                     (unsigned long long)call->row_cases[i],
                     life->version);
        }
    }
}
