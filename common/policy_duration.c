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
    int64_t seconds = 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0] && seconds == 0; i++) {
        seconds = take_word(&at, units[i].word) ? units[i].seconds : 0;
    }
    duration->side = take_word(&at, "before") ? -1 : take_word(&at, "after") ? 1 : 0;
    if (seconds == 0 || *at || number < 1 || number > DURATION_MAX_S / seconds) {
        return false;
    }
    bool days = seconds == 86400 && business;
    duration->unit = days       ? DURATION_BUSINESS_DAYS
                     : business ? DURATION_BUSINESS
                                : DURATION_ELAPSED;
    duration->value = days ? number : number * seconds;
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
