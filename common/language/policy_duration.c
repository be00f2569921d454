/* Lengths of time as a quality manager writes them. */
#include "policy_read.h"

enum { DURATION_MAX_S = 10 * 366 * 86400, PERCENT_MAX = 400 };

static const struct unit_row {
    const char *word;
    int64_t seconds;
} units[] = {
    {"s",       1    },
    {"second",  1    },
    {"seconds", 1    },
    {"m",       60   },
    {"min",     60   },
    {"minute",  60   },
    {"minutes", 60   },
    {"h",       3600 },
    {"hour",    3600 },
    {"hours",   3600 },
    {"d",       86400},
    {"day",     86400},
    {"days",    86400},
};

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " ");
}

/* Takes a whole word, blanks after it included. */
static bool take_word(const char **text, const char *word)
{
    size_t size = strlen(word);
    if (strncmp(*text, word, size) != 0 || ((*text)[size] != '\0' && (*text)[size] != ' ')) {
        return false;
    }
    *text = skip_blanks(*text + size);
    return true;
}

/* Takes a unit; 0 when none stands there. */
static int64_t take_unit(const char **text)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (take_word(text, units[i].word)) {
            return units[i].seconds;
        }
    }
    return 0;
}

bool duration_parse(const char *text, struct duration *duration)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    int64_t number = strtoll(text, &end, 10);
    const char *at = skip_blanks(end);
    *duration = (struct duration){.value = number};
    if (strcmp(at, "%") == 0) {
        duration->unit = DURATION_PERCENT;
        return number >= 1 && number <= PERCENT_MAX;
    }
    bool business = take_word(&at, "business");
    int64_t seconds = take_unit(&at);
    duration->side = take_word(&at, "before") ? -1 : take_word(&at, "after") ? 1 : 0;
    if (seconds == 0 || *at || number < 1 || number > DURATION_MAX_S / seconds) {
        return false;
    }
    if (business && seconds == 86400) {
        duration->unit = DURATION_BUSINESS_DAYS;
        return true;
    }
    duration->unit = business ? DURATION_BUSINESS : DURATION_ELAPSED;
    duration->value = number * seconds;
    return true;
}

bool read_duration(struct policy_loading *loading,
                   const struct yaml_node *node,
                   struct duration *duration)
{
    if (node->kind == YAML_SCALAR && duration_parse(node->text, duration)) {
        return true;
    }
    complain(loading,
             node,
             "24h, 90 minutes, 3 days, 2 business hours, 3 business days",
             "'%.40s' is no length of time",
             node->text);
    return false;
}
