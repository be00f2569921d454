/* What is written into a form: values the policy takes, best those that lead on. */
#include "clock.h"
#include "ctl_phrase.h"
#include "ctl_play.h"
#include "policy_field.h"

enum {
    GUESSES = 4,
    WHIM_PERCENT = 5, /* a customer who is not satisfied, a cause nobody expected */
    NOTE_ONE_IN = 8,
    WORTH_ACTION = 100,
    WORTH_CLOSING = 10,
};

uint64_t play_random(uint64_t *random, uint64_t bound)
{
    *random += 0x9e3779b97f4a7c15U;
    uint64_t z = *random;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return bound > 0 ? (z ^ z >> 31) % bound : 0;
}

static uint64_t whim_random(void *self, uint64_t bound)
{
    return play_random(self, bound);
}

/* ---- what a value is worth ---- */

struct weighing {
    const struct policy *policy;
    const struct play_life *life;
    const struct policy_action *action;
    uint16_t field; /* index */
    bool whim;      /* nothing counts but that the action can be done */
};

/* How many of the requirements on the field hold. */
static int held_of(const struct weighing *weighing,
                   const struct policy_requirement *list,
                   uint16_t count,
                   const char *text)
{
    const struct policy_field *field = &weighing->policy->fields[weighing->field];
    int64_t value = 0;
    int held = 0;
    bool known = policy_field_value(field, slice_text(text), &value);
    for (uint16_t i = 0; i < count; i++) {
        if (list[i].compare.field != weighing->field) {
            continue;
        }
        held += list[i].same_channel ? strcmp(text, weighing->life->channel) == 0
                                     : known && policy_compare_holds(&list[i].compare, value);
    }
    return held;
}

/* What the action itself asks comes first, then what closing asks, then what others may ask. */
static int worth(const struct weighing *weighing, const char *text)
{
    const struct policy *policy = weighing->policy;
    const struct policy_action *action = weighing->action;
    int sum = held_of(weighing, action->requirements, action->require_count, text) +
              held_of(weighing, action->moves, action->move_count, text);
    sum *= WORTH_ACTION;
    if (weighing->whim) {
        return sum;
    }
    sum += WORTH_CLOSING * held_of(weighing, policy->closing, policy->closing_count, text);
    for (uint16_t s = 0; s < policy->step_count; s++) {
        for (uint16_t a = 0; a < policy->steps[s].action_count; a++) {
            const struct policy_action *other = &policy->steps[s].actions[a];
            bool forward = !play_is_exit(policy, other) && other->fact != EVENT_DECLINED;
            sum += forward ? held_of(weighing, other->requirements, other->require_count, text) : 0;
        }
    }
    return sum;
}

static bool is_weighed(const struct policy_requirement *list, uint16_t count, uint16_t field)
{
    for (uint16_t i = 0; i < count; i++) {
        if (list[i].compare.field == field) {
            return true;
        }
    }
    return false;
}

/* Some rule looks at the field. */
static bool counts(const struct policy *policy, uint16_t field)
{
    bool any = is_weighed(policy->closing, policy->closing_count, field);
    for (uint16_t s = 0; s < policy->step_count && !any; s++) {
        for (uint16_t a = 0; a < policy->steps[s].action_count && !any; a++) {
            const struct policy_action *action = &policy->steps[s].actions[a];
            any = is_weighed(action->requirements, action->require_count, field) ||
                  is_weighed(action->moves, action->move_count, field);
        }
    }
    return any;
}

/* Takes the value over if it is worth more than the best so far. */
static void
best_keep(const struct weighing *weighing, const char *value, int *best, char kept[CTL_VALUE_MAX])
{
    const struct policy_field *field = &weighing->policy->fields[weighing->field];
    int worth_it = policy_field_accepts(field, slice_text(value)) ? worth(weighing, value) : -1;
    if (worth_it > *best) {
        *best = worth_it;
        (void)snprintf(kept, CTL_VALUE_MAX, "%s", value);
    }
}

static void bounds_keep(const struct weighing *weighing,
                        const struct policy_requirement *list,
                        uint16_t count,
                        const int64_t *most,
                        int *best,
                        char kept[CTL_VALUE_MAX])
{
    const struct policy_field *field = &weighing->policy->fields[weighing->field];
    for (uint16_t i = 0; i < count; i++) {
        const struct policy_compare *compare = &list[i].compare;
        char text[POLICY_BOUND_SIZE];
        if (compare->field == weighing->field && compare->has_min &&
            (!most || compare->min <= *most)) {
            policy_bound_text(field, compare->min, text);
            best_keep(weighing, text, best, kept);
        }
        if (compare->field == weighing->field && compare->has_max) {
            policy_bound_text(field, compare->max, text);
            best_keep(weighing, text, best, kept);
        }
    }
}

/* All of them, beginning anywhere. */
static void choices_keep(const struct weighing *weighing,
                         const struct ctl_whim *whim,
                         int *best,
                         char kept[CTL_VALUE_MAX])
{
    static const char *const flags[] = {"no", "yes"};
    const struct policy_field *field = &weighing->policy->fields[weighing->field];
    bool flag = field->type == FORM_FLAG;
    unsigned all = flag ? 2 : field->choice_count;
    uint64_t first = whim->random(whim->self, all);
    for (unsigned i = 0; i < all; i++) {
        unsigned which = (unsigned)((first + i) % all);
        best_keep(weighing, flag ? flags[which] : field->choices[which].id, best, kept);
    }
}

/* A few that are made up, and those at which rules turn. */
static void guesses_keep(const struct weighing *weighing,
                         const struct ctl_whim *whim,
                         int *best,
                         char kept[CTL_VALUE_MAX])
{
    const struct policy *policy = weighing->policy;
    const struct policy_action *action = weighing->action;
    const struct policy_field *field = &policy->fields[weighing->field];
    char value[CTL_VALUE_MAX];
    for (unsigned i = 0; i < GUESSES; i++) {
        if (ctl_form_invent(field, whim, value)) {
            best_keep(weighing, value, best, kept);
        }
    }
    if (field->type == FORM_TEXT) {
        best_keep(weighing, weighing->life->channel, best, kept);
        return;
    }
    bounds_keep(weighing, action->requirements, action->require_count, whim->most, best, kept);
    bounds_keep(weighing, action->moves, action->move_count, whim->most, best, kept);
    bounds_keep(weighing, policy->closing, policy->closing_count, whim->most, best, kept);
}

/* The best of a few, each of which the form takes. */
static bool
value_find(const struct weighing *weighing, const struct ctl_whim *whim, char kept[CTL_VALUE_MAX])
{
    const struct policy_field *field = &weighing->policy->fields[weighing->field];
    int best = -1;
    if (!counts(weighing->policy, weighing->field)) {
        return ctl_form_invent(field, whim, kept);
    }
    if (field->type == FORM_FLAG || field->type == FORM_CHOICE) {
        choices_keep(weighing, whim, &best, kept);
    } else {
        guesses_keep(weighing, whim, &best, kept);
    }
    return best >= 0;
}

/* ---- a form ---- */

struct filling {
    const struct play *play;
    struct play_life *life;
    const struct policy_action *action;
    const struct play_person *who;
    bool whim;
};

static bool category_choose(const struct filling *filling, char value[CTL_VALUE_MAX])
{
    const struct policy *policy = play_policy(filling->play, filling->life);
    uint64_t *random = &filling->life->random;
    uint16_t category = filling->life->category;
    if (policy->category_count == 0) {
        return false;
    }
    if (category == POLICY_NONE || play_random(random, 4) == 0) {
        category = (uint16_t)play_random(random, policy->category_count);
    }
    (void)snprintf(value, CTL_VALUE_MAX, "%s", policy->categories[category].id);
    return true;
}

static void clock_choose(const struct policy *policy, char value[CTL_VALUE_MAX])
{
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        if (policy->clocks[i].extension.times > 0) {
            (void)snprintf(value, CTL_VALUE_MAX, "%s", policy->clocks[i].id);
            return;
        }
    }
}

/* Fields dispatch and watchdog read, whether or not the policy describes them. */
static bool named_fill(const struct filling *filling, const char *field, char value[CTL_VALUE_MAX])
{
    const struct policy *policy = play_policy(filling->play, filling->life);
    if (strcmp(field, "category") == 0) {
        return category_choose(filling, value);
    }
    if (strcmp(field, "severity_class") == 0 && policy->class_count > 0) {
        uint64_t which = play_random(&filling->life->random, policy->class_count);
        (void)snprintf(value, CTL_VALUE_MAX, "%s", policy->classes[which].id);
        return true;
    }
    if (strcmp(field, "case") == 0) {
        (void)snprintf(value, CTL_VALUE_MAX, "%s", filling->play->other[filling->life->book]);
        return value[0] != '\0';
    }
    if (strcmp(field, "agent") == 0 && filling->action->gives) {
        uint16_t to = filling->action->to_step;
        struct play_person taker = {
            .role = policy->steps[to == POLICY_NONE ? filling->life->step : to].owner_role,
            .variant = (uint8_t)((filling->life->held_by.variant + 1) % PLAY_VARIANTS)};
        play_name(filling->play, filling->life, &taker, value);
        return true;
    }
    if (strcmp(field, "clock") == 0) {
        value[0] = '\0';
        clock_choose(policy, value);
        return value[0] != '\0';
    }
    return false;
}

/* How much whoever acts may decide of the field; NULL: as much as he likes. */
static const int64_t *most_of(const struct filling *filling, uint16_t field)
{
    for (uint16_t i = 0; i < filling->action->limit_count; i++) {
        const struct policy_limit *limit = &filling->action->limits[i];
        if (limit->field == field && limit->role == filling->who->role) {
            return &limit->most;
        }
    }
    return NULL;
}

/* What a form asks for. */
struct asked {
    const char *field;
    const struct policy_title *title;
    const struct policy_field *rules; /* NULL: those of the policy's field, or any text */
};

static bool field_fill(const struct filling *filling,
                       const struct asked *asked,
                       uint16_t field,
                       char value[CTL_VALUE_MAX])
{
    const struct policy *policy = play_policy(filling->play, filling->life);
    const struct policy_field any = {.type = FORM_TEXT};
    char phrase[CTL_VALUE_MAX];
    const struct ctl_whim whim = {
        .random = whim_random,
        .self = &filling->life->random,
        .phrase = ctl_phrase(policy, asked->title, whim_random, &filling->life->random, phrase),
        .most = field != POLICY_NONE ? most_of(filling, field) : NULL,
        .today = clock_now_us() / 86400 / 1000000};
    const struct weighing weighing = {.policy = policy,
                                      .life = filling->life,
                                      .action = filling->action,
                                      .field = field,
                                      .whim = filling->whim};
    if (named_fill(filling, asked->field, value)) {
        return true;
    }
    return field == POLICY_NONE ? ctl_form_invent(asked->rules ? asked->rules : &any, &whim, value)
                                : value_find(&weighing, &whim, value);
}

/* What the case keeps of it, to be known once it is done. */
static void
kept_note(const struct policy *policy, struct play_life *life, uint16_t field, const char *value)
{
    int64_t fact = 0;
    if (field != POLICY_NONE && policy->fields[field].kept &&
        policy_field_value(&policy->fields[field], slice_text(value), &fact)) {
        life->asked_told |= 1U << policy->fields[field].slot;
        life->asked_facts[policy->fields[field].slot] = fact;
    }
}

static void field_add(const struct filling *filling,
                      const struct asked *asked,
                      struct play_paper *paper,
                      struct ctl_command *command)
{
    const struct policy *policy = play_policy(filling->play, filling->life);
    uint16_t field = policy_field_index(policy, slice_text(asked->field));
    uint32_t at = command->field_count;
    if (at < CTL_FIELDS_MAX && field_fill(filling, asked, field, paper->values[at])) {
        command->fields[at] = (struct ctl_field){asked->field, slice_text(paper->values[at])};
        command->field_count = at + 1;
        kept_note(policy, filling->life, field, paper->values[at]);
    }
}

/* A limit is asked of every case, also where nothing was said of the field yet. */
static void
limited_add(const struct filling *filling, struct play_paper *paper, struct ctl_command *command)
{
    const struct policy *policy = play_policy(filling->play, filling->life);
    for (uint16_t i = 0; i < filling->action->limit_count; i++) {
        const struct policy_limit *limit = &filling->action->limits[i];
        const struct policy_field *field = &policy->fields[limit->field];
        bool known = field->kept && (filling->life->told >> field->slot & 1U) != 0;
        bool asked_for = policy_need_of(filling->action, slice_text(field->id)) != NULL;
        if (limit->role == filling->who->role && !known && !asked_for) {
            const struct asked asked = {field->id, &field->title, field};
            field_add(filling, &asked, paper, command);
        }
    }
}

/* A written reply has the parts the policy asks for, and a note says something. */
static void
note_write(const struct filling *filling, struct play_paper *paper, struct ctl_command *command)
{
    const struct policy *policy = play_policy(filling->play, filling->life);
    bool reply = filling->action->fact == EVENT_REPLIED;
    bool asked = reply && policy->reply_part_count > 0;
    bool noted = filling->action->fact == EVENT_NOTED && !filling->life->mute;
    if (!asked && !noted &&
        (filling->life->mute || play_random(&filling->life->random, NOTE_ONE_IN) != 0)) {
        return;
    }
    char begin[CTL_VALUE_MAX] = "";
    if (!reply || !filling->life->mute) {
        (void)ctl_phrase(
            policy, &filling->action->title, whim_random, &filling->life->random, begin);
    }
    if (asked) {
        ctl_phrase_reply(policy, begin, paper->note, sizeof paper->note);
    } else {
        (void)snprintf(paper->note, sizeof paper->note, "%s", begin);
    }
    command->note = paper->note;
}

void play_fill(const struct play *play,
               struct play_life *life,
               const struct policy_action *action,
               const struct play_person *who,
               struct play_paper *paper,
               struct ctl_command *command)
{
    const struct policy *policy = play_policy(play, life);
    const struct filling filling = {.play = play,
                                    .life = life,
                                    .action = action,
                                    .who = who,
                                    .whim = play_random(&life->random, 100) < WHIM_PERCENT};
    command->field_count = 0;
    life->asked_told = 0;
    for (uint16_t i = 0; i < action->need_count; i++) {
        const struct policy_need *need = &action->needs[i];
        uint16_t field = policy_field_index(policy, slice_text(need->field));
        bool matters = field != POLICY_NONE && counts(policy, field);
        bool lowest = need->optional && strcmp(need->field, "task") == 0; /* that is open */
        if (!lowest && (!need->optional || matters || play_random(&life->random, 2) == 0)) {
            const struct asked asked = {need->field, &need->title, need->rules};
            field_add(&filling, &asked, paper, command);
        }
    }
    limited_add(&filling, paper, command);
    note_write(&filling, paper, command);
}
