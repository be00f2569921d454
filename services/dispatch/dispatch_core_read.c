/* Reading what is sealed of a case; see dispatch_core_read.h. */
#include "dispatch_core_read.h"

#include "dispatch_core_after.h"
#include "dispatch_core_rules.h"

enum { REASON_MAX = 500 }; /* characters */

static bool place_parse(struct slice word, uint64_t *place)
{
    enum { DIGITS_MAX = 18 }; /* fewer than would overflow */
    if (slice_equal(word, slice_text("complaint"))) {
        *place = DISPATCH_READ_COMPLAINT;
        return true;
    }
    bool good = word.size > 0 && word.size <= DIGITS_MAX && word.bytes[0] != '0';
    *place = 0;
    for (size_t i = 0; good && i < word.size; i++) {
        good = word.bytes[i] >= '0' && word.bytes[i] <= '9';
        *place = *place * 10 + (uint64_t)(word.bytes[i] - '0');
    }
    return good;
}

bool dispatch_read_places(struct slice what, uint64_t places[DISPATCH_READ_MAX], uint32_t *count)
{
    size_t at = 0;
    *count = 0;
    while (what.size > 0 && at <= what.size && *count < DISPATCH_READ_MAX) {
        const uint8_t *blank = at < what.size ? memchr(what.bytes + at, ' ', what.size - at) : NULL;
        size_t end = blank ? (size_t)(blank - what.bytes) : what.size;
        if (!place_parse(slice_of(what.bytes + at, end - at), &places[*count])) {
            return false;
        }
        for (uint32_t i = 0; i < *count; i++) {
            if (places[i] == places[*count]) {
                return false;
            }
        }
        ++*count;
        at = end + 1;
    }
    return at > what.size;
}

/* What is to be read, and why, if that is said, and nothing else: it stays for good, in the clear
 * unless the policy has a personal field of that name. */
static struct dispatch_permit form_of(const struct dispatch_input *input)
{
    static const struct policy_field reason = {.has_max = true, .max = REASON_MAX};
    struct dispatch_permit permit = {.answer = DISPATCH_APPEND, .what = slice_text("what")};
    uint64_t places[DISPATCH_READ_MAX];
    uint32_t count;
    unsigned reasons = 0;
    if (slice_equal(input->bad_field, slice_text("note"))) {
        return (struct dispatch_permit){.answer = DISPATCH_FIELD_UNKNOWN, .what = input->bad_field};
    }
    for (uint32_t i = 0; i < input->field_count; i++) {
        const struct event_field *field = &input->fields[i];
        bool says_why = slice_equal(field->name, slice_text("reason"));
        if (!says_why && !slice_equal(field->name, slice_text("what"))) {
            return (struct dispatch_permit){.answer = DISPATCH_FIELD_UNKNOWN, .what = field->name};
        }
        reasons += says_why;
        bool bad = field->sealed.size == 0 && (slice_equal(input->bad_field, field->name) ||
                                               !policy_field_accepts(&reason, field->value));
        if (says_why && (reasons > 1 || bad)) {
            return (struct dispatch_permit){.answer = DISPATCH_FIELD_INVALID, .what = field->name};
        }
    }
    if (input->field_count == reasons) {
        permit.answer = DISPATCH_FIELD_MISSING;
    } else if (input->field_count - reasons > 1 ||
               !dispatch_read_places(rules_field(input, "what"), places, &count)) {
        permit.answer = DISPATCH_FIELD_INVALID;
    }
    return permit;
}

struct dispatch_permit read_permit(const struct policy *policy,
                                   const struct dispatch_case *state,
                                   const struct dispatch_input *input,
                                   bool blank)
{
    struct dispatch_permit permit = rules_personal(policy, state, input, policy->readers);
    return permit.answer == DISPATCH_APPEND && !blank ? form_of(input) : permit;
}

enum dispatch_answer read_decide(const struct policy *policy,
                                 const struct dispatch_case *state,
                                 const struct dispatch_input *input,
                                 struct event *out,
                                 struct slice *refused_field)
{
    struct dispatch_permit permit = read_permit(policy, state, input, false);
    *refused_field = permit.what;
    if (permit.answer != DISPATCH_APPEND) {
        return permit.answer;
    }
    const struct after after = after_stands(state);
    after_begin(state, input, EVENT_READ, out);
    after_advance(policy, state, input, &after, out);
    out->advanced.action = slice_text("read");
    for (uint32_t i = 0; i < input->field_count; i++) {
        out->advanced.fields[out->advanced.field_count++] = input->fields[i];
    }
    return DISPATCH_APPEND;
}
