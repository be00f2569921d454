#include "dispatch_play.h"

#include "unit.h"

static const int64_t minute_us = 60 * INT64_C(1000000);

static uint64_t played_case(void)
{
    return case_id_make(5, 42);
}

static const struct policy *other; /* NULL: the fixture is played */

void play_with(const struct policy *policy)
{
    other = policy;
}

static const struct policy *played(void)
{
    return other ? other : policy_fixture();
}

void play_init(struct play *play)
{
    memset(play, 0, sizeof *play);
    play->now_us = fixture_at_us(2024, 3, 13, 10, 0);
}

struct event play_triaged(const char *category, const char *severity_class, uint32_t priority)
{
    return (struct event){
        .service = SERVICE_TRIAGE,
        .partition = 5,
        .seq = 9,
        .kind = EVENT_TRIAGED,
        .case_id = played_case(),
        .triaged = {.category = slice_text(category),
                    .severity_class = slice_text(severity_class),
                    .priority = priority,
                    .score = 3,
                    .policy_id = FIXTURE_POLICY_ID,
                    .channel = slice_text("phone"),
                    .customer = 77,
                    .language = LANGUAGE_ZH_HANT,
                    .received_at_us = fixture_at_us(2024, 3, 13, 9, 30),
                    .acknowledged_by_receipt = true}
    };
}

void play_open(struct play *play,
               const char *category,
               const char *severity_class,
               uint32_t priority)
{
    play_init(play);
    struct event triaged = play_triaged(category, severity_class, priority);
    assert_int_equal(play_event(play, DISPATCH_TRIAGED, &triaged), DISPATCH_APPEND);
}

struct event play_clock(const struct play *play,
                        enum event_kind kind,
                        const char *clock,
                        uint32_t level,
                        uint32_t raise_priority_to)
{
    struct event event = {.service = SERVICE_WATCHDOG,
                          .partition = 5,
                          .seq = 3,
                          .kind = kind,
                          .case_id = play->state.case_id};
    event.clocks.count = 1;
    event.clocks.clocks[0] = (struct event_clock){.name = slice_text(clock),
                                                  .due_us = play->now_us + minute_us,
                                                  .level = level,
                                                  .raise_priority_to = raise_priority_to};
    return event;
}

struct dispatch_input
play_command(const struct play *play, const char *actor, const char *role, const char *action)
{
    enum dispatch_input_kind kind = strcmp(action, "claim") == 0     ? DISPATCH_CLAIM
                                    : strcmp(action, "release") == 0 ? DISPATCH_RELEASE
                                    : strcmp(action, "erase") == 0   ? DISPATCH_ERASE
                                                                     : DISPATCH_ACTION;
    return (struct dispatch_input){.kind = kind,
                                   .now_us = play->now_us,
                                   .actor = slice_text(actor),
                                   .role = slice_text(role),
                                   .action = slice_text(action),
                                   .sealed_note = kind == DISPATCH_ERASE ? (struct slice){0}
                                                                         : slice_text("sealed"),
                                   .command_id = slice_text("0123456789abcdef"),
                                   .agent_has_capacity = true};
}

enum dispatch_answer play_input(struct play *play, const struct dispatch_input *input)
{
    assert_true(play->count < PLAY_EVENTS_MAX);
    /* The event lends names from the state it was decided on, so that one is kept with it. */
    struct dispatch_case *lender = &play->lenders[play->count];
    *lender = play->state;
    struct event out;
    enum dispatch_answer answer = dispatch_decide(played(), lender, input, &out, &play->refused);
    if (answer == DISPATCH_APPEND || dispatch_refusal_is_recorded(answer, &out)) {
        play->last = out;
        play->events[play->count++] = out;
        dispatch_evolve(played(), &play->state, &out);
    }
    return answer;
}

enum dispatch_answer
play_event(struct play *play, enum dispatch_input_kind kind, const struct event *event)
{
    const struct dispatch_input input = {.kind = kind, .now_us = play->now_us, .event = event};
    return play_input(play, &input);
}

void play_beats(struct play *play, const struct beat *beats, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct beat *beat = &beats[i];
        struct event_field fields[PLAY_FIELDS_MAX];
        play->now_us += minute_us + beat->hours * 60 * minute_us;
        struct dispatch_input input = play_command(play, beat->actor, beat->role, beat->action);
        input.expected_version = beat->version;
        input.agent_has_capacity = !beat->full;
        input.fields = fields;
        for (int j = 0; j < PLAY_FIELDS_MAX && beat->fields[j]; j++) {
            fields[input.field_count++] =
                (struct event_field){.name = slice_text(beat->fields[j]),
                                     .value = slice_text(beat->value ? beat->value : "told")};
        }
        uint32_t version = play->state.version;
        enum dispatch_answer answer = play_input(play, &input);
        bool folded = play->state.version == version + (answer == DISPATCH_APPEND ? 1 : 0);
        if (answer != beat->to || !folded) {
            fail_msg("beat %zu, %s by %s: %s%s",
                     i,
                     beat->action,
                     beat->actor,
                     dispatch_answer_code(answer),
                     folded ? "" : ", but the fold did not follow");
        }
    }
}

void play_end(const struct play *play)
{
    struct dispatch_case again = {0};
    for (uint32_t i = 0; i < play->count; i++) {
        dispatch_evolve(played(), &again, &play->events[i]);
        assert_int_equal(again.version, i + 1);
    }
    assert_true(dispatch_case_equal(&again, &play->state));
}
