/*
 * Goal: any text of a policy, with any values in the form, is filled in or refused: within the
 * room, the same bytes every time, naming what it lacks out of the text itself; and a text without
 * a brace is what it says.
 *
 * The text, the values of the two fields and the size of the room are parts of the input, with a
 * unit separator between them.
 */
#include "policy_text.h"

#include "fuzz.h"
#include "policy_load.h"

enum { YEAR = 2026, PARTS = 4, NOON_S = 1780300800 };

static const char policy_yaml[] =
    "policy: fuzz\nversion: 1\ntitle: Fuzz\ncapacity: 1\nrepeat-window: 1 days\n"
    "reopen-window: 1 days\nroles: [agent]\nchannels: {phone: {title: Phone}}\n"
    "taxonomy: {late: {title: Late, patterns: late}}\nclasses: {all: {title: All, priority: 3}}\n"
    "queues: {desk: {title: Desk}}\nroutes: [{queue: desk}]\n"
    "fields:\n  amount: {title: Amount, type: money, unit: CNY}\n"
    "  when: {title: When, type: instant}\n"
    "opening: {step: work, unsure-step: work, unsure-queue: desk}\n"
    "steps:\n  work:\n    title: Work\n    phase: receipt\n    owner: agent\n    actions:\n"
    "      close: {title: Close, fact: closed, by: agent, to: done, needs: [amount, when]}\n"
    "  done:\n    title: Done\n    phase: closed\n    owner: agent\n    actions:\n"
    "      reopen: {title: Reopen, fact: reopened, by: agent, to: work}\n"
    "calendars: {office: {zone: Asia/Shanghai, hours: {mon-fri: 09:00-17:00}}}\n"
    "clocks:\n  solve: {title: Solve, starts: [received], stops: [closed], within: 2 business "
    "days, calendar: office, levels: [{breach: due}]}\n";

static const struct policy *policy_get(void)
{
    static struct policy_object *object;
    struct policy_report report = {0};
    if (!object) {
        struct slice yaml = slice_of(policy_yaml, sizeof policy_yaml - 1);
        object = policy_load_blind("fuzz", yaml, YEAR, YEAR, &report);
        MUST(object);
        policy_report_done(&report);
    }
    return &object->policy;
}

/* The parts of the input as texts of their own; where one is missing it is empty. */
static void parts_take(const uint8_t *data, size_t size, char *parts[PARTS])
{
    size_t from = 0;
    for (size_t i = 0; i < PARTS; i++) {
        size_t end = from;
        while (end < size && data[end] != 0x1f && data[end] != 0) {
            end++;
        }
        parts[i] = malloc(end - from + 1);
        MUST(parts[i]);
        memcpy(parts[i], data + from, end - from);
        parts[i][end - from] = '\0';
        from = end < size ? end + 1 : size;
    }
}

static void fill(const struct policy *policy, char *parts[PARTS], enum locale locale, size_t room)
{
    const char *says = parts[0];
    const struct policy_text text = {.id = "text", .says = {.text = {says, says, says}}};
    const int64_t dues[POLICY_CLOCKS_MAX] = {INT64_C(1000000) * NOON_S};
    const struct event_field fields[] = {
        {.name = slice_text("amount"), .value = slice_text(parts[1])},
        {.name = slice_text("when"),   .value = slice_text(parts[2])},
    };
    const struct policy_text_facts facts = {.locale = locale,
                                            .action = &policy->steps[0].actions[0],
                                            .number = slice_text("260601-K7F2M-9QX4"),
                                            .received_at_us = INT64_C(1000000) * NOON_S,
                                            .now_us = INT64_C(1000000) * NOON_S,
                                            .category = POLICY_NONE,
                                            .clock_due_us = dues,
                                            .field_count = 2,
                                            .fields = fields};
    char *one = malloc(room + 1);
    char *two = malloc(room + 1);
    size_t size = 0;
    size_t again = 0;
    struct slice lacking = {0};
    MUST(one && two);
    bool good = policy_text_fill(policy, &text, &facts, one, room, &size, &lacking);
    MUST(good == policy_text_fill(policy, &text, &facts, two, room, &again, &lacking));
    MUST(!good || (size <= room && size == again && memcmp(one, two, size) == 0));
    const uint8_t *begin = (const uint8_t *)says;
    MUST(good || lacking.size == 0 ||
         (lacking.bytes >= begin && lacking.bytes + lacking.size <= begin + strlen(says)));
    MUST(!good || strpbrk(says, "{}") || (size == strlen(says) && memcmp(one, says, size) == 0));
    free(one);
    free(two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *parts[PARTS];
    if (size == 0 || size > 4096) {
        return 0;
    }
    parts_take(data + 1, size - 1, parts);
    size_t room = strlen(parts[3]) > 0 ? strlen(parts[3]) : POLICY_TEXT_SAID_MAX;
    fill(policy_get(), parts, (enum locale)(data[0] % LOCALE_COUNT), room);
    for (size_t i = 0; i < PARTS; i++) {
        free(parts[i]);
    }
    return 0;
}
