#include "intake_core.h"

/*
 * Earliest instants that are believed.  Adapters that send seconds or milliseconds instead of
 * microseconds land in January 1970; nobody's call center has received anything before 2000, but
 * what is complained about may be older.
 */
static const int64_t earliest_received_us = 946684800 * INT64_C(1000000);
static const int64_t earliest_occurred_us = 31536000 * INT64_C(1000000);

static_assert(INTAKE_FUTURE_US == 300000000, "the text says five minutes");
static const char allowed_received[] =
    "microseconds since 1970-01-01 UTC, from 2000-01-01 on and at most 5 minutes ahead of the "
    "server's clock; leave it out for now";
static const char allowed_occurred[] =
    "microseconds since 1970-01-01 UTC, from 1971-01-01 on and not after received_at_us; leave it "
    "out if it was not told";

/* False, so that a refusal is one line. */
static bool refuse(struct intake_output *output,
                   enum intake_reason reason,
                   const char *field,
                   struct slice value,
                   const char *allowed)
{
    *output = (struct intake_output){.refusal = INTAKE_INVALID,
                                     .reason = reason,
                                     .field = field,
                                     .value = value,
                                     .allowed = allowed,
                                     .channel = POLICY_NONE,
                                     .category_hint = POLICY_NONE};
    return false;
}

static bool take_names(const struct intake_input *input, struct intake_output *output)
{
    static const struct slice nothing = {0};
    if (!input->id_present) {
        return refuse(
            output, INTAKE_ID, "submission_id", nothing, "16 bytes chosen by the adapter: a UUID");
    }
    if (!input->policy) {
        return refuse(
            output,
            INTAKE_POLICY,
            "policy",
            input->policy_name,
            "the name of a policy in the archive's table policy; a new one counts after a few "
            "seconds");
    }
    output->channel = policy_channel_index(input->policy, input->channel);
    if (output->channel == POLICY_NONE) {
        return refuse(output,
                      INTAKE_CHANNEL,
                      "channel",
                      input->channel,
                      "the id of a channel of this policy: see channels in the policy's file");
    }
    output->acknowledged_by_receipt =
        input->policy->channels[output->channel].acknowledged_by_receipt;
    return true;
}

static bool take_times(const struct intake_input *input, struct intake_output *output)
{
    static const struct slice nothing = {0};
    const int64_t now_us = input->now_us;
    int64_t told_us = input->received_at_present ? input->received_at_us : now_us;
    /* Lower bounds first: after them the subtraction of INTAKE_FUTURE_US cannot overflow. */
    if (input->received_at_present &&
        (told_us < earliest_received_us || told_us - INTAKE_FUTURE_US > now_us)) {
        (void)refuse(output, INTAKE_RECEIVED_AT, "received_at_us", nothing, allowed_received);
        output->limit = INTAKE_FUTURE_US / 1000000;
        return false;
    }
    output->received_at_us = told_us < now_us ? told_us : now_us;
    if (!input->occurred_at_present) {
        return true;
    }
    if (input->occurred_at_us < earliest_occurred_us) {
        return refuse(output, INTAKE_OCCURRED_AT, "occurred_at_us", nothing, allowed_occurred);
    }
    /* Compared with what the adapter told, by the adapter's own clock; without that, its clock may
     * be ahead of ours. */
    int64_t lead_us = input->received_at_present ? 0 : INTAKE_FUTURE_US;
    if (input->occurred_at_us - lead_us > told_us) {
        return refuse(output, INTAKE_OCCURRED_AT, "occurred_at_us", nothing, allowed_occurred);
    }
    output->occurred_at_us = input->occurred_at_us < output->received_at_us
                                 ? input->occurred_at_us
                                 : output->received_at_us;
    return true;
}

/* The texts; a value is shown only where it is no personal one. */
static bool take_texts(const struct intake_input *input, struct intake_output *output)
{
    static const char text[] = "1 to 65536 bytes of UTF-8 without NUL";
    static const char personal[] = "at most 512 bytes of UTF-8 without NUL";
    static const char clean[] = "name, contact, reference and demand in UTF-8 without NUL";
    static const char short_text[] = "at most 256 bytes of UTF-8 without NUL";
    static_assert(INTAKE_PERSON_MAX == 512 && INTAKE_NARRATIVE_MAX == 65536 &&
                      INTAKE_PRODUCT_MAX == 256,
                  "the texts name the bounds");
    /* clang-format off */
    const struct {
        const char *field;
        size_t size, min, max;
        bool clean;
        enum intake_reason reason;
        const char *allowed;
    } rows[] = {
        {"narrative", input->narrative_size, 1, INTAKE_NARRATIVE_MAX, input->narrative_clean,
         INTAKE_NARRATIVE, text},
        {"person.name", input->name_size, 0, INTAKE_PERSON_MAX, true, INTAKE_LONG, personal},
        {"person.contact", input->contact_size, 0, INTAKE_PERSON_MAX, true, INTAKE_LONG, personal},
        {"person.reference", input->reference_size, 0, INTAKE_PERSON_MAX, true, INTAKE_LONG,
         personal},
        {"demand", input->demand_size, 0, INTAKE_PERSON_MAX, true, INTAKE_LONG, personal},
        {"person", 0, 0, INTAKE_PERSON_MAX, input->person_clean, INTAKE_UNCLEAN, clean},
        {"product", input->product.size, 0, INTAKE_PRODUCT_MAX, input->product_clean,
         INTAKE_PRODUCT, short_text},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].size < rows[i].min || rows[i].size > rows[i].max || !rows[i].clean) {
            bool personal_row = rows[i].allowed != short_text;
            struct slice value = personal_row ? (struct slice){0} : input->product;
            (void)refuse(output, rows[i].reason, rows[i].field, value, rows[i].allowed);
            output->limit = rows[i].reason == INTAKE_UNCLEAN ? 0 : (uint32_t)rows[i].max;
            return false;
        }
    }
    return true;
}

void intake_decide(const struct intake_input *input, struct intake_output *output)
{
    *output = (struct intake_output){
        .refusal = INTAKE_ACCEPTED, .channel = POLICY_NONE, .category_hint = POLICY_NONE};
    if (!take_names(input, output) || !take_times(input, output) || !take_texts(input, output)) {
        return;
    }
    /*
     * A hint the policy does not know is dropped, not refused: it is advice, often from a form that
     * is older than the policy, and triage decides without it; a complaint must not be held up by a
     * stale list in an adapter.
     */
    output->category_hint = policy_category_index(input->policy, input->category_hint);
}
