/*
 * Goal: a person who asks gets back where the case stands and what may be done next, and a command
 * out of shape is refused, never half understood (law 9).  Method: commands packed as a desk would,
 * replies unpacked as one would, over a state of the fixture policy.
 */
#include "dispatch_wire.h"

#include "case_number.h"
#include "dispatch_store_more.h"
#include "policy_fixture.h"
#include "scope.h"
#include "unit.h"

enum { ARENA_SIZE = 1 << 20 };

static Redress__Command__V1__Reply *reply_read(struct slice bytes)
{
    Redress__Command__V1__Reply *reply =
        redress__command__v1__reply__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(reply);
    return reply;
}

static bool is(ProtobufCBinaryData data, const char *text)
{
    return slice_equal(slice_of(data.data, data.len), slice_text(text));
}

static void a_claim_proposed_by_redis_is_read_back_as_a_command(void **state)
{
    (void)state;
    struct error error = {.text = ""};
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    struct slice bytes = dispatch_claim_pack(slice_text("0123456789abcdef"),
                                             slice_text("王明"),
                                             slice_text("handler"),
                                             case_id_make(5, 42),
                                             slice_text("shop/desk"),
                                             slice_text("token"),
                                             arena);
    const Redress__Command__V1__Command *command = dispatch_decode(bytes, arena, &error);
    assert_non_null(command);
    assert_true(is(command->command_id, "0123456789abcdef"));
    assert_true(is(command->actor, "王明"));
    assert_true(is(command->role, "handler"));
    assert_non_null(command->act);
    assert_int_equal(command->act->case_id, case_id_make(5, 42));
    assert_true(is(command->act->action, "claim"));
    assert_true(is(command->act->claim_token, "token"));
    for (size_t cut = 1; cut < bytes.size; cut++) {
        const Redress__Command__V1__Command *half =
            dispatch_decode(slice_of(bytes.bytes, cut), arena, &error);
        assert_true(!half || !half->act || !half->act->has_claim_token);
    }
    assert_null(dispatch_decode(slice_text("\xff\xff\xff\xff"), arena, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
}

static uint64_t copied(const Redress__Command__V1__Command *command, uint8_t *bytes)
{
    struct slice body = dispatch_command_body(command);
    assert_true(body.size > 0 && body.size <= 256);
    memcpy(bytes, body.bytes, body.size);
    return body.size;
}

static bool is_same(const Redress__Command__V1__Command *one,
                    const Redress__Command__V1__Command *other)
{
    uint8_t bytes[2][256];
    uint64_t sizes[2] = {copied(one, bytes[0]), copied(other, bytes[1])};
    return sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0;
}

static ProtobufCBinaryData data_of(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
}

/* Planted: the id, the version or the token part of it; a claim not told from what it became; an
 * act with a queue that is no claim taken for one. */
static void a_command_is_the_same_by_who_asks_for_what(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    struct error error = {.text = ""};
    Redress__Command__V1__Act act = REDRESS__COMMAND__V1__ACT__INIT;
    act.has_case_id = act.has_action = act.has_note = 1;
    act.case_id = 42;
    act.action = data_of("note");
    act.note = data_of("来电");
    Redress__Command__V1__Command one = REDRESS__COMMAND__V1__COMMAND__INIT;
    one.has_command_id = one.has_actor = one.has_role = 1;
    one.command_id = data_of("0123456789abcdef");
    one.actor = data_of("li");
    one.role = data_of("agent");
    one.act = &act;
    Redress__Command__V1__Command other = one;
    Redress__Command__V1__Act again = act;
    other.act = &again;
    other.command_id = data_of("fedcba9876543210");
    again.has_expected_version = again.has_claim_token = 1;
    again.expected_version = 7;
    again.claim_token = data_of("token");
    assert_true(is_same(&one, &other));
    again.case_id = 43;
    assert_false(is_same(&one, &other));
    again.case_id = 42;
    again.note = data_of("来信");
    assert_false(is_same(&one, &other));
    again.note = act.note;
    again.has_queue = 1;
    again.queue = data_of("shop/desk");
    Redress__Command__V1__Act noted = again;
    noted.note = data_of("来信");
    Redress__Command__V1__Command third = other;
    third.act = &noted;
    assert_false(is_same(&third, &other));
    again = act;
    other.role = data_of("chief");
    assert_false(is_same(&one, &other));

    Redress__Command__V1__Claim claim = REDRESS__COMMAND__V1__CLAIM__INIT;
    claim.has_queue = 1;
    claim.queue = data_of("shop/desk");
    one.act = NULL;
    one.claim = &claim;
    struct slice bytes = dispatch_claim_pack(slice_text("0123456789abcdef"),
                                             slice_text("li"),
                                             slice_text("agent"),
                                             42,
                                             slice_text("shop/desk"),
                                             slice_text("token"),
                                             arena);
    const Redress__Command__V1__Command *become = dispatch_decode(bytes, arena, &error);
    assert_true(become && is_same(&one, become));
    claim.queue = data_of("shop/door");
    assert_false(is_same(&one, become));
}

/* LAW 9: a name is what people read, and nothing that steers what shows it. */
static void names_are_letters_in_one_line(void **state)
{
    (void)state;
    static const char longest[] = "12345678901234567890123456789012345678901234567";
    /* what is not seen makes two names look like one */
    /* NOLINTBEGIN(misc-misleading-bidirectional): that is what they are here for */
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"li",                                               true },
        {"王小明 (Xiǎomíng)",                           true },
        {"שרה\xe2\x80\x8f",                               false},
        {"eve\xe2\x80\x8bil",                                false},
        {"\xe3\x85\xa4",                                     false},
        {"葛\xf3\xa0\x84\x80",                              false},
        {"שרה",                                           true },
        {longest,                                            true },
        {"123456789012345678901234567890123456789012345678", false},
        {"",                                                 false},
        {"li\nwang",                                         false},
        {"esc\033[31m",                                      false},
        {"\x7f",                                             false},
        {"c1\xc2\x9b"
         "31m",                                     false},
        {"\xff",                                             false},
        {"line\xe2\x80\xa8separator",                        false},
        {"li\xe2\x80\xaa",                                   false},
        {"li\xe2\x80\xaegnaw",                               false},
        {"\xe2\x81\xa6li",                                   false},
        {"li\xe2\x81\xa9",                                   false},
    };
    /* NOLINTEND(misc-misleading-bidirectional) */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Redress__Command__V1__Command command = REDRESS__COMMAND__V1__COMMAND__INIT;
        const ProtobufCBinaryData good = {2, (uint8_t *)(uintptr_t) "li"};
        const ProtobufCBinaryData tried = {strlen(rows[i].name),
                                           (uint8_t *)(uintptr_t)rows[i].name};
        command.has_actor = command.has_role = 1;
        command.actor = tried;
        command.role = good;
        assert_int_equal(dispatch_names_are_good(&command), rows[i].good);
        command.actor = good;
        command.role = tried;
        assert_int_equal(dispatch_names_are_good(&command), rows[i].good);
    }
    Redress__Command__V1__Command nobody = REDRESS__COMMAND__V1__COMMAND__INIT;
    assert_false(dispatch_names_are_good(&nobody));
}

static void fields_are_taken_up_to_their_bound(void **state)
{
    (void)state;
    enum { COUNT = POLICY_NEEDS_MAX + 1 };
    Redress__Command__V1__Field fields[COUNT];
    Redress__Command__V1__Field *list[COUNT];
    struct event_field taken[EVENT_FIELDS_MAX];
    uint32_t count = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        fields[i] = (Redress__Command__V1__Field)REDRESS__COMMAND__V1__FIELD__INIT;
        fields[i].name = (ProtobufCBinaryData){1, (uint8_t *)&"abcdefghijklmnopq"[i]};
        fields[i].value = (ProtobufCBinaryData){2, (uint8_t *)"v\xff"};
        list[i] = &fields[i];
    }
    Redress__Command__V1__Act act = REDRESS__COMMAND__V1__ACT__INIT;
    act.fields = list;
    act.n_fields = POLICY_NEEDS_MAX;
    assert_true(dispatch_fields_of(&act, taken, &count));
    assert_int_equal(count, POLICY_NEEDS_MAX);
    assert_true(slice_equal(taken[15].name, slice_text("p")));
    assert_true(slice_equal(taken[0].value, slice_text("v\xff")));
    act.n_fields = COUNT;
    assert_false(dispatch_fields_of(&act, taken, &count));
}

static struct dispatch_case standing(void)
{
    return (struct dispatch_case){.case_id = case_id_make(5, 42),
                                  .received_at_us = 1710727200000000,
                                  .version = 7,
                                  .step = FIXTURE_STEP_APPROVAL,
                                  .queue = FIXTURE_QUEUE_SERVICE,
                                  .category = FIXTURE_CATEGORY_LATE,
                                  .priority = 2,
                                  .agent_role = POLICY_NONE};
}

/* Each action of the step, with the roles and fields the policy gives it. */
static void assert_allowed(const Redress__Command__V1__Reply *reply, const struct policy_step *step)
{
    const struct policy *policy = policy_fixture();
    assert_int_equal(reply->n_allowed, step->action_count);
    for (size_t i = 0; i < reply->n_allowed; i++) {
        const Redress__Command__V1__Allowed *allowed = reply->allowed[i];
        const struct policy_action *action = &step->actions[i];
        assert_true(is(allowed->action, action->id));
        assert_int_equal(allowed->n_roles, __builtin_popcount(action->roles));
        for (size_t r = 0; r < allowed->n_roles; r++) {
            struct slice role = slice_of(allowed->roles[r].data, allowed->roles[r].len);
            assert_int_equal(action->roles >> policy_role_index(policy, role) & 1U, 1);
        }
        assert_int_equal(allowed->n_needs, action->need_count);
        assert_int_equal(allowed->has_to_step, action->to_step != POLICY_NONE);
        if (allowed->has_to_step) {
            assert_true(is(allowed->to_step, policy->steps[action->to_step].id));
        }
    }
}

static void a_reply_says_where_the_case_stands_and_what_may_be_done(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    struct dispatch_case held = standing();
    const struct policy *policy = policy_fixture();
    struct dispatch_reply told = {.command_id = slice_text("0123456789abcdef"),
                                  .outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE,
                                  .case_id = held.case_id,
                                  .seq = 99,
                                  .policy = policy,
                                  .state = &held,
                                  .allowed = true};
    Redress__Command__V1__Reply *reply = reply_read(dispatch_reply_pack(&told, arena));
    char number[CASE_NUMBER_SIZE];
    case_number_format(held.case_id, held.received_at_us, number);
    assert_true(is(reply->command_id, "0123456789abcdef"));
    assert_true(is(reply->case_number, number));
    assert_int_equal(reply->case_id, held.case_id);
    assert_int_equal(reply->seq, 99);
    assert_int_equal(reply->version, 7);
    assert_int_equal(reply->priority, 2);
    assert_true(is(reply->step, policy->steps[FIXTURE_STEP_APPROVAL].id));
    assert_true(is(reply->queue, policy->queues[FIXTURE_QUEUE_SERVICE].id));
    assert_true(is(reply->category, policy->categories[FIXTURE_CATEGORY_LATE].id));
    assert_false(reply->has_agent || reply->has_code || reply->has_text || reply->has_endpoint);
    assert_allowed(reply, &policy->steps[FIXTURE_STEP_APPROVAL]);
    redress__command__v1__reply__free_unpacked(reply, NULL);

    held.queue = held.category = POLICY_NONE;
    (void)snprintf(held.agent, sizeof held.agent, "林小姐");
    told.allowed = false;
    reply = reply_read(dispatch_reply_pack(&told, arena));
    assert_true(is(reply->agent, "林小姐"));
    assert_false(reply->has_queue || reply->has_category);
    assert_int_equal(reply->n_allowed, 0);
    redress__command__v1__reply__free_unpacked(reply, NULL);
}

static void a_refusal_carries_its_code_and_a_move_its_endpoint(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    struct dispatch_reply told = {.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_MOVED,
                                  .code = "moved",
                                  .text = "ask there",
                                  .endpoint = "ipc:///there",
                                  .claim_token = slice_text("token")};
    Redress__Command__V1__Reply *reply = reply_read(dispatch_reply_pack(&told, arena));
    assert_int_equal(reply->outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_MOVED);
    assert_true(is(reply->code, "moved"));
    assert_true(is(reply->text, "ask there"));
    assert_true(is(reply->endpoint, "ipc:///there"));
    assert_true(is(reply->claim_token, "token"));
    assert_false(reply->has_command_id || reply->has_case_id || reply->has_seq || reply->has_step);
    redress__command__v1__reply__free_unpacked(reply, NULL);
    struct arena *small = arena_new(8);
    assert_int_equal(dispatch_reply_pack(&told, small).size, 0);
    arena_free(&small);
}

/* Neither to who asks nor where nobody is named: it fails where undoing a merge is listed as
 * possible although nothing was merged, or a second hold (law 10: the first lift would end both).
 */
static void what_the_case_does_not_stand_for_is_listed_with_why_not(void **state)
{
    (void)state;
    static const struct {
        enum event_kind fact;
        uint8_t hold;
        uint16_t back_step;
        const char *refusal; /* NULL: none where nobody is named */
    } rows[] = {
        {EVENT_UNMERGED,    0, 0, "not_merged" },
        {EVENT_UNMERGED,    0, 1, NULL         },
        {EVENT_HELD,        0, 0, NULL         },
        {EVENT_HELD,        1, 0, "held_before"},
        {EVENT_HOLD_LIFTED, 0, 0, "not_held"   },
        {EVENT_HOLD_LIFTED, 1, 0, NULL         },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
        static struct policy_step steps[FIXTURE_STEP_CLOSED + 1]; /* large, as the next */
        static struct policy policy;
        policy = *policy_fixture();
        memcpy(steps, policy.steps, sizeof steps);
        policy.steps = steps;
        struct dispatch_case held = standing();
        steps[held.step].actions[0].fact = rows[i].fact;
        held.more.hold = rows[i].hold;
        held.more.back_step = rows[i].back_step;
        const struct dispatch_input stranger = {.actor = slice_text("li"),
                                                .role = slice_text("nobody")};
        struct dispatch_reply told = {.policy = &policy, .state = &held, .allowed = true};
        Redress__Command__V1__Reply *reply = reply_read(dispatch_reply_pack(&told, arena));
        assert_int_equal(reply->allowed[0]->has_refusal, rows[i].refusal != NULL);
        assert_true(!rows[i].refusal || is(reply->allowed[0]->refusal, rows[i].refusal));
        assert_false(reply->allowed[1]->has_refusal);
        redress__command__v1__reply__free_unpacked(reply, NULL);
        told.asker = &stranger; /* not as what others may */
        reply = reply_read(dispatch_reply_pack(&told, arena));
        assert_true(
            is(reply->allowed[0]->refusal, rows[i].refusal ? rows[i].refusal : "role_may_not"));
        redress__command__v1__reply__free_unpacked(reply, NULL);
    }
}

/* LAW 10: where a case may be erased, who may is told, and why not yet. */
static void erasing_is_listed_where_a_case_has_ended(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    static struct policy keeps; /* large */
    keeps = *policy_fixture();
    keeps.retention.roles = 1U << FIXTURE_ROLE_SUPERVISOR;
    struct dispatch_case held = standing();
    const struct dispatch_input asker = {.actor = slice_text("li"),
                                         .role = slice_text("supervisor")};
    struct dispatch_reply told = {
        .policy = &keeps, .state = &held, .asker = &asker, .allowed = true};
    Redress__Command__V1__Reply *reply = reply_read(dispatch_reply_pack(&told, arena));
    assert_int_equal(reply->n_allowed, keeps.steps[held.step].action_count);
    redress__command__v1__reply__free_unpacked(reply, NULL);

    held.step = FIXTURE_STEP_CLOSED;
    held.closed_at_us = held.received_at_us + 1;
    held.more.hold = 1;
    reply = reply_read(dispatch_reply_pack(&told, arena));
    assert_int_equal(reply->n_allowed, keeps.steps[FIXTURE_STEP_CLOSED].action_count + 1);
    const Redress__Command__V1__Allowed *erase = reply->allowed[reply->n_allowed - 1];
    assert_true(is(erase->action, "erase"));
    assert_int_equal(erase->n_roles, 1);
    assert_true(is(erase->roles[0], "supervisor"));
    assert_int_equal(erase->n_required, 1);
    assert_true(is(erase->required[0], "reason"));
    assert_true(is(erase->refusal, "on_hold"));
    redress__command__v1__reply__free_unpacked(reply, NULL);

    keeps.retention.roles = 0; /* nobody ever erases */
    reply = reply_read(dispatch_reply_pack(&told, arena));
    assert_int_equal(reply->n_allowed, keeps.steps[FIXTURE_STEP_CLOSED].action_count);
    redress__command__v1__reply__free_unpacked(reply, NULL);
}

/* What was written by the version before is never read as if it were ours: any change of the pieces
 * changes these bytes, and then the form has to grow and both numbers here with it. */
static void a_row_of_other_pieces_is_of_another_form(void **state)
{
    (void)state;
    enum { OURS = 4 };
    const uint64_t pieces = 0xf722079747b15624;
    struct dispatch_more full;
    struct dispatch_more again;
    uint8_t bytes[DISPATCH_MORE_SIZE];
    memset(&full, 1, sizeof full);
    full.outcome = 1;
    size_t size = dispatch_more_pack(&full, bytes);
    assert_true(dispatch_more_unpack(slice_of(bytes, size), &again));
    assert_memory_equal(&again, &full, sizeof full); /* every member has its piece */
    assert_int_equal(bytes[0], OURS);
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    for (size_t i = 1; i < size; i++) {
        hash = (hash ^ bytes[i]) * 1099511628211U;
    }
    assert_int_equal(hash, pieces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_other_pieces_is_of_another_form),
        cmocka_unit_test(a_claim_proposed_by_redis_is_read_back_as_a_command),
        cmocka_unit_test(a_command_is_the_same_by_who_asks_for_what),
        cmocka_unit_test(names_are_letters_in_one_line),
        cmocka_unit_test(fields_are_taken_up_to_their_bound),
        cmocka_unit_test(what_the_case_does_not_stand_for_is_listed_with_why_not),
        cmocka_unit_test(erasing_is_listed_where_a_case_has_ended),
        cmocka_unit_test(a_reply_says_where_the_case_stands_and_what_may_be_done),
        cmocka_unit_test(a_refusal_carries_its_code_and_a_move_its_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
