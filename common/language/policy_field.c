#include "policy_field.h"

#include <inttypes.h>

enum { SCALE = 10000 };

void policy_bound_text(const struct policy_field *field,
                       int64_t bound,
                       char text[POLICY_BOUND_SIZE])
{
    if (field->type == FORM_DATE) {
        (void)snprintf(text,
                       POLICY_BOUND_SIZE,
                       "%04d-%02d-%02d",
                       (int)(bound / 10000),
                       (int)(bound / 100 % 100),
                       (int)(bound % 100));
    } else if (field->type == FORM_TEXT) {
        (void)snprintf(text, POLICY_BOUND_SIZE, "%" PRId64, bound);
    } else {
        char digits[POLICY_DECIMALS_MAX + 1];
        int64_t whole = bound < 0 ? -bound : bound;
        (void)snprintf(digits, sizeof digits, "%04d", (int)(whole % SCALE));
        (void)snprintf(text,
                       POLICY_BOUND_SIZE,
                       "%s%" PRId64 "%s%.*s",
                       bound < 0 ? "-" : "",
                       whole / SCALE,
                       field->decimals > 0 ? "." : "",
                       field->decimals,
                       digits);
    }
}

static void bound_tell(const struct policy_field *field, int64_t bound, FILE *out)
{
    char text[POLICY_BOUND_SIZE];
    policy_bound_text(field, bound, text);
    (void)fputs(text, out);
}

static void choices_tell(const struct policy_field *field, FILE *out)
{
    for (uint16_t i = 0; i < field->choice_count; i++) {
        (void)fprintf(out, "%s%s", i > 0 ? ", " : " ", field->choices[i].id);
    }
}

void policy_field_tell(const struct policy_field *field, FILE *out)
{
    static const char *const types[] = {
        [FORM_TEXT] = "a text",
        [FORM_NUMBER] = "a number",
        [FORM_MONEY] = "an amount",
        [FORM_DATE] = "a date such as 2026-02-28",
        [FORM_CHOICE] = "one of",
        [FORM_FLAG] = "yes or no",
        [FORM_INSTANT] = "an instant such as 2026-02-28T16:00:00+08:00",
        [FORM_HASH] = "the hash of a file, sha256: and 64 small hex digits",
    };
    (void)fputs(types[field->type], out);
    choices_tell(field, out);
    if (field->has_min) {
        (void)fputs(field->type == FORM_TEXT ? " of at least " : " from ", out);
        bound_tell(field, field->min, out);
    }
    if (field->has_max) {
        (void)fputs(field->type == FORM_TEXT ? " of at most " : " to ", out);
        bound_tell(field, field->max, out);
    }
    if (field->type == FORM_TEXT && (field->has_min || field->has_max)) {
        (void)fputs(" characters", out);
    }
    if (field->picture) {
        (void)fprintf(out, " like %s (9 a digit, A a capital, a a small letter)", field->picture);
    }
    if (field->unit) {
        (void)fprintf(out, " %s", field->unit);
    }
}
