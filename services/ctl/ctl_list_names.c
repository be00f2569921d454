/* Names that no policy of the archive knows: an empty list would be the wrong answer. */
#include "ctl_database.h"
#include "ctl_list.h"
#include "ctl_options.h"
#include "scope.h"

enum { POLICIES_MAX = 256, NAME_SIZE = 2 * POLICY_NAME_MAX };

enum naming { NAMING_POLICY, NAMING_STEP, NAMING_QUEUE, NAMING_CATEGORY };

static const struct {
    const char *option;
    enum ctl_text unknown, near;
} namings[] = {
    [NAMING_POLICY] = {"policy",   TEXT_LIST_NO_POLICY,   TEXT_LIST_NEAR_POLICY  },
    [NAMING_STEP] = {"step",     TEXT_LIST_NO_STEP,     TEXT_LIST_NEAR_STEP    },
    [NAMING_QUEUE] = {"queue",    TEXT_LIST_NO_QUEUE,    TEXT_LIST_NEAR_QUEUE   },
    [NAMING_CATEGORY] = {"category", TEXT_LIST_NO_CATEGORY, TEXT_LIST_NEAR_CATEGORY},
};

struct search {
    const char *word;
    bool found;
    size_t far;
    char nearest[NAME_SIZE]; /* "": none is near */
};

static void compare(struct search *search, const char *name)
{
    const char *nearest = NULL;
    ctl_nearer(search->word, name, &nearest, &search->far);
    search->found = search->found || strcmp(search->word, name) == 0;
    if (nearest) {
        (void)snprintf(search->nearest, NAME_SIZE, "%s", nearest);
    }
}

static void compare_all(struct search *search, enum naming naming, const struct policy *policy)
{
    char name[NAME_SIZE];
    switch (naming) {
    case NAMING_POLICY:
        compare(search, policy->name);
        break;
    case NAMING_STEP:
        for (uint16_t i = 0; i < policy->step_count; i++) {
            compare(search, policy->steps[i].id);
        }
        break;
    case NAMING_CATEGORY:
        for (uint16_t i = 0; i < policy->category_count; i++) {
            compare(search, policy->categories[i].id);
        }
        break;
    case NAMING_QUEUE:
        for (uint16_t i = 0; i < policy->queue_count; i++) {
            (void)snprintf(name, sizeof name, "%s/%s", policy->name, policy->queues[i].id);
            compare(search, strchr(search->word, '/') ? name : policy->queues[i].id);
        }
        break;
    }
}

int ctl_list_judge(const struct ctl *ctl, const struct policy *const *policies, unsigned count)
{
    const char *only = ctl_option_text(ctl, "policy");
    for (enum naming naming = NAMING_POLICY; naming <= NAMING_CATEGORY; naming++) {
        struct search search = {.word = ctl_option_text(ctl, namings[naming].option),
                                .far = SIZE_MAX};
        for (unsigned i = 0; search.word && i < count; i++) {
            if (naming == NAMING_POLICY || !only || strcmp(only, policies[i]->name) == 0) {
                compare_all(&search, naming, policies[i]);
            }
        }
        if (search.word && !search.found) {
            return search.nearest[0]
                       ? ctl_fail(ctl,
                                  CTL_NOT_FOUND,
                                  namings[naming].near,
                                  CTL_ARGS(search.word, search.nearest))
                       : ctl_fail(
                             ctl, CTL_NOT_FOUND, namings[naming].unknown, CTL_ARGS(search.word));
        }
    }
    return CTL_OK;
}

int ctl_list_known(struct ctl *ctl, struct view_policies *views)
{
    const struct policy *policies[POLICIES_MAX];
    unsigned count = 0;
    bool asked = false;
    for (size_t i = 0; i < sizeof namings / sizeof *namings; i++) {
        asked = asked || ctl_option_text(ctl, namings[i].option);
    }
    if (!asked) {
        return CTL_OK;
    }
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl, "SELECT id FROM policy", NULL, 0, &rows);
    if (code != CTL_OK) {
        return code;
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        const struct policy *policy = view_policy(views, id);
        if (!policy || count == POLICIES_MAX) {
            return CTL_OK; /* not all names are known here */
        }
        policies[count++] = policy;
    }
    return ctl_list_judge(ctl, policies, count);
}
