#include "triage_core.h"

enum { PRIORITY_UNDECIDED = 3 };

/* Categories that were seen, each once. */
struct seen {
    uint32_t count;
    struct {
        uint16_t category;
        uint64_t hits;
    } rows[EVENT_LABELS_MAX];
};

static uint32_t label_count(const struct event_received *received)
{
    return received->label_count < EVENT_LABELS_MAX ? received->label_count : EVENT_LABELS_MAX;
}

/* Labels that are no category of the policy are patterns of factors: not looked at here. */
static void
see(const struct policy *policy, const struct event_received *received, struct seen *seen)
{
    seen->count = 0;
    for (uint32_t i = 0; i < label_count(received); i++) {
        uint16_t category = policy_category_index(policy, received->labels[i].name);
        if (category == POLICY_NONE || received->labels[i].hits == 0) {
            continue;
        }
        uint32_t row = 0;
        while (row < seen->count && seen->rows[row].category != category) {
            row++;
        }
        if (row == seen->count) {
            seen->count++;
            seen->rows[row].category = category;
            seen->rows[row].hits = 0;
        }
        seen->rows[row].hits += received->labels[i].hits;
    }
}

/* Truly beneath: a category is not beneath itself.  Ends, because a parent's index is smaller than
 * its child's. */
static bool is_beneath(const struct policy *policy, uint16_t lower, uint16_t upper)
{
    while (lower < policy->category_count) {
        uint16_t parent = policy->categories[lower].parent;
        if (parent == upper) {
            return true;
        }
        lower = parent < lower ? parent : POLICY_NONE;
    }
    return false;
}

/* What was seen outside root counts as not seen; POLICY_NONE: everything is inside. */
static void keep_beneath(const struct policy *policy, uint16_t root, struct seen *seen)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < seen->count; i++) {
        if (root == POLICY_NONE || is_beneath(policy, seen->rows[i].category, root)) {
            seen->rows[kept++] = seen->rows[i];
        }
    }
    seen->count = kept;
}

static void keep_most(struct seen *seen)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < seen->count; i++) {
        most = seen->rows[i].hits > most ? seen->rows[i].hits : most;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < seen->count; i++) {
        if (seen->rows[i].hits == most) {
            seen->rows[kept++] = seen->rows[i];
        }
    }
    seen->count = kept;
}

/* Of a category and one beneath it with as many hits the lower counts: it says the same, more
 * precisely. */
static void keep_lowest(const struct policy *policy, struct seen *seen)
{
    const struct seen all = *seen;
    seen->count = 0;
    for (uint32_t i = 0; i < all.count; i++) {
        bool refined = false;
        for (uint32_t j = 0; j < all.count; j++) {
            refined |= is_beneath(policy, all.rows[j].category, all.rows[i].category);
        }
        if (!refined) {
            seen->rows[seen->count++] = all.rows[i];
        }
    }
}

static bool is_related(const struct policy *policy, uint16_t a, uint16_t b)
{
    return a == b || is_beneath(policy, a, b) || is_beneath(policy, b, a);
}

/*
 * The one with most hits beneath root, or POLICY_NONE.  *tied: another one has as many, and the
 * hint does not point at just one of them; then the first of the policy stays as the proposal.
 */
static uint16_t leader(
    const struct policy *policy, const struct seen *all, uint16_t root, uint16_t hint, bool *tied)
{
    struct seen seen = *all;
    keep_beneath(policy, root, &seen);
    keep_most(&seen);
    keep_lowest(policy, &seen);
    uint16_t first = POLICY_NONE;
    uint16_t hinted = POLICY_NONE;
    uint32_t hinted_count = 0;
    for (uint32_t i = 0; i < seen.count; i++) {
        uint16_t category = seen.rows[i].category;
        first = category < first ? category : first;
        if (hint != POLICY_NONE && is_related(policy, category, hint)) {
            hinted = category;
            hinted_count++;
        }
    }
    *tied = seen.count > 1 && hinted_count != 1;
    return hinted_count == 1 ? hinted : first;
}

/* The category, with the reason to ask a person in *reason if there is one. */
static uint16_t choose_category(const struct policy *policy,
                                const struct event_received *received,
                                const char **reason)
{
    struct seen seen;
    see(policy, received, &seen);
    uint16_t hint = policy_category_index(policy, received->category_hint);
    if (seen.count == 0) {
        *reason = hint == POLICY_NONE ? "no_pattern" : NULL;
        return hint;
    }
    bool tied;
    uint16_t category = leader(policy, &seen, POLICY_NONE, hint, &tied);
    *reason = tied ? "several_categories" : NULL;
    if (tied) {
        return category;
    }
    /* What was seen beneath the winner makes it more precise, as far down as that is clear; then
     * the hint may. */
    for (bool deeper = true; deeper;) {
        uint16_t lower = leader(policy, &seen, category, hint, &tied);
        deeper = lower != POLICY_NONE && !tied;
        category = deeper ? lower : category;
    }
    return hint != POLICY_NONE && is_beneath(policy, hint, category) ? hint : category;
}

static int32_t add_clamped(int32_t a, int32_t b)
{
    int64_t sum = (int64_t)a + b;
    return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
}

static void
score(const struct policy *policy, const struct policy_facts *facts, struct event_triaged *out)
{
    for (uint16_t i = 0; i < policy->factor_count && out->factor_count < EVENT_FACTORS_MAX; i++) {
        const struct policy_factor *factor = &policy->factors[i];
        if (policy_when_holds(policy, &factor->when, facts)) {
            out->factors[out->factor_count++] =
                (struct event_factor){slice_text(factor->id), factor->points};
            out->score = add_clamped(out->score, factor->points);
        }
    }
}

static uint32_t priority_of(const struct policy *policy, uint16_t class_index)
{
    uint8_t priority = class_index != POLICY_NONE ? policy->classes[class_index].priority : 0;
    return priority >= 1 && priority <= 5 ? priority : PRIORITY_UNDECIDED;
}

enum event_kind triage_decide(const struct policy *policy,
                              const struct event_received *received,
                              const struct triage_repeats *repeats,
                              struct event_triaged *out)
{
    const char *reason = NULL;
    uint16_t category = choose_category(policy, received, &reason);
    struct policy_facts facts = {.channel = policy_channel_index(policy, received->channel),
                                 .category = category,
                                 .class_index = POLICY_NONE,
                                 .repeats = repeats->count,
                                 .label_count = label_count(received),
                                 .labels = received->labels};
    *out = (struct event_triaged){
        .founded = reason ? FOUNDED_UNSURE : FOUNDED_PRESUMED,
        .repeats = repeats->count,
        .language = received->language,
        .policy_id = received->policy_id,
        .channel = received->channel,
        .received_at_us = received->received_at_us,
        .customer = received->customer,
        .acknowledged_by_receipt = received->acknowledged_by_receipt,
        .reason = slice_text(reason),
    };
    while (out->related_count < repeats->related_count && out->related_count < EVENT_RELATED_MAX) {
        out->related[out->related_count] = repeats->related[out->related_count];
        out->related_count++;
    }
    score(policy, &facts, out);
    uint16_t class_index = policy_class_of(policy, &facts, out->score, NULL);
    out->priority = priority_of(policy, class_index);
    if (category != POLICY_NONE) {
        out->category = slice_text(policy->categories[category].id);
    }
    if (class_index != POLICY_NONE) {
        out->severity_class = slice_text(policy->classes[class_index].id);
    }
    return reason ? EVENT_TRIAGE_ASKED : EVENT_TRIAGED;
}
