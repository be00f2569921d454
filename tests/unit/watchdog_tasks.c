/*
 * Clocks of tasks: each open task of a kind has a deadline of its own.
 *
 * Goal: a run begins when a task is opened and ends when that very one is settled, whichever of
 * them it is; levels fire once a run, for each; closing the case does not end what is owed; runs
 * stand still, are extended and are judged like any other clock.  Method: a policy as text through
 * the loader, stories in virtual time, then random ones against a model that only knows when each
 * number was opened.  Guards laws 7, 8 and 11.
 */
#include "roll.h"
#include "unit.h"
#include "watchdog_core.h"
#include "watchdog_desk.h"
#include "zone.h"

enum { SEEDS = 300, MOVES = 60, DAY_S = 86400, HOUR_S = 3600, US = DESK_SECOND_US, AT_ONCE = 3 };

static const char text[] = DESK_POLICY
    "roles: [agent, department]\nclasses: {minor: {title: x, priority: 4}}\n"
    "fields: {by: {title: x, type: instant}}\n"
    "tasks:\n"
    "  answer: {title: x, of: department, at-once: 3, blocks: nothing}\n"
    "  measure: {title: x, of: department, at-once: 2, blocks: nothing}\n" DESK_STEPS ",\n"
    "    later: {title: x, fact: task_done, by: department, settles: answer},\n"
    "    at-last: {title: x, fact: task_done, by: department, settles: measure}}}\n"
    "everywhere:\n"
    "  assign: {title: x, fact: task_opened, by: agent, opens: answer}\n"
    "  answered: {title: x, fact: task_done, by: department, settles: answer,\n"
    "    asks: {task: {title: x, type: number}}}\n"
    "  again: {title: x, fact: task_done, by: agent, settles: answer, opens: answer}\n"
    "  agree: {title: x, fact: task_opened, by: agent, opens: measure, needs: [by]}\n"
    "  more: {title: x, fact: extended, by: agent}\n"
    "  carried-out: {title: x, fact: task_done, by: agent, settles: measure}\n"
    "calendars: {always: {zone: UTC, always: yes}}\n"
    "clocks:\n"
    "  whole: {title: x, starts: [opened], stops: [closed], within: 90 days, calendar: always,\n"
    "    levels: [{breach: due}]}\n"
    "  answer: {title: x, of-task: answer, within: 10 hours, calendar: always,\n"
    "    pauses-for-customer: yes, extension: {by: 5 hours}, levels: [{warn: 50%},\n"
    "    {breach: due, notify: department}]}\n"
    "  measure: {title: x, of-task: measure, due-field: by, calendar: always,\n"
    "    levels: [{breach: due}]}\n";

enum { WHOLE, ANSWER, MEASURE, ANSWER_2, ANSWER_3, MEASURE_2 };

static struct policy_object *object;
static struct desk desk;
static const char *stands_in;

static int64_t at(int day, int hour)
{
    return ((date_to_days(20260308) + day) * DAY_S + hour * HOUR_S) * US;
}

static void begin(void)
{
    object = desk_policy(text, 2026);
    assert_int_equal(policy_run_count(&object->policy), 6);
    desk_open(&desk, &object->policy);
    desk_hear(&desk, desk_opened(&desk, at(1, 8), at(1, 8), "minor"));
    stands_in = "investigation";
}

static struct event action(const char *id, enum event_kind kind, int64_t at_us, const char *step)
{
    struct event event = desk_advanced(&desk, kind, at_us, step);
    event.advanced.action = slice_text(id);
    event.advanced.from_step = slice_text(stands_in);
    stands_in = step[0] != '\0' ? step : stands_in;
    return event;
}

static uint32_t act(const char *id, enum event_kind kind, int64_t at_us, const char *step)
{
    return desk_hear(&desk, action(id, kind, at_us, step));
}

static void
act_with(const char *id, enum event_kind kind, int64_t at_us, const char *field, const char *value)
{
    struct event event = action(id, kind, at_us, "");
    event.advanced.field_count = 1;
    event.advanced.fields[0] =
        (struct event_field){.name = slice_text(field), .value = slice_text(value)};
    desk_feed(&desk, &event, at_us);
}

static const struct watch_clock *run(int index)
{
    return &desk.state.clocks[index];
}

static unsigned told_count(const char *clock, uint32_t task, enum event_kind kind)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < desk.count; i++) {
        for (uint32_t j = 0; j < desk.journal[i].clocks.count; j++) {
            const struct event_clock *told = &desk.journal[i].clocks.clocks[j];
            count += desk.journal[i].kind == kind && told->task == task &&
                     slice_equal(told->name, slice_text(clock));
        }
    }
    return count;
}

static void each_open_task_has_its_own_deadline_and_its_own_levels(void **state)
{
    (void)state;
    begin();
    assert_int_equal(run(ANSWER)->phase, WATCH_IDLE);
    act("assign", EVENT_TASK_OPENED, at(1, 9), "");
    act("assign", EVENT_TASK_OPENED, at(1, 12), "");
    assert_int_equal(run(ANSWER)->due_us, at(1, 19));
    assert_int_equal(run(ANSWER_2)->due_us, at(1, 22));
    assert_int_equal(run(ANSWER_3)->phase, WATCH_IDLE);
    act_with("answered", EVENT_TASK_DONE, at(1, 15), "task", "2"); /* the second comes first */
    assert_int_equal(run(ANSWER_2)->verdict, CLOCK_MET);
    assert_int_equal(run(ANSWER)->phase, WATCH_RUNNING);
    desk_tick(&desk, at(2, 9));
    assert_int_equal(run(ANSWER)->verdict, CLOCK_MISSED);
    assert_int_equal(told_count("answer", 1, EVENT_CLOCK_WARNED), 1);
    assert_int_equal(told_count("answer", 1, EVENT_CLOCK_BREACHED), 1);
    assert_int_equal(told_count("answer", 2, EVENT_CLOCK_WARNED), 0);
    act("assign", EVENT_TASK_OPENED, at(2, 10), ""); /* the number that is free again */
    assert_int_equal(run(ANSWER_2)->generation, 2);
    assert_int_equal(run(ANSWER_2)->due_us, at(2, 20));
    assert_int_equal(run(ANSWER_2)->levels_fired, 0);
    act("answered", EVENT_TASK_DONE, at(2, 11), ""); /* without a number the lowest */
    assert_int_equal(run(ANSWER)->phase, WATCH_STOPPED);
    assert_int_equal(run(ANSWER_2)->phase, WATCH_RUNNING);
    desk_close(&desk, &object);
}

static void settling_one_and_opening_the_next_at_once_are_two_runs(void **state)
{
    (void)state;
    begin();
    act("assign", EVENT_TASK_OPENED, at(1, 9), "");
    act("again", EVENT_TASK_DONE, at(1, 12), "");
    assert_int_equal(told_count("answer", 1, EVENT_CLOCKS_STOPPED), 1);
    assert_int_equal(told_count("answer", 1, EVENT_CLOCKS_STARTED), 2);
    assert_int_equal(run(ANSWER)->due_us, at(1, 22));
    assert_int_equal(run(ANSWER)->verdict, CLOCK_RUNNING);
    desk_close(&desk, &object);
}

static void closing_the_case_does_not_end_what_is_owed(void **state)
{
    (void)state;
    begin();
    act("assign", EVENT_TASK_OPENED, at(1, 9), "");
    act("end", EVENT_CLOSED, at(1, 10), "closed");
    assert_int_equal(run(WHOLE)->phase, WATCH_STOPPED);
    assert_int_equal(run(ANSWER)->phase, WATCH_RUNNING);
    desk_tick(&desk, at(1, 20));
    assert_int_equal(told_count("answer", 1, EVENT_CLOCK_BREACHED), 1);
    act("reopen", EVENT_REOPENED, at(1, 21), "investigation");
    assert_int_equal(run(ANSWER)->paused_us, 0);
    act("end", EVENT_CLOSED, at(1, 22), "closed");
    act("later", EVENT_TASK_DONE, at(1, 23), "");
    assert_int_equal(run(ANSWER)->phase, WATCH_STOPPED);
    assert_int_equal(run(ANSWER)->verdict, CLOCK_MISSED);
    desk_close(&desk, &object);
}

static void a_task_waits_with_the_customer_and_is_given_more_time_like_any_clock(void **state)
{
    (void)state;
    begin();
    act("assign", EVENT_TASK_OPENED, at(1, 9), "");
    act("ask", EVENT_NOTED, at(1, 10), "consent");
    assert_int_equal(run(ANSWER)->phase, WATCH_PAUSED);
    act("assign", EVENT_TASK_OPENED, at(1, 11), ""); /* opened where it stands still */
    assert_int_equal(run(ANSWER_2)->phase, WATCH_PAUSED);
    act("back", EVENT_NOTED, at(1, 14), "investigation");
    assert_int_equal(run(ANSWER)->due_us, at(1, 23));
    assert_int_equal(run(ANSWER_2)->due_us, at(2, 0));
    struct event more = action("more", EVENT_EXTENDED, at(1, 15), "");
    more.advanced.field_count = 2;
    more.advanced.fields[0] =
        (struct event_field){.name = slice_text("clock"), .value = slice_text("answer")};
    more.advanced.fields[1] =
        (struct event_field){.name = slice_text("task"), .value = slice_text("2")};
    desk_feed(&desk, &more, at(1, 15));
    assert_int_equal(run(ANSWER)->due_us, at(1, 23));
    assert_int_equal(run(ANSWER_2)->due_us, at(2, 5));
    assert_int_equal(told_count("answer", 2, EVENT_CLOCKS_RETARGETED), 1);
    desk_close(&desk, &object);
}

static void a_task_is_due_when_its_form_says(void **state)
{
    (void)state;
    begin();
    act_with("agree", EVENT_TASK_OPENED, at(1, 9), "by", "2026-03-20T12:00:00Z");
    act_with("agree", EVENT_TASK_OPENED, at(1, 10), "by", "2026-03-15T12:00:00Z");
    assert_int_equal(run(MEASURE)->due_us, at(12, 12));
    assert_int_equal(run(MEASURE_2)->due_us, at(7, 12));
    desk_tick(&desk, at(8, 0));
    assert_int_equal(told_count("measure", 2, EVENT_CLOCK_BREACHED), 1);
    assert_int_equal(told_count("measure", 1, EVENT_CLOCK_BREACHED), 0);
    desk_close(&desk, &object);
}

/* ---- random ------------------------------------------------------------------------------- */

static uint64_t roll_state;

static uint32_t roll(uint32_t sides)
{
    return roll_next(&roll_state, sides);
}

/* When each number was opened; 0: it is not open. */
struct model {
    int64_t opened_us[AT_ONCE];
    unsigned breaches[AT_ONCE];
};

static void model_breach(struct model *model, int64_t before_us)
{
    for (int i = 0; i < AT_ONCE; i++) {
        int64_t due_us = model->opened_us[i] + 10LL * HOUR_S * US;
        bool breached = model->opened_us[i] < 0;
        if (model->opened_us[i] > 0 && !breached && due_us < before_us) {
            model->breaches[i]++;
            model->opened_us[i] = -model->opened_us[i];
        }
    }
}

static void model_settle(struct model *model, unsigned number)
{
    for (unsigned i = 0; i < AT_ONCE; i++) {
        if (number == 0 && model->opened_us[i] != 0) {
            number = i + 1;
        }
    }
    if (number != 0) {
        model->opened_us[number - 1] = 0;
    }
}

static void model_open(struct model *model, int64_t at_us)
{
    for (int i = 0; i < AT_ONCE; i++) {
        if (model->opened_us[i] == 0) {
            model->opened_us[i] = at_us;
            return;
        }
    }
}

static void random_move(struct model *model, int64_t at_us)
{
    static const char *const numbers[] = {"", "1", "2", "3"};
    unsigned turn = roll(6);
    bool closed = desk.state.closed;
    if (turn < 3 && !closed) {
        act("assign", EVENT_TASK_OPENED, at_us, "");
        model_open(model, at_us);
    } else if (turn < 5 && !closed) {
        unsigned number = roll(4);
        act_with("answered", EVENT_TASK_DONE, at_us, "task", numbers[number]);
        model_settle(model, number);
    } else {
        act(closed ? "reopen" : "end",
            closed ? EVENT_REOPENED : EVENT_CLOSED,
            at_us,
            closed ? "investigation" : "closed");
    }
}

static void any_order_of_opening_and_settling_agrees_with_counting(void **state)
{
    (void)state;
    static const int runs[AT_ONCE] = {ANSWER, ANSWER_2, ANSWER_3};
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct model model = {0};
        begin();
        roll_state = seed;
        int64_t at_us = at(1, 9);
        for (int move = 0; move < MOVES; move++) {
            at_us += (int64_t)(1 + roll(6 * HOUR_S)) * US;
            model_breach(&model, at_us);
            random_move(&model, at_us);
            if (roll(2)) {
                desk_tick(&desk, at_us);
            }
            for (int i = 0; i < AT_ONCE; i++) {
                int64_t opened_us =
                    model.opened_us[i] < 0 ? -model.opened_us[i] : model.opened_us[i];
                bool open = run(runs[i])->phase == WATCH_RUNNING;
                if (open != (opened_us != 0) ||
                    (open && run(runs[i])->started_at_us != opened_us)) {
                    fail_msg("seed %u, move %d: number %d", seed, move, i + 1);
                }
                assert_int_equal(told_count("answer", (uint32_t)i + 1, EVENT_CLOCK_BREACHED),
                                 model.breaches[i]);
            }
        }
        desk_close(&desk, &object);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_open_task_has_its_own_deadline_and_its_own_levels),
        cmocka_unit_test(settling_one_and_opening_the_next_at_once_are_two_runs),
        cmocka_unit_test(closing_the_case_does_not_end_what_is_owed),
        cmocka_unit_test(a_task_waits_with_the_customer_and_is_given_more_time_like_any_clock),
        cmocka_unit_test(a_task_is_due_when_its_form_says),
        cmocka_unit_test(any_order_of_opening_and_settling_agrees_with_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
