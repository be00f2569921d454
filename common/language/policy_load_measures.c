/* Measures: what each is made of, and that it can be told from the figures. */
#include "policy_read.h"

enum { PERCENT_DECIMALS = 2, FIELD_SCALE = 10000, SHARE_MAX = 10000, DUTY_DAYS_MAX = 366 };

static const struct policy_field *field_of(const struct policy_loading *loading,
                                           const struct policy_measure *measure)
{
    uint16_t field = measure->answer.field;
    return field < loading->policy->field_count ? &loading->policy->fields[field] : NULL;
}

POLICY_READER(read_measure_outcomes)
{
    ((struct policy_measure *)into)->outcomes = read_outcomes(loading, &pair->value);
}

POLICY_READER(read_measure_among)
{
    ((struct policy_measure *)into)->among = read_outcomes(loading, &pair->value);
}

POLICY_READER(read_measure_is)
{
    read_compare_is(loading, pair, &((struct policy_measure *)into)->answer);
}

POLICY_READER(read_measure_score)
{
    read_compare_min(loading, pair, &((struct policy_measure *)into)->answer);
}

/* "95%", in hundredths of a percent; a closing rate may be more than a hundred. */
static bool percent_read(struct policy_loading *loading, const struct yaml_node *node, int64_t *to)
{
    size_t size = node->kind == YAML_SCALAR ? strlen(node->text) : 0;
    int64_t scaled = -1;
    bool good = size > 1 && node->text[size - 1] == '%' &&
                policy_decimal_parse(slice_of(node->text, size - 1), PERCENT_DECIMALS, &scaled) &&
                scaled >= 0 && scaled <= (int64_t)SHARE_MAX * 100;
    if (!good) {
        complain(loading, node, "95%, 99.5%", "expected a percentage");
    }
    *to = scaled / 100;
    return good;
}

static bool length_read(struct policy_loading *loading, const struct yaml_node *node, int64_t *to)
{
    struct duration duration = {0};
    bool good = read_duration(loading, node, &duration);
    if (good && (duration.unit != DURATION_ELAPSED || duration.side != 0)) {
        complain(loading, node, "36h, 3 days", "time in a phase is elapsed time");
        good = false;
    }
    *to = duration.value;
    return good;
}

static bool number_read(struct policy_loading *loading, const struct yaml_node *node, int64_t *to)
{
    struct slice text = slice_text(node->kind == YAML_SCALAR ? node->text : "");
    bool good = policy_decimal_parse(text, POLICY_DECIMALS_MAX, to);
    if (!good) {
        complain(loading, node, NULL, "expected a number, such as 4.5 or 10000");
    }
    return good;
}

static bool bound_read(struct policy_loading *loading,
                       const struct yaml_node *node,
                       const struct policy_measure *measure,
                       int64_t *to)
{
    switch (measure_unit_of(measure->what)) {
    case MEASURE_PERCENT:
        return percent_read(loading, node, to);
    case MEASURE_NUMBER:
        return number_read(loading, node, to);
    case MEASURE_SECONDS:
        return length_read(loading, node, to);
    }
    return false;
}

POLICY_READER(read_measure_least)
{
    struct policy_measure *measure = into;
    measure->has_least = bound_read(loading, &pair->value, measure, &measure->least);
}

POLICY_READER(read_measure_most)
{
    struct policy_measure *measure = into;
    measure->has_most = bound_read(loading, &pair->value, measure, &measure->most);
}

void measure_target_end(struct policy_loading *loading,
                        const struct yaml_node *place,
                        const struct yaml_node *map,
                        void *into)
{
    (void)into;
    if (!yaml_find(map, "at-least") == !yaml_find(map, "at-most")) {
        complain(loading, place, "at-least: 95%", "a target is either at-least or at-most");
    }
}

POLICY_READER(read_measure_between)
{
    bool channels = pair->value.kind == YAML_SCALAR && strcmp(pair->value.text, "channels") == 0;
    if (!channels) {
        complain(loading, &pair->value, "between: channels", "a difference is between channels");
    }
    ((struct policy_measure *)into)->between = channels;
}

POLICY_READER(read_measure_within)
{
    struct policy_duty *duty = &((struct policy_measure *)into)->duty;
    struct duration duration = {0};
    if (read_duration(loading, &pair->value, &duration)) {
        if (duration.unit != DURATION_BUSINESS_DAYS || duration.side != 0 ||
            duration.value > DUTY_DAYS_MAX) {
            complain(loading,
                     &pair->value,
                     "30 business days; of a calendar that never closes they are all days",
                     "a duty is done within business days, at most %d",
                     DUTY_DAYS_MAX);
        } else {
            duty->days = (uint32_t)duration.value;
        }
    }
}

void measure_duty_end(struct policy_loading *loading,
                      const struct yaml_node *place,
                      const struct yaml_node *map,
                      void *into)
{
    ((struct policy_measure *)into)->duty.is_owed = true;
    if (!yaml_find(map, "within") != !yaml_find(map, "calendar")) {
        complain(loading, place, NULL, "'within' and 'calendar' go together");
    }
}

/* ---- what each is made of ---- */

#define IS(what) (1U << MEASURE_##what)
enum {
    CLOSED = IS(CLOSED_AS) | IS(CLOSED_AT_ONCE) | IS(CLOSED) | IS(CLOSINGS),
    ANSWERS = IS(ANSWERED) | IS(MEAN) | IS(SUM),
    TIMES = IS(MEAN_TIME) | IS(MEDIAN_TIME),
    /* between channels: what is not the greater for more cases */
    COMPARED = ((1U << MEASURE_COUNT) - 1) & ~(IS(SUM) | IS(OPENED) | IS(CLOSINGS)),
};

static const struct {
    const char *key;
    uint32_t of;     /* bit set over enum measure_what: these have it … */
    uint32_t lacked; /* … and these cannot do without */
} parts[] = {
    {"clock",    IS(IN_TIME),   IS(IN_TIME)  },
    {"outcomes", IS(CLOSED_AS), IS(CLOSED_AS)},
    {"among",    CLOSED,        0            },
    {"field",    ANSWERS,       ANSWERS      },
    {"is",       IS(ANSWERED),  0            },
    {"score",    IS(ANSWERED),  0            },
    {"phase",    TIMES,         TIMES        },
    {"between",  COMPARED,      0            },
    {"duty",     IS(OPENED),    0            },
};

static bool parts_check(struct policy_loading *loading,
                        const struct yaml_node *place,
                        const struct yaml_node *map,
                        enum measure_what what)
{
    unsigned before = loading->source->errors;
    const char *name = measure_what_name(what);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const struct yaml_pair *pair = yaml_find(map, parts[i].key);
        if (pair && (parts[i].of >> what & 1U) == 0) {
            complain(loading, &pair->key, NULL, "'%s' has no '%s'", name, parts[i].key);
        } else if (!pair && (parts[i].lacked >> what & 1U) != 0) {
            complain(loading, place, NULL, "'%s' lacks '%s'", name, parts[i].key);
        }
    }
    return loading->source->errors == before;
}

/* A sum has bounds, or a slip of the pen would be the whole of it. */
static bool is_bounded(const struct policy_field *field)
{
    int64_t most = (int64_t)MEASURE_SUM_MAX * FIELD_SCALE;
    return field->has_min && field->has_max && field->min >= -most && field->max <= most;
}

/* By its own rules; an action may have a field of that name that is another one. */
static bool is_asked(const struct policy *policy, const struct policy_field *field)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            const struct policy_need *need = policy_need_of(action, slice_text(field->id));
            if (need && need->rules == field) {
                return true;
            }
        }
    }
    return false;
}

static void answers_check(struct policy_loading *loading,
                          const struct yaml_node *map,
                          const struct policy_measure *measure)
{
    const struct policy_field *field = field_of(loading, measure);
    const struct yaml_node *place = &yaml_find(map, "field")->key;
    bool scored = yaml_find(map, "score") != NULL;
    if (!field) {
        return;
    }
    if (field->personal) {
        complain(
            loading, place, NULL, "'%s' is personal: it is sealed, nobody counts it", field->id);
    } else if (!is_asked(loading->policy, field)) {
        complain(loading, place, NULL, "no action asks for field '%s'", field->id);
    } else if (measure->what != MEASURE_ANSWERED) {
        if ((field->type != FORM_NUMBER && field->type != FORM_MONEY) || !is_bounded(field)) {
            complain(loading,
                     place,
                     "type: money, min: 0, max: 50000",
                     "'%s' is no number or amount with min and max within %d",
                     field->id,
                     MEASURE_SUM_MAX);
        }
    } else if (scored == (yaml_find(map, "is") != NULL)) {
        complain(loading, place, NULL, "either 'is' or 'score' says which answers count");
    } else if (scored && !measure_is_scale(field)) {
        complain(loading,
                 place,
                 "type: number, min: 1, max: 5",
                 "'%s' is no score: a whole number of at most %d values",
                 field->id,
                 MEASURE_SCALE_MAX + 1);
    }
}

static void phase_check(struct policy_loading *loading,
                        const struct yaml_node *map,
                        const struct policy_measure *measure)
{
    const struct policy *policy = loading->policy;
    bool found = measure->phase == PHASE_RECEIPT;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        found = found || policy->steps[i].phase == measure->phase;
    }
    const struct yaml_node *place = &yaml_find(map, "phase")->value;
    if (measure->phase == PHASE_CLOSED) {
        complain(loading, place, NULL, "time closed is nobody's work and is not counted");
    } else if (!found) {
        complain(loading, place, NULL, "no step is of the phase '%s'", place->text);
    }
}

/* A case opens in one of the two. */
static bool is_opening(const struct policy *policy, uint16_t step)
{
    return step == policy->first_step || step == policy->triage_step;
}

/* An event tells from which step it closes, not that the case had never left it. */
static void at_once_check(struct policy_loading *loading, const struct yaml_node *map)
{
    const struct policy *policy = loading->policy;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        for (uint16_t j = 0; !is_opening(policy, i) && j < step->action_count; j++) {
            if (is_opening(policy, step->actions[j].to_step)) {
                complain(loading,
                         &yaml_find(map, "what")->value,
                         "lead back to another step, or measure the time in a phase",
                         "'%s' of '%s' leads back to where cases open: closed from there may be "
                         "long after",
                         step->actions[j].id,
                         step->id);
                return;
            }
        }
    }
}

void measure_end(struct policy_loading *loading,
                 const struct yaml_node *place,
                 const struct yaml_node *map,
                 void *into)
{
    const struct policy_measure *measure = into;
    const struct yaml_pair *what = yaml_find(map, "what");
    bool known = what && what->value.kind == YAML_SCALAR &&
                 strcmp(what->value.text, measure_what_name(measure->what)) == 0;
    if (!known || !parts_check(loading, place, map, measure->what)) {
        return;
    }
    if (!yaml_find(map, "target") == !yaml_find(map, "duty")) {
        complain(loading,
                 place,
                 measure->duty.is_owed ? NULL : "target: {at-least: 95%}",
                 measure->duty.is_owed ? "a measure has a target or a duty, not both"
                                       : "a measure lacks its target");
    }
    if (measure->between && measure->owner != POLICY_NONE) {
        complain(loading,
                 &yaml_find(map, "owner")->key,
                 NULL,
                 "nobody is told of a difference between channels unasked");
    }
    if (measure->answer.field != POLICY_NONE) {
        answers_check(loading, map, measure);
    } else if (yaml_find(map, "phase")) {
        phase_check(loading, map, measure);
    } else if (measure->what == MEASURE_CLOSED_AT_ONCE) {
        at_once_check(loading, map);
    }
}
