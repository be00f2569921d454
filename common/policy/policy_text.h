/*
 * Texts of a policy: what replies, acknowledgements and interim news may be started from, with
 * variables in braces that are filled in from the case and from the form of the action.
 *
 *     您好，{number} 号投诉已受理，{due:solution}前答复。
 *
 * "{{" is a brace.  Nothing personal is at hand here: fields of forms are not, texts of
 * complainants are sealed (law 10).  The same facts give the same bytes anywhere.
 */
#ifndef REDRESS_POLICY_TEXT_H
#define REDRESS_POLICY_TEXT_H

#include "policy.h"

enum { POLICY_TEXT_SAID_MAX = 16 * 1024 }; /* bytes of a text that is filled in */

/* What a variable stands for. */
enum policy_variable {
    VARIABLE_NONE,     /* no variable of that name */
    VARIABLE_NUMBER,   /* {number}: the case's */
    VARIABLE_RECEIVED, /* {received}: the date */
    VARIABLE_TODAY,    /* {today}: the date */
    VARIABLE_CHANNEL,  /* {channel}, {category}, {class}: as people read it */
    VARIABLE_CATEGORY,
    VARIABLE_CLASS,
    VARIABLE_DUE,   /* {due:CLOCK}: when it is due */
    VARIABLE_FIELD, /* {FIELD}: as it was filled in */
};

/* A stretch of a text: as it stands, or the name of a variable. */
struct policy_text_piece {
    bool variable;
    bool open; /* a brace without its end; text is what follows it */
    struct slice text;
};

/* The next stretch from *at on, which moves on; false at the end. */
bool policy_text_next(const char **at, struct policy_text_piece *piece);

/* What a name stands for; *index of its clock or field. */
enum policy_variable
policy_variable_of(const struct policy *policy, struct slice name, uint16_t *index);

/* The names of those that stand for neither a clock nor a field; ends with NULL. */
extern const char *const policy_variable_names[];

/* What is filled in. */
struct policy_text_facts {
    enum locale locale;
    const struct policy_action *action; /* whose form it is */
    struct slice number;
    int64_t received_at_us;
    int64_t now_us;
    uint16_t channel;
    uint16_t category;           /* POLICY_NONE: not decided */
    uint16_t class_index;        /* likewise */
    const int64_t *clock_due_us; /* by run, EVENT_CLOCKS_MAX; 0: it is not running */
    uint32_t field_count;
    const struct event_field *fields;
};

/*
 * Fills in a text; *size bytes of into, which is room bytes long, without a terminator.  False:
 * *lacking is the variable that has no value, or nothing where the room is too small.  Dates are
 * those of the clock's calendar, or of the policy's first.
 */
bool policy_text_fill(const struct policy *policy,
                      const struct policy_text *text,
                      const struct policy_text_facts *facts,
                      char *into,
                      size_t room,
                      size_t *size,
                      struct slice *lacking);

/* It says when a clock is due. */
bool policy_text_promises(const struct policy *policy,
                          const struct policy_text *text,
                          enum locale locale);

/* "zh-CN", …; LOCALE_COUNT: no such language. */
enum locale policy_locale_parse(struct slice name);
const char *policy_locale_name(enum locale locale);
/* By enum locale; NULL behind the last. */
extern const char *const policy_locale_names[LOCALE_COUNT + 1];

/* In which language somebody who complained in this one is written to; otherwise where there is no
 * text for it. */
enum locale policy_locale_for(enum language language, enum locale otherwise);

#endif
