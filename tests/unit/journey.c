/*
 * Goal: a complaint told in any of the three languages comes through its whole life under every
 * shipped policy, and nothing a policy offers is beyond reach (law 11: the same test walks all,
 * led by their tables alone; law 8: what is folded twice is the same; laws 7 and 12: clocks start,
 * stand still, warn, breach and stop where the policy says).
 *
 * Method: text → classifier → intake → triage → dispatch, with watchdog and analytics beside them,
 * all of them the real cores, every event through its bytes.  The walk takes every action of every
 * step by the shortest way, once in a hurry, once slowly, once with months between, then closes,
 * reopens and closes again.  An action or step never reached fails the test by its name.
 */
#include "arena.h"
#include "journey_case.h"
#include "scope.h"
#include "unit.h"

enum {
    ARENA_SIZE = 256 * 1024 * 1024,
    WALK_MAX = 4000,
    WHIMS_MAX = 60,
    BARREN_MAX = 40, /* steps that do nothing new */
};

static const int64_t second_us = 1000000;
static const int64_t monday_us = 1710727200 * INT64_C(1000000); /* 2024-03-18 10:00 in Beijing */

/* What was done, over all journeys of one policy. */
struct walked {
    bool refused[POLICY_STEPS_MAX][POLICY_ACTIONS_MAX]; /* since something else was done */
    unsigned whim;
    bool entered[POLICY_STEPS_MAX];
    bool taken[POLICY_STEPS_MAX][POLICY_ACTIONS_MAX];
    unsigned kinds[EVENT_KIND_COUNT];
    int64_t ends_us[WALK_MAX]; /* when the case of this life was closed */
    unsigned end_count, verdict_count;
};

typedef bool wanted_fn(const struct journey *journey,
                       const struct walked *walked,
                       uint16_t step,
                       uint16_t action);

static bool not_taken(const struct journey *journey,
                      const struct walked *walked,
                      uint16_t step,
                      uint16_t action)
{
    (void)journey;
    return !walked->taken[step][action];
}

static bool
closes(const struct journey *journey, const struct walked *walked, uint16_t step, uint16_t action)
{
    (void)walked;
    uint16_t to = journey->policy->steps[step].actions[action].to_step;
    return to != POLICY_NONE && journey->policy->steps[to].closed &&
           !journey->policy->steps[step].closed;
}

static bool
reopens(const struct journey *journey, const struct walked *walked, uint16_t step, uint16_t action)
{
    (void)walked;
    const struct policy_step *from = &journey->policy->steps[step];
    uint16_t to = from->actions[action].to_step;
    return from->closed && to != POLICY_NONE && !journey->policy->steps[to].closed;
}

/* The first action of the shortest way from here to one that is wanted, by breadth; POLICY_NONE:
 * none can be reached. */
static uint16_t
way_to(const struct journey *journey, const struct walked *walked, wanted_fn *wanted)
{
    const struct policy *policy = journey->policy;
    uint16_t first[POLICY_STEPS_MAX]; /* action that leads to this step */
    uint16_t queue[POLICY_STEPS_MAX];
    bool seen[POLICY_STEPS_MAX] = {false};
    uint32_t count = 0;
    seen[journey->state.step] = true;
    queue[count++] = journey->state.step;
    for (uint32_t next = 0; next < count; next++) {
        uint16_t at = queue[next];
        const struct policy_step *step = &policy->steps[at];
        for (uint16_t a = 0; a < step->action_count; a++) {
            uint16_t here = at == journey->state.step ? a : first[at];
            uint16_t to = step->actions[a].to_step;
            if (at == journey->state.step && walked->refused[at][a]) {
                continue;
            }
            if (wanted(journey, walked, at, a)) {
                return here;
            }
            if (to != POLICY_NONE && !seen[to]) {
                seen[to] = true;
                first[to] = here;
                queue[count++] = to;
            }
        }
    }
    return POLICY_NONE;
}

static bool was_refused_here(const struct walked *walked, uint16_t at)
{
    for (unsigned a = 0; a < POLICY_ACTIONS_MAX; a++) {
        if (walked->refused[at][a]) {
            return true;
        }
    }
    return false;
}

static void did(struct journey *journey, struct walked *walked, uint16_t at, uint16_t action)
{
    const struct policy_step *steps = journey->policy->steps;
    if (!steps[at].closed && steps[journey->state.step].closed && walked->end_count < WALK_MAX) {
        walked->ends_us[walked->end_count++] = journey->watch.closed_at_us;
    }
    walked->taken[at][action] = true;
    walked->entered[journey->state.step] = true;
    memset(walked->refused, 0, sizeof walked->refused);
}

/* What is wanted is refused: something else is done that does not end the case, at a whim, until
 * what the policy asks for has come about. */
static bool wander(struct journey *journey, struct walked *walked)
{
    const struct policy *policy = journey->policy;
    uint16_t at = journey->state.step;
    const struct policy_step *step = &policy->steps[at];
    walked->whim = walked->whim * 1103515245U + 12345U;
    for (uint16_t i = 0; i < step->action_count; i++) {
        uint16_t a = (uint16_t)((walked->whim >> 16) + i) % step->action_count;
        uint16_t to = step->actions[a].to_step;
        bool ends = to != POLICY_NONE && policy->steps[to].closed;
        if (!ends && !walked->refused[at][a] && journey_act(journey, &step->actions[a])) {
            did(journey, walked, at, a);
            return true;
        }
    }
    return false;
}

/* Goes on until nothing that is wanted can be reached; false if there was nothing at all. */
static bool
walk(struct journey *journey, struct walked *walked, int64_t pace_us, wanted_fn *wanted, bool once)
{
    unsigned steps = 0;
    unsigned whims = 0;
    unsigned barren = 0;
    walked->entered[journey->state.step] = true;
    for (;;) {
        uint16_t at = journey->state.step;
        bool round_and_round = barren > BARREN_MAX; /* by ways that lead back to one another */
        uint16_t action = round_and_round ? POLICY_NONE : way_to(journey, walked, wanted);
        if (action == POLICY_NONE) {
            bool was_refused = round_and_round || was_refused_here(walked, at);
            barren = 0;
            if (!was_refused || ++whims > WHIMS_MAX || !wander(journey, walked)) {
                memset(walked->refused, 0, sizeof walked->refused);
                return steps > 0 && !once;
            }
            continue;
        }
        bool reached = wanted(journey, walked, at, action);
        bool closed =
            journey->policy->steps[at].closed; /* all of it before reopening is too late */
        journey_wait(journey, closed ? 1000000 : pace_us);
        if (!journey_act(journey, &journey->policy->steps[at].actions[action])) {
            walked->refused[at][action] = true;
            continue;
        }
        barren = walked->taken[at][action] ? barren + 1 : 0;
        did(journey, walked, at, action);
        assert_true(++steps < WALK_MAX);
        if (once && reached && journey->state.step != at) {
            return true;
        }
    }
}

static bool is_end(const struct walked *walked, int64_t at_us)
{
    unsigned i = walked->end_count;
    while (i > 0 && walked->ends_us[i - 1] != at_us) {
        i--;
    }
    return i > 0;
}

/* Of every clock that has ended, unless the case did first. */
static void verdicts_are_written(const struct journey *journey, const struct walked *walked)
{
    for (uint16_t i = 0; i < policy_run_count(journey->policy); i++) {
        const struct watch_clock *clock = &journey->watch.clocks[i];
        assert_int_not_equal(clock->phase, WATCH_RUNNING);
        bool judged = clock->phase != WATCH_STOPPED || clock->verdict != CLOCK_RUNNING;
        if (!judged && !is_end(walked, clock->paused_at_us)) {
            fail_msg("%s stopped without a verdict",
                     journey->policy->clocks[policy_run_clock(journey->policy, i)].id);
        }
    }
}

/* The figures say what happened, no more and no less. */
static void figures_agree(const struct journey *journey)
{
    const unsigned *figures = journey->figures;
    const unsigned *kinds = journey->kinds;
    assert_int_equal(figures[FIGURE_RECEIVED], 1);
    assert_int_equal(figures[FIGURE_TRIAGED] + figures[FIGURE_ASKED], 1);
    assert_int_equal(figures[FIGURE_OPENED], 1);
    assert_int_equal(figures[FIGURE_CLOSED], figures[FIGURE_REOPENED] + 1);
    assert_int_equal(figures[FIGURE_REOPENED], journey->state.reopened + kinds[EVENT_UNMERGED]);
    assert_int_equal(figures[FIGURE_WARNED], kinds[EVENT_CLOCK_WARNED]);
    assert_int_equal(figures[FIGURE_BREACHED], kinds[EVENT_CLOCK_BREACHED]);
    assert_int_equal(figures[FIGURE_ESCALATED], kinds[EVENT_CLOCK_ESCALATED]);
    assert_true(figures[FIGURE_PHASE] > 0);
}

/* The whole life of one complaint. */
static void live(const struct policy_object *object,
                 struct arena *arena,
                 struct walked *walked,
                 uint64_t serial,
                 const char *text,
                 int64_t pace_us)
{
    static struct journey journey;
    arena_reset(arena);
    walked->end_count = 0;
    assert_true(journey_begin(&journey, object, arena, serial, monday_us, text));
    (void)walk(&journey, walked, pace_us, not_taken, false);
    if (!object->policy.steps[journey.state.step].closed) {
        assert_true(walk(&journey, walked, pace_us, closes, true));
    }
    verdicts_are_written(&journey, walked);
    assert_true(walk(&journey, walked, second_us, reopens, true));
    assert_int_equal(journey.state.closed_at_us, 0);
    assert_true(walk(&journey, walked, pace_us, closes, true));
    assert_true(journey.state.reopened >= 1);
    verdicts_are_written(&journey, walked);
    journey_wait(&journey, 400 * 86400 * second_us); /* nothing is due for a closed case */
    figures_agree(&journey);
    walked->verdict_count += journey.figures[FIGURE_MET] + journey.figures[FIGURE_MISSED];
    for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        walked->kinds[kind] += journey.kinds[kind];
    }
}

static unsigned taken_count(const struct walked *walked)
{
    const bool *taken = &walked->taken[0][0];
    unsigned count = 0;
    for (size_t i = 0; i < sizeof walked->taken / sizeof *taken; i++) {
        count += taken[i];
    }
    return count;
}

/* Names what no journey has reached. */
static void everything_was_reached(const struct policy *policy, const struct walked *walked)
{
    unsigned missing = 0;
    for (uint16_t s = 0; s < policy->step_count; s++) {
        const struct policy_step *step = &policy->steps[s];
        if (!walked->entered[s]) {
            print_error("%s: step %s was never entered\n", policy->name, step->id);
            missing++;
        }
        for (uint16_t a = 0; a < step->action_count; a++) {
            if (!walked->taken[s][a]) {
                print_error("%s: %s was never done in step %s\n",
                            policy->name,
                            step->actions[a].id,
                            step->id);
                missing++;
            }
        }
    }
    assert_int_equal(missing, 0);
}

static bool some_level_is(const struct policy *policy, enum level_action action)
{
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        for (uint16_t j = 0; j < policy->clocks[i].level_count; j++) {
            if (policy->clocks[i].levels[j].action == action) {
                return true;
            }
        }
    }
    return false;
}

static bool some_clock_pauses(const struct policy *policy)
{
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        const struct policy_clock *clock = &policy->clocks[i];
        if (clock->pauses_for_customer || clock->pause_steps != 0) {
            return true;
        }
    }
    return false;
}

/* Of what the policy has. */
static void clocks_did_everything(const struct policy *policy,
                                  const unsigned kinds[EVENT_KIND_COUNT])
{
    bool pauses = some_clock_pauses(policy);
    const struct {
        enum event_kind kind;
        bool wanted;
    } clocks[] = {
  /* clang-format off */
        {EVENT_CLOCKS_STARTED, true},
        {EVENT_CLOCKS_STOPPED, true},
        {EVENT_CLOCKS_PAUSED, pauses},
        {EVENT_CLOCKS_RESUMED, pauses},
        {EVENT_CLOCK_BREACHED, true},
        {EVENT_CLOCK_WARNED, some_level_is(policy, LEVEL_WARN)},
        {EVENT_CLOCK_ESCALATED, some_level_is(policy, LEVEL_ESCALATE)},
  /* clang-format on */
    };
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        if (clocks[i].wanted && kinds[clocks[i].kind] == 0) {
            fail_msg("%s: never %s", policy->name, event_kind_name(clocks[i].kind));
        }
    }
}

/* A complaint in each language, and how fast people are. */
static const enum language languages[] = {LANGUAGE_ZH_HANS, LANGUAGE_ZH_HANT, LANGUAGE_EN};
static const int64_t paces_s[] = {60, INT64_C(5) * 3600, INT64_C(8) * 86400};

static const struct life {
    const char *file;
    const char *text[3]; /* some category is seen in it */
} lives[] = {
  /* clang-format off */
    {"general-service.yaml",
     {"我上周买的商品质量很差，打开一看是坏的，根本不能用。",
      "上週買的商品品質很差，一打開就是壞的，根本不能用。",
      "What I bought is of poor quality: it was broken and damaged."}},
    {"loyalty-points.yaml",
     {"我上周买的商品质量很差，打开一看是坏的，根本不能用。",
      "上週買的商品品質很差，一打開就是壞的，根本不能用。",
      "What I bought is of poor quality: it was broken and damaged."}},
    {"home-improvement.yaml",
     {"卫生间漏水，瓷砖空鼓，施工质量太差了。",
      "浴室漏水，牆面開裂，施工品質太差了。",
      "The bathroom leaks and the tiles are cracked."}},
    {"seven-step.yaml",
     {"墙面开裂，门窗漏水，工程质量太差了。",
      "牆面開裂，門窗漏水，工程品質太差了。",
      "The wall is cracked and leaks: poor quality."}},
    {"chemical-enterprise.yaml",
     {"你们的零件尺寸超差，孔径偏大，装配不上。",
      "貴公司零件尺寸超差，孔徑偏大，裝配不上。",
      "The dimensions are out of tolerance, it does not fit."}},
    {"iso9001-manufacturing.yaml",
     {"你们的零件尺寸超差，孔径偏大，装配不上。",
      "貴公司零件尺寸超差，孔徑偏大，裝配不上。",
      "The dimensions are out of tolerance, it does not fit."}},
    {"eight-d-factory.yaml",
     {"你们的零件尺寸超差，孔径偏大，装配不上。",
      "貴公司零件尺寸超差，孔徑偏大，裝配不上。",
      "The dimensions are out of tolerance, it does not fit."}},
    {"quality-department.yaml",
     {"你们的零件尺寸超差，孔径偏大，装配不上。",
      "貴公司零件尺寸超差，孔徑偏大，裝配不上。",
      "The dimensions are out of tolerance, it does not fit."}},
    {"seven-standard.yaml",
     {"我上周买的商品质量很差，打开一看是坏的，根本不能用。",
      "上週買的商品品質很差，一打開就是壞的，根本不能用。",
      "What I bought is of poor quality: it was broken and damaged."}},
    {"food-manufacturer.yaml",
     {"这批货口感不对，颜色也变了，有结块。",
      "這批貨味道不對，顏色也變了。",
      "The taste and colour of this lot are wrong."}},
    {"power-utility.yaml",
     {"这个月电费怎么这么高，用电量不对。",
      "這個月電費怎麼這麼高，度數不對。",
      "My electricity bill is far too high."}},
    {"marketplace.yaml",
     {"我上周买的商品质量很差，打开一看是坏的，根本不能用。",
      "上週買的商品品質很差，一打開就是壞的，根本不能用。",
      "What I bought is of poor quality: it was broken and damaged."}},
    {"retail-store.yaml",
     {"我上周买的鞋子穿了一天就脱胶了，要求换一双。",
      "上週買的鞋子穿一天就脫膠了，要求換一雙。",
      "The shoes are of poor quality: they broke and are damaged."}},
    {"hospitality.yaml",
     {"奶茶出单太慢了，等了半个小时还没好。",
      "奶茶出餐太慢了，等了半小時還沒好。",
      "We waited forever and our meal is still not here."}},
    {"courier.yaml",
     {"快递一直没收到，卡在中转站已经五天了。",
      "包裹一直沒收到，延誤已經五天了，催了沒有用。",
      "My parcel is late and has not moved for five days."}},
    {"property-management.yaml",
     {"卫生间一直渗水，墙面开裂，楼下也被泡了。",
      "浴室一直滲水，牆面開裂，樓下也被泡了。",
      "The ceiling has a leak and the wall is cracked and damp."}},
    {"after-sales.yaml",
     {"我买的产品质量很差，用了一天就坏了。",
      "買的產品品質很差，用了一天就壞了。",
      "What I bought is of poor quality: it was broken and damaged."}},
    {"uk-financial.yaml",
     {"我上周买的商品质量很差，打开一看是坏的，根本不能用。",
      "上週買的商品品質很差，一打開就是壞的，根本不能用。",
      "What I bought is of poor quality: it was broken and damaged."}},
    {"us-financial.yaml",
     {"我上周买的商品质量很差，打开一看是坏的，根本不能用。",
      "上週買的商品品質很差，一打開就是壞的，根本不能用。",
      "What I bought is of poor quality: it was broken and damaged."}},
    {"iso-10002.yaml",
     {"我上周买的商品质量很差，打开一看是坏的，根本不能用。",
      "上週買的商品品質很差，一打開就是壞的，根本不能用。",
      "What I bought is of poor quality: it was broken and damaged."}},
    {"cn-bank-insurance.yaml",
     {"我上周买的商品质量很差，打开一看是坏的，根本不能用。",
      "上週買的商品品質很差，一打開就是壞的，根本不能用。",
      "What I bought is of poor quality: it was broken and damaged."}},
    {"cn-market.yaml",
     {"我上周买的商品质量很差，打开一看是坏的，根本不能用。",
      "上週買的商品品質很差，一打開就是壞的，根本不能用。",
      "What I bought is of poor quality: it was broken and damaged."}},
    {"management-review.yaml",
     {"第一季度投诉管理评审。", "第一季投訴管理審查。", "Management review of the first quarter."}},
    {"internal-review.yaml",
     {"客服态度恶劣，上次的处理结果我不同意。",
      "客服態度惡劣，上次的處理結果我不同意。",
      "Your agent was rude to me and I object to the outcome."}},
  /* clang-format on */
};

/* Who is walked here may be slow; what has its time is lived in tests/policies. */
static void take_all_the_time(const struct policy *policy)
{
    for (uint16_t s = 0; s < policy->step_count; s++) {
        const struct policy_step *step = &policy->steps[s];
        for (uint16_t a = 0; a < step->action_count; a++) {
            struct policy_requirement *asked; /* of this test's own policy */
            memcpy(&asked, &step->actions[a].requirements, sizeof asked);
            for (uint16_t r = 0; r < step->actions[a].require_count; r++) {
                asked[r].window.side = WINDOW_NONE;
            }
        }
    }
}

static void every_step_and_action_is_lived(void **state)
{
    const struct life *told = *state;
    SCOPED(policy_object_free)
    struct policy_object *object = journey_policy(SHIPPED_POLICIES, told->file);
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    unsigned kinds[EVENT_KIND_COUNT] = {0};
    take_all_the_time(&object->policy);
    uint64_t serial = 0;
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        struct walked walked = {0};
        static struct journey journey;
        arena_reset(arena);
        assert_true(journey_begin(&journey, object, arena, 1, monday_us, told->text[i]));
        assert_int_equal(journey.received.language, languages[i]);
        assert_true(journey.received.label_count > 0);
        assert_int_equal(journey.triaged, EVENT_TRIAGED);
        assert_int_equal(journey.state.step, object->policy.first_step);
        /* and texts that say nothing, so that a person is asked; a step that is left for good takes
         * a complaint for each way out of it */
        unsigned before = 0;
        do {
            before = taken_count(&walked);
            live(object, arena, &walked, ++serial, told->text[i], paces_s[i] * second_us);
            live(object, arena, &walked, ++serial, "……", paces_s[i] * second_us);
        } while (taken_count(&walked) > before);
        everything_was_reached(&object->policy, &walked);
        assert_true(walked.verdict_count > 0);
        for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++) {
            kinds[kind] += walked.kinds[kind];
        }
    }
    clocks_did_everything(&object->policy, kinds);
}

int main(void)
{
    enum { LIVES = sizeof lives / sizeof *lives };
    static struct CMUnitTest tests[LIVES];
    for (size_t i = 0; i < LIVES; i++) {
        tests[i] = (struct CMUnitTest){.name = lives[i].file,
                                       .test_func = every_step_and_action_is_lived,
                                       .initial_state = (void *)(uintptr_t)&lives[i]};
    }
    return _cmocka_run_group_tests("every step and action is lived", tests, LIVES, NULL, NULL);
}
