/*
 * What all parts of a policy are made of: bounds, titles, and what a rule asks of a case.  See
 * policy.h.
 */
#ifndef REDRESS_POLICY_TERMS_H
#define REDRESS_POLICY_TERMS_H

#include "event.h"

enum {
    POLICY_NAME_MAX = 48, /* bytes of an id, terminator included */
    POLICY_CHANNELS_MAX = 32,
    POLICY_CATEGORIES_MAX = 1024,
    POLICY_CLASSES_MAX = 16,
    POLICY_QUEUES_MAX = 256,
    POLICY_STEPS_MAX = 64,
    POLICY_ACTIONS_MAX = 16, /* of one step */
    POLICY_ROLES_MAX = 32,
    POLICY_CLOCKS_MAX = EVENT_CLOCKS_MAX,
    POLICY_LEVELS_MAX = 8,  /* of one clock */
    POLICY_TARGETS_MAX = 8, /* of one clock, besides its own */
    POLICY_FURTHER_MAX = 3, /* extensions of one clock besides the first */
    POLICY_AFTER_MAX = 4,   /* actions that have to come before an extension */
    POLICY_FACTORS_MAX = EVENT_FACTORS_MAX,
    POLICY_NEEDS_MAX = EVENT_FIELDS_MAX - 4, /* fields an action takes: dispatch may add four */
    POLICY_OWN_FIELDS = 7,
    POLICY_FIELDS_MAX = 256,
    POLICY_CHOICES_MAX = 64,
    POLICY_DECIMALS_MAX = 4,       /* of numbers and amounts */
    POLICY_HASH_SIZE = 7 + 64 + 1, /* bytes of sha256: and 64 digits, terminator included */
    POLICY_PICTURE_MAX = 60,       /* characters a picture stands for */
    POLICY_MARKS_MAX = 32,
    POLICY_TASKS_MAX = 16,
    POLICY_AT_ONCE_MAX = 8,      /* tasks of a kind that may be open at a time */
    POLICY_KEPT_MAX = 16,        /* fields that stay with the case */
    POLICY_COMPARES_MAX = 4,     /* fields one rule looks at */
    POLICY_REQUIREMENTS_MAX = 8, /* of one action */
    POLICY_CLOSING_MAX = 16,     /* requirements of whatever leads to an end */
    POLICY_LIMITS_MAX = 16,      /* of one action */
    POLICY_SKILLS_MAX = 32,      /* rules about skills that are asked for */
    POLICY_RELAX_MAX = 4,        /* of one of them: how often it asks for less */
    POLICY_LEVEL_MAX = 5,        /* of a skill: 1 a little … 5 a master */
    POLICY_TEXTS_MAX = 32,
    POLICY_NONE = 0xffff, /* an index that is absent */
};

enum locale {
    LOCALE_EN,
    LOCALE_ZH_CN,
    LOCALE_ZH_TW,
    LOCALE_COUNT,
};

/* Never NULL: a missing text is that of another language, else the id. */
struct policy_title {
    const char *text[LOCALE_COUNT];
};

/*
 * A field's value against what a rule asks.  Values are those of policy_field_value.  A value that
 * is not known is never what was asked for.
 */
struct policy_compare {
    uint16_t field; /* POLICY_NONE: nothing is compared */
    bool has_min, has_max;
    int64_t min, max;
    uint64_t choices; /* bit set; 0: any; of yes and no: bit 1 is yes */
};

/* What a rule asks of a case; every part that is given must hold. */
struct policy_when {
    uint32_t channels;       /* bit set; 0: any */
    uint32_t classes;        /* bit set; 0: any */
    uint16_t category_count; /* 0: any; a parent stands for its children */
    const uint16_t *categories;
    uint16_t repeats_min;   /* 0: any */
    uint16_t pattern_count; /* 0: any; one of these patterns was seen */
    const char (*patterns)[POLICY_NAME_MAX];
    uint16_t compare_count; /* 0: any; fields that stay with the case */
    const struct policy_compare *compares;
};

#endif
