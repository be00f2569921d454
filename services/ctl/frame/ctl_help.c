/* Help, from the rows of the table. */
#include "config_value.h"
#include "ctl.h"
#include "ctl_options.h"
#include "ctl_table.h"

enum { INDENT = 2, GAP = 2 };

static void two_columns(FILE *to, const char *left, size_t width, const char *right)
{
    (void)fprintf(to, "%*s%s", INDENT, "", left);
    (void)fprintf(to, "%*s%s\n", (int)(width - ctl_width(left) + GAP), "", right);
}

/* The text PLACE_ and the word; CTL_TEXT_COUNT: none. */
static enum ctl_text place_of(const char *word, size_t size)
{
    char wanted[32];
    int id = 0;
    (void)snprintf(wanted, sizeof wanted, "PLACE_%.*s", (int)size, word);
    while (id < CTL_TEXT_COUNT && strcmp(ctl_text_name((enum ctl_text)id), wanted) != 0) {
        id++;
    }
    return (enum ctl_text)id;
}

const char *ctl_places_say(const struct ctl *ctl, const char *places, char into[CTL_USAGE_MAX])
{
    size_t used = 0;
    into[0] = '\0';
    for (const char *at = places; *at && used < CTL_USAGE_MAX;) {
        size_t size = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        enum ctl_text id = size > 0 ? place_of(at, size) : CTL_TEXT_COUNT;
        size += size == 0;
        const char *said = id == CTL_TEXT_COUNT ? at : ctl_text_in(ctl->language, id);
        used += (size_t)snprintf(into + used,
                                 CTL_USAGE_MAX - used,
                                 "%.*s",
                                 id == CTL_TEXT_COUNT ? (int)size : (int)strlen(said),
                                 said);
        at += size;
    }
    return into;
}

static void
option_left(const struct ctl *ctl, const struct ctl_option *option, char *text, size_t size)
{
    char letter[8] = "";
    char place[CTL_USAGE_MAX] = "";
    if (option->letter) {
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    (void)snprintf(text,
                   size,
                   "%s--%s%s%s",
                   letter,
                   option->name,
                   option->argument ? " " : "",
                   option->argument ? ctl_places_say(ctl, option->argument, place) : "");
}

static void option_right(const struct ctl *ctl, const struct ctl_option *option, FILE *to)
{
    (void)fputs(ctl_text_in(ctl->language, option->help), to);
    if (option->needed) {
        (void)fputs(ctl_text_in(ctl->language, TEXT_HELP_NEEDED), to);
    }
    if (option->fallback && option->fallback[0] != '-') { /* a number below all is none */
        ctl_format(to, ctl_text_in(ctl->language, TEXT_HELP_DEFAULT), CTL_ARGS(option->fallback));
    }
}

/* The rows, without those of which the verb (NULL: none) has one of its own. */
static void options_help(const struct ctl *ctl,
                         FILE *to,
                         const struct ctl_verb *verb,
                         const struct ctl_option *options,
                         size_t count)
{
    char left[160];
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        option_left(ctl, &options[i], left, sizeof left);
        width = ctl_width(left) > width ? ctl_width(left) : width;
    }
    for (size_t i = 0; i < count; i++) {
        char *right = NULL;
        size_t size = 0;
        if (ctl_option_is_own(verb, options[i].name)) {
            continue;
        }
        FILE *memory = open_memstream(&right, &size);
        if (!memory) {
            return;
        }
        option_right(ctl, &options[i], memory);
        (void)fclose(memory);
        option_left(ctl, &options[i], left, sizeof left);
        two_columns(to, left, width, right);
        free(right);
    }
}

void ctl_help_verb(const struct ctl *ctl, FILE *to, const struct ctl_verb *verb)
{
    const char *blank = verb->arguments[0] != '\0' ? " " : "";
    char places[CTL_USAGE_MAX];
    (void)fprintf(
        to, "redress %s%s%s\n\n", verb->name, blank, ctl_places_say(ctl, verb->arguments, places));
    (void)fprintf(to, "%s\n", ctl_text_in(ctl->language, verb->help));
    if (verb->option_count > 0) {
        (void)fprintf(to, "\n%s\n", ctl_text_in(ctl->language, TEXT_HELP_OPTIONS));
        options_help(ctl, to, NULL, verb->options, verb->option_count);
    }
    (void)fprintf(to, "\n%s\n", ctl_text_in(ctl->language, TEXT_HELP_COMMON));
    options_help(ctl, to, verb, ctl_common_options, ctl_common_option_count);
}

void ctl_help_all(const struct ctl *ctl, FILE *to)
{
    (void)fprintf(to, "%s\n\n", ctl_text_in(ctl->language, TEXT_HELP_USAGE));
    char left[192];
    char places[CTL_USAGE_MAX];
    size_t width = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < ctl_verb_count; i++) {
            const struct ctl_verb *verb = &ctl_verbs[i];
            (void)snprintf(left,
                           sizeof left,
                           "%s %s",
                           verb->name,
                           ctl_places_say(ctl, verb->arguments, places));
            width = ctl_width(left) > width ? ctl_width(left) : width;
            if (pass == 1) {
                two_columns(to, left, width, ctl_text_in(ctl->language, verb->help));
            }
        }
    }
    (void)fprintf(to, "\n%s\n", ctl_text_in(ctl->language, TEXT_HELP_COMMON));
    options_help(ctl, to, NULL, ctl_common_options, ctl_common_option_count);
    (void)fprintf(to, "\n%s\n", ctl_text_in(ctl->language, TEXT_HELP_EXITS));
}

const struct ctl_topic ctl_topics[] = {
    {"mapping",         TEXT_TOPIC_MAPPING     },
    {"organisation",    TEXT_TOPIC_ORGANISATION},
    {"policy-language", CTL_TEXT_COUNT         }, /* has a manual of its own */
    {"return",          TEXT_TOPIC_RETURN      },
    {"settings",        TEXT_TOPIC_SETTINGS    }, /* and the rows */
    {"staff",           TEXT_TOPIC_STAFF       },
};
const size_t ctl_topic_count = sizeof ctl_topics / sizeof *ctl_topics;

/* NULL: no such topic. */
static const struct ctl_topic *topic_of(const char *name)
{
    size_t i = 0;
    while (i < ctl_topic_count && strcmp(ctl_topics[i].name, name) != 0) {
        i++;
    }
    return i < ctl_topic_count ? &ctl_topics[i] : NULL;
}

/* Nothing of that name: a topic may be nearer than any verb. */
static int unknown(const struct ctl *ctl)
{
    const char *nearest = NULL;
    size_t far = SIZE_MAX;
    for (size_t i = 0; i < ctl_verb_count; i++) {
        ctl_nearer(ctl->arguments[0], ctl_verbs[i].name, &nearest, &far);
    }
    size_t of_verbs = far;
    for (size_t i = 0; i < ctl_topic_count; i++) {
        ctl_nearer(ctl->arguments[0], ctl_topics[i].name, &nearest, &far);
    }
    return far < of_verbs
               ? ctl_fail(ctl, CTL_USAGE, TEXT_HELP_NEAR, CTL_ARGS(ctl->arguments[0], nearest))
               : ctl_verb_unknown(ctl, (int)ctl->argument_count, ctl->arguments);
}

int ctl_help(struct ctl *ctl)
{
    if (ctl_option_flag(ctl, "man")) {
        return ctl_manual(ctl);
    }
    if (ctl->argument_count == 0) {
        ctl_help_all(ctl, ctl->out);
        return CTL_OK;
    }
    const struct ctl_topic *topic = topic_of(ctl->arguments[0]);
    if (topic && topic->text == CTL_TEXT_COUNT) {
        return ctl_policy_manual(ctl);
    }
    if (topic) {
        (void)fputs(ctl_text_in(ctl->language, topic->text), ctl->out);
        for (size_t i = 0; topic->text == TEXT_TOPIC_SETTINGS && i < service_settings_count; i++) {
            config_value_help(&service_settings_rows[i], "", ctl->out);
        }
        return CTL_OK;
    }
    int used = 0;
    const struct ctl_verb *verb = ctl_verb_find((int)ctl->argument_count, ctl->arguments, &used);
    if (verb) {
        ctl_help_verb(ctl, ctl->out, verb);
        return CTL_OK;
    }
    /* "help policy": every verb that begins with the word */
    unsigned shown = 0;
    size_t length = strlen(ctl->arguments[0]);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        const char *name = ctl_verbs[i].name;
        if (strncmp(name, ctl->arguments[0], length) == 0 && name[length] == ' ') {
            (void)fputs(shown++ > 0 ? "\n" : "", ctl->out);
            ctl_help_verb(ctl, ctl->out, &ctl_verbs[i]);
        }
    }
    return shown > 0 ? CTL_OK : unknown(ctl);
}

int ctl_version(struct ctl *ctl)
{
    if (ctl->json) {
        json_t *value = json_pack("{s:s}", "version", REDRESS_VERSION);
        ctl_print_json(ctl, &value);
    } else {
        (void)fputs("redress " REDRESS_VERSION "\n", ctl->out);
    }
    return CTL_OK;
}
