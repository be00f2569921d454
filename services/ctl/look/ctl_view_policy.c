/* The policies of the archive and the titles they give to their ids. */
#include "ctl_database.h"
#include "ctl_view.h"
#include "scope.h"

#include <time.h>

enum {
    YEARS_BACK = 2, /* as the daemons compile them */
    YEARS_AHEAD = 3,
};

struct view_policies {
    struct ctl *ctl;
    uint32_t count;
    uint32_t room;
    struct viewed {
        uint32_t id;
        struct policy_object *object; /* NULL: not there, or it does not compile */
    } * viewed;                       /* as many as the archive has versions, at most */
};

struct view_policies *view_policies_new(struct ctl *ctl)
{
    struct view_policies *policies = calloc(1, sizeof *policies);
    if (policies) {
        policies->ctl = ctl;
    }
    return policies;
}

void view_policies_free(struct view_policies **policies_p)
{
    struct view_policies *policies = *policies_p;
    if (policies) {
        for (uint32_t i = 0; i < policies->count; i++) {
            policy_object_free(&policies->viewed[i].object);
        }
        free(policies->viewed);
        free(policies);
        *policies_p = NULL;
    }
}

static struct policy_object *compile(struct ctl *ctl, uint32_t id)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    const char *const parameters[] = {CTL_NUMBER_TEXT(id)};
    if (ctl_query(
            ctl, "SELECT name, source FROM policy WHERE id = $1::integer", parameters, 1, &rows) !=
            CTL_OK ||
        PQntuples(rows) == 0) {
        return NULL;
    }
    time_t now = time(NULL);
    struct tm utc;
    (void)gmtime_r(&now, &utc);
    int year = 1900 + utc.tm_year;
    struct policy_report report = {0};
    struct policy_object *object =
        policy_load_blind(PQgetvalue(rows, 0, 0),
                          slice_of(PQgetvalue(rows, 0, 1), (size_t)PQgetlength(rows, 0, 1)),
                          year - YEARS_BACK,
                          year + YEARS_AHEAD,
                          &report);
    if (object) {
        object->policy.id = id;
    }
    policy_report_done(&report);
    return object;
}

static bool room_make(struct view_policies *policies)
{
    if (policies->count < policies->room) {
        return true;
    }
    uint32_t room = policies->room > 0 ? 2 * policies->room : 16;
    struct viewed *viewed = realloc(policies->viewed, room * sizeof *viewed);
    if (viewed) {
        policies->viewed = viewed;
        policies->room = room;
    }
    return viewed != NULL;
}

const struct policy *view_policy(struct view_policies *policies, uint32_t id)
{
    uint32_t i = 0;
    while (i < policies->count && policies->viewed[i].id != id) {
        i++;
    }
    if (i == policies->count) {
        if (id == 0 || !room_make(policies)) {
            return NULL;
        }
        policies->viewed[i] = (struct viewed){id, compile(policies->ctl, id)};
        /* one that could not be asked for is asked for again */
        bool lost = PQstatus(policies->ctl->database) != CONNECTION_OK;
        policies->count += policies->viewed[i].object || !lost;
    }
    const struct policy_object *object = policies->viewed[i].object;
    return object ? &object->policy : NULL;
}

int view_zone_take_named(struct ctl *ctl, struct view_policies *policies, const char *name)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl,
                         "SELECT id FROM policy WHERE name = $1 ORDER BY version DESC LIMIT 1",
                         &name,
                         1,
                         &rows);
    if (code == CTL_OK && PQntuples(rows) == 0) {
        return CTL_NOT_FOUND;
    }
    if (code == CTL_OK) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, 0, 0), NULL, 10);
        view_zone_take(view_policy_zone(view_policy(policies, id)));
    }
    return code;
}

int view_zone_take_all(struct ctl *ctl, struct view_policies *policies)
{
    struct view_zones zones = {0};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl,
                         "SELECT id FROM policy p WHERE EXISTS "
                         "(SELECT FROM complaint c WHERE c.policy_id = p.id)",
                         NULL,
                         0,
                         &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        view_zones_add(&zones, view_policy(policies, id));
    }
    view_zones_take(&zones);
    return code;
}

const char *view_title(const struct ctl *ctl, const struct policy_title *title)
{
    static const enum locale locales[CTL_LANGUAGE_COUNT] = {
        [CTL_EN] = LOCALE_EN, [CTL_ZH_CN] = LOCALE_ZH_CN, [CTL_ZH_TW] = LOCALE_ZH_TW};
    return title->text[locales[ctl->language]];
}

/* Each kind of name: where it is looked up, and where its title is. */
#define VIEW_NAME(kind, list)                                                                      \
    const char *view_##kind(const struct ctl *ctl,                                                 \
                            const struct policy *policy,                                           \
                            struct slice id,                                                       \
                            char into[VIEW_TEXT_MAX])                                              \
    {                                                                                              \
        uint16_t index = policy ? policy_##kind##_index(policy, id) : POLICY_NONE;                 \
        return index == POLICY_NONE                                                                \
                   ? view_plain(id, into)                                                          \
                   : view_plain(slice_text(view_title(ctl, &policy->list[index].title)), into);    \
    }

static uint16_t policy_factor_index(const struct policy *policy, struct slice id)
{
    for (uint16_t i = 0; i < policy->factor_count; i++) {
        if (slice_equal(id, slice_text(policy->factors[i].id))) {
            return i;
        }
    }
    return POLICY_NONE;
}

VIEW_NAME(step, steps)
VIEW_NAME(queue, queues)
VIEW_NAME(category, categories)
VIEW_NAME(class, classes)
VIEW_NAME(channel, channels)
VIEW_NAME(clock, clocks)
VIEW_NAME(factor, factors)

const char *
view_named(const struct ctl *ctl, const char *title, const char *id, char into[VIEW_TEXT_MAX])
{
    char plain[VIEW_TEXT_MAX];
    return strcmp(title, id) == 0
               ? view_plain(slice_text(id), into)
               : ctl_format_into(into,
                                 VIEW_TEXT_MAX,
                                 ctl_text_in(ctl->language, TEXT_SAY_THING),
                                 CTL_ARGS(title, view_plain(slice_text(id), plain)));
}

const char *view_calendar(const struct ctl *ctl, const struct calendar *calendar)
{
    return calendar->title ? view_title(ctl, calendar->title) : calendar->name;
}

const char *view_work_queue(const struct ctl *ctl,
                            const struct policy *policy,
                            const char *name,
                            char into[VIEW_TEXT_MAX])
{
    char title[VIEW_TEXT_MAX];
    const char *slash = strchr(name, '/');
    struct slice queue = slice_text(slash ? slash + 1 : name);
    bool known = policy && policy_queue_index(policy, queue) != POLICY_NONE;
    return view_named(ctl, known ? view_queue(ctl, policy, queue, title) : name, name, into);
}
