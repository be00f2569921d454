#include "ctl_options.h"

#include "config_value.h"
#include "near.h"

#include <assert.h>
#include <getopt.h>

enum {
    LONG_BASE = 256, /* of getopt's values: above any letter */
    LONG_MAX_COUNT = CTL_OPTIONS_MAX * 2 + 1,
};

/* getopt's view of the rows. */
struct reading {
    struct option longs[LONG_MAX_COUNT];
    size_t long_count;
    char letters[CTL_OPTIONS_MAX * 2 + 3];
    size_t letter_count;
};

const struct ctl_option *ctl_option_at(const struct ctl_verb *verb, size_t index)
{
    if (index < ctl_common_option_count) {
        return &ctl_common_options[index];
    }
    index -= ctl_common_option_count;
    return verb && index < verb->option_count ? &verb->options[index] : NULL;
}

const struct ctl_verb *ctl_verb_find(int count, char *const *words, int *used)
{
    char two[64] = "";
    if (count > 1) {
        (void)snprintf(two, sizeof two, "%s %s", words[0], words[1]);
    }
    const struct ctl_verb *found = NULL;
    for (size_t i = 0; i < ctl_verb_count; i++) {
        if (count > 0 && strcmp(ctl_verbs[i].name, words[0]) == 0) {
            found = &ctl_verbs[i];
            *used = 1;
        }
        if (count > 1 && strcmp(ctl_verbs[i].name, two) == 0) {
            *used = 2;
            return &ctl_verbs[i];
        }
    }
    return found;
}

void ctl_nearer(const char *word, const char *name, const char **nearest, size_t *far)
{
    size_t distance = near_distance(word, name);
    bool begins = strncmp(word, name, strlen(word)) == 0;
    if (begins && strlen(word) >= 2) {
        distance = 1;
    }
    if (distance <= near_enough(word) && distance < *far) {
        *nearest = name;
        *far = distance;
    }
}

/* The second word of a verb whose first this is; NULL: it is another's. */
static const char *second_of(const char *name, const char *first)
{
    size_t size = strlen(first);
    return strncmp(name, first, size) == 0 && name[size] == ' ' ? name + size + 1 : NULL;
}

/* Half a verb: which of its other halves was meant, or which there are. */
static int half_verb(const struct ctl *ctl, const char *first, const char *second)
{
    const char *nearest = NULL;
    size_t far = SIZE_MAX;
    char typed[128];
    char seconds[256] = "";
    size_t used = 0;
    (void)snprintf(typed, sizeof typed, "%s%s%s", first, second[0] ? " " : "", second);
    for (size_t i = 0; i < ctl_verb_count && used < sizeof seconds; i++) {
        const char *one = second_of(ctl_verbs[i].name, first);
        if (!one) {
            continue;
        }
        used += (size_t)snprintf(seconds + used,
                                 sizeof seconds - used,
                                 "%s%s",
                                 used > 0 ? ctl_text_in(ctl->language, TEXT_LIST_AND) : "",
                                 one);
        if (second[0]) {
            ctl_nearer(second, one, &nearest, &far);
        }
    }
    char meant[128];
    (void)snprintf(meant, sizeof meant, "%s %s", first, nearest ? nearest : "");
    return nearest ? ctl_fail(ctl, CTL_USAGE, TEXT_VERB_NEAR, CTL_ARGS(typed, meant))
                   : ctl_fail(ctl, CTL_USAGE, TEXT_VERB_HALF, CTL_ARGS(first, seconds));
}

int ctl_verb_unknown(const struct ctl *ctl, int count, char *const *words)
{
    const char *nearest = NULL;
    size_t far = SIZE_MAX;
    char two[128];
    const char *second = count > 1 && words[1][0] != '-' ? words[1] : "";
    (void)snprintf(two, sizeof two, "%s %s", words[0], second);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        if (second_of(ctl_verbs[i].name, words[0])) {
            return half_verb(ctl, words[0], second);
        }
        ctl_nearer(words[0], ctl_verbs[i].name, &nearest, &far);
        ctl_nearer(two, ctl_verbs[i].name, &nearest, &far);
    }
    return nearest ? ctl_fail(ctl, CTL_USAGE, TEXT_VERB_NEAR, CTL_ARGS(words[0], nearest))
                   : ctl_fail(ctl, CTL_USAGE, TEXT_VERB_UNKNOWN, CTL_ARGS(words[0]));
}

bool ctl_option_is_own(const struct ctl_verb *verb, const char *name)
{
    for (size_t i = 0; verb && i < verb->option_count; i++) {
        if (strcmp(verb->options[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int unknown_option(const struct ctl *ctl, const char *word)
{
    const char *nearest = NULL;
    size_t far = SIZE_MAX;
    char name[64];
    const char *bare = word + strspn(word, "-");
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(bare, "="), bare);
    const struct ctl_option *option;
    static const char *const agreeing[] = {"yes", "y", "force", "assume-yes", "no-confirm"};
    for (size_t i = 0; i < sizeof agreeing / sizeof *agreeing; i++) {
        if (strcmp(name, agreeing[i]) == 0) {
            return ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_AGREES, CTL_ARGS(word));
        }
    }
    for (size_t i = 0; (option = ctl_option_at(ctl->verb, i)) != NULL; i++) {
        ctl_nearer(name, option->name, &nearest, &far);
    }
    const char *verb = ctl->verb ? ctl->verb->name : "";
    return nearest ? ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_NEAR, CTL_ARGS(word, nearest))
                   : ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_UNKNOWN, CTL_ARGS(word, verb));
}

static void reading_begin(struct reading *reading, const struct ctl_verb *verb)
{
    *reading = (struct reading){.letter_count = 2, .letters = "+:"};
    if (verb) { /* options may stand behind the arguments of a verb */
        reading->letters[0] = ':';
        reading->letter_count = 1;
    }
    /* The verb's come first: its --version is not everybody's. */
    size_t count = ctl_common_option_count + (verb ? verb->option_count : 0);
    assert(count <= CTL_OPTIONS_MAX);
    for (size_t n = 0; n < count; n++) {
        size_t i = (n + ctl_common_option_count) % count;
        const struct ctl_option *option = ctl_option_at(verb, i);
        int has = option->kind == CTL_FLAG ? no_argument : required_argument;
        int value = LONG_BASE + (int)i;
        reading->longs[reading->long_count++] = (struct option){option->name, has, NULL, value};
        if (option->alias) {
            reading->longs[reading->long_count++] =
                (struct option){option->alias, has, NULL, value};
        }
        if (option->letter) {
            reading->letters[reading->letter_count++] = option->letter;
            if (has == required_argument) {
                reading->letters[reading->letter_count++] = ':';
            }
        }
    }
    reading->letters[reading->letter_count] = '\0';
}

static size_t index_of(const struct ctl_verb *verb, int value)
{
    if (value >= LONG_BASE) {
        return (size_t)(value - LONG_BASE);
    }
    const struct ctl_option *option;
    size_t i = 0;
    while ((option = ctl_option_at(verb, i)) != NULL && option->letter != value) {
        i++;
    }
    assert(option);
    return i;
}

static int out_of_range(const struct ctl *ctl, const struct config_row *row, const char *text)
{
    static const char between[] = " to ";
    char range[CONFIG_VALUE_MAX];
    char said[2 * CONFIG_VALUE_MAX];
    config_value_range(row, range);
    char *high = strstr(range, between);
    assert(high);
    *high = '\0';
    (void)ctl_format_into(said,
                          sizeof said,
                          ctl_text_in(ctl->language, TEXT_FORM_RANGE),
                          CTL_ARGS(range, high + sizeof between - 1));
    return ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_RANGE, CTL_ARGS(row->name, said, text));
}

/* One of the words between bars. */
static bool is_choice(const char *choices, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = choices; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strcspn(at, "|") == size && strncmp(at, word, size) == 0) {
            return true;
        }
    }
    return false;
}

static int take(struct ctl *ctl, size_t index, const char *text)
{
    const struct ctl_option *option = ctl_option_at(ctl->verb, index);
    struct ctl_given *given = &ctl->given[index];
    if (option->kind == CTL_NUMBER || option->kind == CTL_DURATION) {
        const struct config_row row = {.name = option->name,
                                       .kind = option->kind == CTL_NUMBER ? CONFIG_INTEGER
                                                                          : CONFIG_DURATION_MS,
                                       .size = sizeof given->number,
                                       .min = option->min,
                                       .max = option->max};
        char reason[CONFIG_VALUE_MAX];
        if (!config_value_set(&row, text, &given->number, reason)) {
            return out_of_range(ctl, &row, text);
        }
    }
    if (option->kind == CTL_CHOICE && !is_choice(option->values, text)) {
        return ctl_fail(
            ctl, CTL_USAGE, TEXT_OPTION_RANGE, CTL_ARGS(option->name, option->values, text));
    }
    if (option->kind != CTL_MANY) {
        given->count = 0;
    } else if (given->count == CTL_REPEATS_MAX) {
        return ctl_fail(ctl,
                        CTL_USAGE,
                        TEXT_OPTION_REPEATS,
                        CTL_ARGS(option->name, CTL_NUMBER_TEXT(CTL_REPEATS_MAX)));
    }
    given->texts[given->count++] = text ? text : "";
    return CTL_OK;
}

/* Options of the words from argv[1] on; *next is the first word that is none. */
static int read_options(struct ctl *ctl, int argc, char **argv, int *next)
{
    struct reading reading;
    reading_begin(&reading, ctl->verb);
    optind = 0;
    opterr = 0;
    for (;;) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): read once, before there is any thread */
        int value = getopt_long(argc, argv, reading.letters, reading.longs, NULL);
        if (value == -1) {
            *next = optind;
            return CTL_OK;
        }
        const char *word = argv[optind - 1];
        if (value == ':') {
            return ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_VALUE, CTL_ARGS(word));
        }
        int code = value == '?' ? unknown_option(ctl, word)
                                : take(ctl, index_of(ctl->verb, value), optarg);
        if (code != CTL_OK) {
            return code;
        }
    }
}

/* The verb's own, else one of those common to all. */
static size_t option_find(const struct ctl *ctl, const char *name)
{
    size_t own = ctl->verb ? ctl->verb->option_count : 0;
    for (size_t i = 0; i < own; i++) {
        if (strcmp(ctl->verb->options[i].name, name) == 0) {
            return ctl_common_option_count + i;
        }
    }
    size_t i = 0;
    while (i < ctl_common_option_count && strcmp(ctl_common_options[i].name, name) != 0) {
        i++;
    }
    assert(i < ctl_common_option_count);
    return i;
}

/* Of the options common to all. */
static const struct ctl_given *common(const struct ctl *ctl, const char *name)
{
    size_t i = 0;
    while (strcmp(ctl_common_options[i].name, name) != 0) {
        i++;
    }
    return &ctl->given[i];
}

const struct ctl_given *ctl_option_many(const struct ctl *ctl, const char *name)
{
    return &ctl->given[option_find(ctl, name)];
}

const char *ctl_option_text(const struct ctl *ctl, const char *name)
{
    size_t index = option_find(ctl, name);
    const struct ctl_given *given = &ctl->given[index];
    return given->count > 0 ? given->texts[given->count - 1]
                            : ctl_option_at(ctl->verb, index)->fallback;
}

void ctl_option_means(struct ctl *ctl, const char *name, const char *text)
{
    struct ctl_given *given = &ctl->given[option_find(ctl, name)];
    if (given->count > 0) {
        given->texts[given->count - 1] = text;
    }
}

bool ctl_option_flag(const struct ctl *ctl, const char *name)
{
    return ctl_option_many(ctl, name)->count > 0;
}

int64_t ctl_option_number(const struct ctl *ctl, const char *name)
{
    return ctl->given[option_find(ctl, name)].number;
}

const char *ctl_argument(const struct ctl *ctl, unsigned index)
{
    return index < ctl->argument_count ? ctl->arguments[index] : NULL;
}

static int fallbacks(struct ctl *ctl)
{
    const struct ctl_option *option;
    for (size_t i = 0; (option = ctl_option_at(ctl->verb, i)) != NULL; i++) {
        bool counts = option->kind == CTL_NUMBER || option->kind == CTL_DURATION;
        if (counts && option->fallback && ctl->given[i].count == 0) {
            int code = take(ctl, i, option->fallback);
            ctl->given[i].count = 0;
            if (code != CTL_OK) {
                return code;
            }
        }
    }
    return CTL_OK;
}

static void wishes(struct ctl *ctl, struct ctl_wish *wish)
{
    wish->help = common(ctl, "help")->count > 0;
    wish->version = common(ctl, "version")->count > 0;
    wish->config = common(ctl, "config")->texts[0];
    wish->language = common(ctl, "lang")->texts[0];
    wish->no_color = common(ctl, "no-color")->count > 0;
    ctl->json = common(ctl, "json")->count > 0;
    ctl->quiet = common(ctl, "quiet")->count > 0;
}

static int check_arguments(const struct ctl *ctl)
{
    const struct ctl_verb *verb = ctl->verb;
    if (ctl->argument_count < verb->arguments_min) {
        char places[CTL_USAGE_MAX];
        return ctl_fail(ctl,
                        CTL_USAGE,
                        TEXT_ARGUMENT_MISSING,
                        CTL_ARGS(verb->name, ctl_places_say(ctl, verb->arguments, places)));
    }
    if (ctl->argument_count > verb->arguments_max) {
        return ctl_fail(ctl,
                        CTL_USAGE,
                        TEXT_ARGUMENT_EXCESS,
                        CTL_ARGS(verb->name, ctl->arguments[verb->arguments_max]));
    }
    return CTL_OK;
}

int ctl_options_read(struct ctl *ctl, struct ctl_wish *wish, int argc, char **argv)
{
    int next = 0;
    int code = read_options(ctl, argc, argv, &next);
    if (code != CTL_OK) {
        return code;
    }
    wishes(ctl, wish);
    if (next == argc) {
        return CTL_OK;
    }
    int used = 0;
    const struct ctl_verb *verb = ctl_verb_find(argc - next, argv + next, &used);
    if (!verb) {
        return ctl_verb_unknown(ctl, argc - next, argv + next);
    }
    ctl->verb = verb;
    /* getopt skips one word, which was the program's name and is the verb's now. */
    argv += next + used - 1;
    argc -= next + used - 1;
    code = read_options(ctl, argc, argv, &next);
    if (code == CTL_OK) {
        code = fallbacks(ctl);
    }
    wishes(ctl, wish);
    ctl->arguments = argv + next;
    ctl->argument_count = (unsigned)(argc - next);
    return code != CTL_OK || wish->help || wish->version ? code : check_arguments(ctl);
}
