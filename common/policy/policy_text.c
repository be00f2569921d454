#include "policy_text.h"

enum { DAY_S = 86400, DIGITS_MAX = 20 };

static const struct {
    enum policy_variable variable;
    const char *name;
} plain[] = {
    {VARIABLE_NUMBER,   "number"  },
    {VARIABLE_RECEIVED, "received"},
    {VARIABLE_TODAY,    "today"   },
    {VARIABLE_CHANNEL,  "channel" },
    {VARIABLE_CATEGORY, "category"},
    {VARIABLE_CLASS,    "class"   },
};

const char *const policy_variable_names[] = {
    "number", "received", "today", "channel", "category", "class", NULL};

const char *const policy_locale_names[LOCALE_COUNT + 1] = {
    [LOCALE_EN] = "en", [LOCALE_ZH_CN] = "zh-CN", [LOCALE_ZH_TW] = "zh-TW"};

const char *policy_locale_name(enum locale locale)
{
    return locale < LOCALE_COUNT ? policy_locale_names[locale] : "";
}

enum locale policy_locale_parse(struct slice name)
{
    unsigned i = 0;
    while (i < LOCALE_COUNT && !slice_equal(name, slice_text(policy_locale_names[i]))) {
        i++;
    }
    return (enum locale)i;
}

enum locale policy_locale_for(enum language language, enum locale otherwise)
{
    switch (language) {
    case LANGUAGE_ZH_HANS:
        return LOCALE_ZH_CN;
    case LANGUAGE_ZH_HANT:
        return LOCALE_ZH_TW;
    case LANGUAGE_EN:
        return LOCALE_EN;
    case LANGUAGE_UNKNOWN:
    case LANGUAGE_OTHER:
        break;
    }
    return otherwise;
}

/* Bytes until the next brace or the end; a name ends at a line's end, too. */
static size_t until(const char *from, bool name)
{
    size_t size = 0;
    while (from[size] != '\0' && from[size] != '{' &&
           !(name && (from[size] == '}' || from[size] == '\n'))) {
        size++;
    }
    return size;
}

bool policy_text_next(const char **at, struct policy_text_piece *piece)
{
    const char *from = *at;
    *piece = (struct policy_text_piece){0};
    if (*from == '\0') {
        return false;
    }
    if (from[0] == '{' && from[1] == '{') {
        piece->text = slice_of(from, 1);
        *at = from + 2;
        return true;
    }
    if (*from != '{') {
        size_t size = until(from, false);
        piece->text = slice_of(from, size);
        *at = from + size;
        return true;
    }
    size_t size = until(from + 1, true);
    piece->variable = true;
    piece->open = from[1 + size] != '}';
    piece->text = slice_of(from + 1, size);
    *at = from + 1 + size + (piece->open ? 0 : 1);
    return true;
}

enum policy_variable
policy_variable_of(const struct policy *policy, struct slice name, uint16_t *index)
{
    static const char due[] = "due:";
    enum { DUE_SIZE = sizeof due - 1 };
    *index = POLICY_NONE;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (slice_equal(name, slice_text(plain[i].name))) {
            return plain[i].variable;
        }
    }
    if (name.size >= DUE_SIZE && memcmp(name.bytes, due, DUE_SIZE) == 0) {
        *index = policy_clock_index(policy, slice_of(name.bytes + DUE_SIZE, name.size - DUE_SIZE));
        return *index == POLICY_NONE ? VARIABLE_NONE : VARIABLE_DUE;
    }
    return name.size > 0 ? VARIABLE_FIELD : VARIABLE_NONE;
}

/* A text while it is filled in. */
struct filling {
    const struct policy *policy;
    const struct policy_text_facts *facts;
    char *into;
    size_t room, size;
    bool full;
};

static void put(struct filling *filling, struct slice text)
{
    filling->full = filling->full || text.size > filling->room - filling->size;
    if (!filling->full && text.size > 0) {
        memcpy(filling->into + filling->size, text.bytes, text.size);
        filling->size += text.size;
    }
}

static void put_text(struct filling *filling, const char *text)
{
    put(filling, slice_text(text));
}

static void put_number(struct filling *filling, int64_t number, unsigned width)
{
    char digits[DIGITS_MAX];
    unsigned at = DIGITS_MAX;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (at > 0 && (number > 0 || DIGITS_MAX - at < width));
    put(filling, slice_of(digits + at, DIGITS_MAX - at));
}

static void put_date(struct filling *filling, int32_t date)
{
    static const char *const months[] = {"January",
                                         "February",
                                         "March",
                                         "April",
                                         "May",
                                         "June",
                                         "July",
                                         "August",
                                         "September",
                                         "October",
                                         "November",
                                         "December"};
    int32_t month = date / 100 % 100;
    if (filling->facts->locale == LOCALE_EN) {
        put_number(filling, date % 100, 1);
        put_text(filling, " ");
        put_text(filling, month >= 1 && month <= 12 ? months[month - 1] : "?");
        put_text(filling, " ");
        put_number(filling, date / 10000, 1);
        return;
    }
    put_number(filling, date / 10000, 1);
    put_text(filling, "年");
    put_number(filling, month, 1);
    put_text(filling, "月");
    put_number(filling, date % 100, 1);
    put_text(filling, "日");
}

/* The day of a calendar an instant is in; NULL: it has no list, or the list does not reach it. */
static const struct calendar_day *day_of(const struct calendar *calendar, int64_t at_s)
{
    uint32_t low = 0;
    uint32_t high = calendar->day_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (calendar->days[middle].midnight_s <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    /* the last day has no next midnight that would end it */
    return low == 0 || low == calendar->day_count ? NULL : &calendar->days[low - 1];
}

/* The calendar if it knows days, else the policy's first one that does; NULL: none. */
static const struct calendar *calendar_with_days(const struct policy *policy, uint16_t index)
{
    if (index < policy->calendar_count && policy->calendars[index].day_count > 0) {
        return &policy->calendars[index];
    }
    for (uint16_t i = 0; i < policy->calendar_count; i++) {
        if (policy->calendars[i].day_count > 0) {
            return &policy->calendars[i];
        }
    }
    return NULL;
}

/* False: the calendar's years do not reach it. */
static bool put_instant(struct filling *filling, uint16_t calendar_index, int64_t at_s, bool timed)
{
    const struct calendar *calendar = calendar_with_days(filling->policy, calendar_index);
    /* midnight is the end of a day when it is a deadline */
    int64_t looked_s = timed ? at_s - 1 : at_s;
    const struct calendar_day *day = calendar ? day_of(calendar, looked_s) : NULL;
    if (!day) {
        return false;
    }
    int64_t second = at_s - day->midnight_s;
    second += day->jump_s != 0 && second >= day->jump_at_s ? day->jump_s : 0;
    put_date(filling, day->date);
    if (timed) {
        put_text(filling, filling->facts->locale == LOCALE_EN ? ", " : " ");
        put_number(filling, second / 3600, 2);
        put_text(filling, ":");
        put_number(filling, second / 60 % 60, 2);
    }
    return true;
}

static bool put_title(struct filling *filling, const struct policy_title *title)
{
    put_text(filling, title->text[filling->facts->locale]);
    return true;
}

static void put_unit(struct filling *filling, const char *unit)
{
    if (unit) {
        put_text(filling, (unsigned char)unit[0] < 0x80 ? " " : "");
        put_text(filling, unit);
    }
}

/* What a field without a description of its own holds: a name of the policy's, or any text. */
static bool put_named(struct filling *filling, const char *field, struct slice value)
{
    const struct policy *policy = filling->policy;
    uint16_t category =
        strcmp(field, "category") == 0 ? policy_category_index(policy, value) : POLICY_NONE;
    uint16_t class_index =
        strcmp(field, "severity_class") == 0 ? policy_class_index(policy, value) : POLICY_NONE;
    if (category != POLICY_NONE) {
        return put_title(filling, &policy->categories[category].title);
    }
    if (class_index != POLICY_NONE) {
        return put_title(filling, &policy->classes[class_index].title);
    }
    put(filling, value);
    return true;
}

static bool put_value(struct filling *filling, const struct policy_field *rules, struct slice value)
{
    static const char *const flags[2][LOCALE_COUNT] = {
        {[LOCALE_EN] = "no",  [LOCALE_ZH_CN] = "否", [LOCALE_ZH_TW] = "否"},
        {[LOCALE_EN] = "yes", [LOCALE_ZH_CN] = "是", [LOCALE_ZH_TW] = "是"},
    };
    int64_t number = 0;
    if (rules->type == FORM_TEXT || rules->type == FORM_HASH) {
        put(filling, value);
        return true;
    }
    if (!policy_field_value(rules, value, &number)) {
        return false;
    }
    switch (rules->type) {
    case FORM_CHOICE:
        return put_title(filling, &rules->choices[number].title);
    case FORM_FLAG:
        put_text(filling, flags[number != 0][filling->facts->locale]);
        return true;
    case FORM_DATE:
        put_date(filling, (int32_t)number);
        return true;
    case FORM_INSTANT:
        return policy_instant_parse(value, &number) &&
               put_instant(filling, POLICY_NONE, number, true);
    case FORM_NUMBER:
    case FORM_MONEY:
        put(filling, value);
        put_unit(filling, rules->unit);
        return true;
    case FORM_TEXT:
    case FORM_HASH:
        break;
    }
    return false;
}

static bool put_field(struct filling *filling, struct slice name)
{
    const struct policy_text_facts *facts = filling->facts;
    const struct policy_need *need = policy_need_of(facts->action, name);
    for (uint32_t i = 0; need && i < facts->field_count; i++) {
        struct slice value = facts->fields[i].value;
        if (slice_equal(facts->fields[i].name, name) && value.size > 0) {
            return need->rules ? put_value(filling, need->rules, value)
                               : put_named(filling, need->field, value);
        }
    }
    return false;
}

static bool put_due(struct filling *filling, uint16_t clock)
{
    const int64_t *dues = filling->facts->clock_due_us;
    int64_t due_us = 0;
    for (uint16_t i = 0, n = policy_run_count(filling->policy); dues && i < n; i++) {
        bool nearer = dues[i] != 0 && (due_us == 0 || dues[i] < due_us);
        due_us = nearer && policy_run_clock(filling->policy, i) == clock ? dues[i] : due_us;
    }
    return due_us > 0 && due_us != INT64_MAX &&
           put_instant(filling, filling->policy->clocks[clock].calendar, due_us / 1000000, true);
}

static bool put_variable(struct filling *filling, struct slice name)
{
    const struct policy *policy = filling->policy;
    const struct policy_text_facts *facts = filling->facts;
    uint16_t index = POLICY_NONE;
    switch (policy_variable_of(policy, name, &index)) {
    case VARIABLE_NUMBER:
        put(filling, facts->number);
        return facts->number.size > 0;
    case VARIABLE_RECEIVED:
        return put_instant(filling, POLICY_NONE, facts->received_at_us / 1000000, false);
    case VARIABLE_TODAY:
        return put_instant(filling, POLICY_NONE, facts->now_us / 1000000, false);
    case VARIABLE_CHANNEL:
        return facts->channel < policy->channel_count &&
               put_title(filling, &policy->channels[facts->channel].title);
    case VARIABLE_CATEGORY:
        return facts->category < policy->category_count &&
               put_title(filling, &policy->categories[facts->category].title);
    case VARIABLE_CLASS:
        return facts->class_index < policy->class_count &&
               put_title(filling, &policy->classes[facts->class_index].title);
    case VARIABLE_DUE:
        return put_due(filling, index);
    case VARIABLE_FIELD:
        return put_field(filling, name);
    case VARIABLE_NONE:
        break;
    }
    return false;
}

bool policy_text_fill(const struct policy *policy,
                      const struct policy_text *text,
                      const struct policy_text_facts *facts,
                      char *into,
                      size_t room,
                      size_t *size,
                      struct slice *lacking)
{
    struct filling filling = {.policy = policy, .facts = facts, .room = room};
    filling.into = into;
    const char *at = text->says.text[facts->locale];
    struct policy_text_piece piece;
    *lacking = slice_of(NULL, 0);
    while (policy_text_next(&at, &piece)) {
        if (!piece.variable) {
            put(&filling, piece.text);
        } else if (!put_variable(&filling, piece.text)) {
            *lacking = piece.text;
            return false;
        }
    }
    *size = filling.size;
    return !filling.full;
}

bool policy_text_promises(const struct policy *policy,
                          const struct policy_text *text,
                          enum locale locale)
{
    const char *at = text->says.text[locale];
    struct policy_text_piece piece;
    uint16_t index;
    while (policy_text_next(&at, &piece)) {
        if (piece.variable && policy_variable_of(policy, piece.text, &index) == VARIABLE_DUE) {
            return true;
        }
    }
    return false;
}
