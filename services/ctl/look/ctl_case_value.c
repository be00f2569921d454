/* What was filled in and what was seen, as the reader's language writes it: titles for ids, amounts
 * with their currency, days and times. */
#include "ctl_case.h"

#include <ctype.h>

/* The text of the catalogue whose name is before and id in capitals; CTL_TEXT_COUNT: none. */
static enum ctl_text text_named(const char *before, struct slice id)
{
    char wanted[64];
    size_t size = (size_t)snprintf(wanted, sizeof wanted, "%s", before);
    for (size_t i = 0; i < id.size && size + 1 < sizeof wanted; i++) {
        wanted[size++] = (char)toupper(id.bytes[i]);
        wanted[size] = '\0';
    }
    int found = 0;
    while (found < CTL_TEXT_COUNT && strcmp(ctl_text_name((enum ctl_text)found), wanted) != 0) {
        found++;
    }
    return (enum ctl_text)found;
}

const char *case_because(const struct ctl *ctl, struct slice reason, char into[VIEW_TEXT_MAX])
{
    enum ctl_text id = text_named("BECAUSE_", reason);
    return id == CTL_TEXT_COUNT ? view_plain(reason, into)
                                : view_plain(slice_text(ctl_text_in(ctl->language, id)), into);
}

/* The condition names the pattern. */
static bool names_pattern(const struct policy_when *when, struct slice id)
{
    for (uint16_t i = 0; i < when->pattern_count; i++) {
        if (slice_equal(id, slice_text(when->patterns[i]))) {
            return true;
        }
    }
    return false;
}

const char *case_label(const struct ctl *ctl,
                       const struct policy *policy,
                       struct slice id,
                       char into[VIEW_TEXT_MAX])
{
    if (policy && policy_category_index(policy, id) == POLICY_NONE) {
        for (uint16_t i = 0; i < policy->factor_count; i++) {
            if (names_pattern(&policy->factors[i].when, id)) {
                const char *title = view_title(ctl, &policy->factors[i].title);
                return view_plain(slice_text(title), into);
            }
        }
        return NULL;
    }
    return view_category(ctl, policy, id, into);
}

/* "1234567.50" as "1,234,567.50". */
static void grouped(const char *digits, char into[VIEW_TEXT_MAX])
{
    size_t sign = digits[0] == '-' ? 1 : 0;
    size_t whole = strcspn(digits + sign, ".");
    size_t used = 0;
    for (size_t i = 0; digits[i] != '\0' && used + 2 < VIEW_TEXT_MAX; i++) {
        bool inside = i > sign && i < sign + whole;
        if (inside && (sign + whole - i) % 3 == 0) {
            into[used++] = ',';
        }
        into[used++] = digits[i];
    }
    into[used] = '\0';
}

/* An amount with its currency where the language puts it; another unit stands behind. */
static const char *money_value(const struct ctl *ctl,
                               const struct policy_field *rules,
                               struct slice value,
                               char into[VIEW_TEXT_MAX])
{
    char plain[VIEW_TEXT_MAX];
    char amount[VIEW_TEXT_MAX];
    const char *unit = rules->unit ? rules->unit : "";
    grouped(view_plain(value, plain), amount);
    enum ctl_text id = text_named("MONEY_", slice_text(unit));
    if (id != CTL_TEXT_COUNT) {
        return view_text(ctl, id, CTL_ARGS(amount), into);
    }
    (void)snprintf(into, VIEW_TEXT_MAX, "%.180s%s%.60s", amount, unit[0] ? " " : "", unit);
    return into;
}

static const char *date_value(const struct ctl *ctl, struct slice value, char into[VIEW_TEXT_MAX])
{
    int64_t date = 0;
    char year[8];
    char month[4];
    char day[4];
    if (!policy_date_parse(value, &date)) {
        return view_plain(value, into);
    }
    (void)snprintf(year, sizeof year, "%04d", (int)(date / 10000 % 10000));
    (void)snprintf(month, sizeof month, "%02d", (int)(date / 100 % 100));
    (void)snprintf(day, sizeof day, "%02d", (int)(date % 100));
    return view_text(ctl, TEXT_DATE_IS, CTL_ARGS(year, month, day), into);
}

/* The title of a choice, or a word for yes and no; NULL: the value speaks for itself. */
static const char *
value_title(const struct ctl *ctl, const struct policy_field *rules, struct slice value)
{
    if (rules->type == FORM_FLAG) {
        bool yes = slice_equal(value, slice_text("yes"));
        return ctl_text_in(ctl->language, yes ? TEXT_DIFF_YES : TEXT_DIFF_NO);
    }
    for (uint16_t i = 0; rules->type == FORM_CHOICE && i < rules->choice_count; i++) {
        if (slice_equal(value, slice_text(rules->choices[i].id))) {
            return view_title(ctl, &rules->choices[i].title);
        }
    }
    return NULL;
}

/* As its type says. */
static const char *typed_value(const struct ctl *ctl,
                               const struct policy_field *rules,
                               struct slice value,
                               char into[VIEW_TEXT_MAX])
{
    int64_t at_s = 0;
    const char *title = value_title(ctl, rules, value);
    if (rules->type == FORM_MONEY) {
        return money_value(ctl, rules, value, into);
    }
    if (rules->type == FORM_DATE) {
        return date_value(ctl, value, into);
    }
    if (rules->type == FORM_INSTANT && policy_instant_parse(value, &at_s)) {
        return view_time(at_s * 1000000, into);
    }
    (void)view_plain(title ? slice_text(title) : value, into);
    size_t size = strlen(into);
    if (rules->unit && size + strlen(rules->unit) + 2 < VIEW_TEXT_MAX) {
        (void)snprintf(into + size, VIEW_TEXT_MAX - size, " %s", rules->unit);
    }
    return into;
}

/* Why nothing was erased, by the words of dispatch and the ground's title; NULL: another field. */
static const char *
kept_value(const struct ctl *ctl, const struct policy *policy, const struct event_field *told)
{
    enum ctl_text id = slice_equal(told->name, slice_text("@because"))
                           ? text_named("KEPT_", told->value)
                           : CTL_TEXT_COUNT;
    if (id != CTL_TEXT_COUNT) {
        return ctl_text_in(ctl->language, id);
    }
    bool ground = policy && slice_equal(told->name, slice_text("@ground"));
    for (uint16_t i = 0; ground && i < policy->retention.ground_count; i++) {
        if (slice_equal(told->value, slice_text(policy->retention.grounds[i].id))) {
            return view_title(ctl, &policy->retention.grounds[i].title);
        }
    }
    return NULL;
}

const char *case_field_value(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct event_advanced *advanced,
                             const struct event_field *told,
                             char into[VIEW_TEXT_MAX])
{
    const struct policy_need *need = case_need(policy, advanced, told->name);
    uint16_t field = policy ? policy_field_index(policy, told->name) : POLICY_NONE;
    const struct policy_field *rules = need && need->rules    ? need->rules
                                       : field != POLICY_NONE ? &policy->fields[field]
                                                              : NULL;
    if (told->sealed.size > 0) {
        return view_plain(slice_text(ctl_text_in(ctl->language, TEXT_FIELD_SEALED)), into);
    }
    const char *kept = kept_value(ctl, policy, told);
    if (kept) {
        return view_plain(slice_text(kept), into);
    }
    /* the names dispatch and watchdog read themselves, whatever the policy says of them */
    if (slice_equal(told->name, slice_text("category"))) {
        return view_category(ctl, policy, told->value, into);
    }
    if (slice_equal(told->name, slice_text("severity_class"))) {
        return view_class(ctl, policy, told->value, into);
    }
    if (slice_equal(told->name, slice_text("clock"))) {
        return view_clock(ctl, policy, told->value, into);
    }
    return rules ? typed_value(ctl, rules, told->value, into) : view_plain(told->value, into);
}
