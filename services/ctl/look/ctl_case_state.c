#include "ctl_case_state.h"

#include "ctl_text.h"

typedef const char *word_fn(const struct policy *policy, const struct dispatch_case *state);
typedef int64_t number_fn(const struct dispatch_case *state);

#define WORD(name, word)                                                                           \
    static const char *word_##name(const struct policy *policy, const struct dispatch_case *state) \
    {                                                                                              \
        (void)policy;                                                                              \
        return (word);                                                                             \
    }
#define NUMBER(name)                                                                               \
    static int64_t number_##name(const struct dispatch_case *state)                                \
    {                                                                                              \
        return state->name;                                                                        \
    }
#define ID(index, rows) ((index) == POLICY_NONE ? "none" : policy->rows[index].id)

WORD(step, policy->steps[state->step].id)
WORD(phase, policy_phase_names[policy->steps[state->step].phase])
WORD(category, ID(state->category, categories))
WORD(class, ID(state->class_index, classes))
WORD(queue, ID(state->queue, queues))
WORD(agent, state->agent[0] == '\0' ? "none" : state->agent)
WORD(closed, state->closed_at_us != 0 ? "yes" : "no")
WORD(outcome,
     state->more.outcome == OUTCOME_NONE
         ? "none"
         : policy_outcome_name((enum case_outcome)state->more.outcome))
NUMBER(priority)
NUMBER(score)
NUMBER(repeats)
NUMBER(reopened)
NUMBER(followed_up)

static const struct {
    const char *key;
    word_fn *word;
    number_fn *number; /* where there is no word */
} words[] = {
  /* clang-format off */
    {"step", word_step, NULL},
    {"phase", word_phase, NULL},
    {"category", word_category, NULL},
    {"class", word_class, NULL},
    {"queue", word_queue, NULL},
    {"agent", word_agent, NULL},
    {"closed", word_closed, NULL},
    {"outcome", word_outcome, NULL},
    {"priority", NULL, number_priority},
    {"score", NULL, number_score},
    {"repeats", NULL, number_repeats},
    {"reopened", NULL, number_reopened},
    {"followed-up", NULL, number_followed_up},
  /* clang-format on */
};
enum { WORD_COUNT = sizeof words / sizeof *words };

static size_t row_of(const char *key)
{
    size_t i = 0;
    while (i < WORD_COUNT && strcmp(words[i].key, key) != 0) {
        i++;
    }
    return i;
}

bool case_state_has(const char *key)
{
    return row_of(key) < WORD_COUNT;
}

const char *case_state_word(const struct policy *policy,
                            const struct dispatch_case *state,
                            const char *key,
                            char number[CASE_NUMBER_TEXT_SIZE])
{
    size_t row = row_of(key);
    return row == WORD_COUNT ? NULL
           : words[row].word ? words[row].word(policy, state)
                             : ctl_number_text(number, words[row].number(state));
}
