#include "ctl_names.h"

#include "ctl_database.h"
#include "ctl_options.h"
#include "scope.h"

#include <assert.h>

enum { POLICIES_MAX = 256 };

/* ---- names at hand ---- */

static bool there(const struct ctl_name *list, unsigned count, const char *id)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(list[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Each counts once, for how many more there are than are shown. */
static void beyond_add(struct ctl_names *names, const char *id)
{
    for (unsigned i = 0; i < names->beyond_count; i++) {
        if (strcmp(names->beyond[i], id) == 0) {
            return;
        }
    }
    names->uncounted = names->beyond_count == CTL_NAMES_BEYOND_MAX;
    if (!names->uncounted) {
        (void)snprintf(names->beyond[names->beyond_count++], CTL_NAME_SIZE, "%s", id);
    }
}

static struct ctl_name name_of(const char *id, const char *title)
{
    struct ctl_name name = {.far = SIZE_MAX};
    (void)snprintf(name.id, sizeof name.id, "%s", id);
    if (title && strcmp(title, id) != 0) {
        (void)view_plain(slice_text(title), name.title);
    }
    return name;
}

/* In its place among the nearest, if it is one of them. */
static void near_add(struct ctl_names *names, const struct ctl_name *name)
{
    unsigned at = names->near_count;
    if (there(names->near, names->near_count, name->id)) {
        return;
    }
    while (at > 0 && names->near[at - 1].far > name->far) {
        at--;
    }
    if (at == CTL_NAMES_NEAR_MAX) {
        return;
    }
    names->near_count += names->near_count < CTL_NAMES_NEAR_MAX;
    for (unsigned i = names->near_count - 1; i > at; i--) {
        names->near[i] = names->near[i - 1];
    }
    names->near[at] = *name;
}

static void called_add(struct ctl_names *names, const char *id, const char *title)
{
    if (names->called_count < CTL_NAMES_SHOWN_MAX &&
        !there(names->called, names->called_count, id)) {
        names->called[names->called_count++] = name_of(id, title);
    }
}

static bool is_title(const struct policy_title *title, const char *word)
{
    bool is = false;
    for (unsigned i = 0; title && i < LOCALE_COUNT; i++) {
        is = is || strcmp(title->text[i], word) == 0;
    }
    return is;
}

/* What stands for an id, and what was typed of it, where neither is the whole. */
struct part {
    const char *typed, *like;
    const struct policy_title *titles; /* NULL: none */
};

/* How far the word is from the id and from what it is called; SIZE_MAX: too far. */
static void name_weigh(struct ctl_name *name, const char *title, const struct part *part)
{
    const char *nearest = NULL;
    ctl_nearer(part->typed, part->like, &nearest, &name->far);
    size_t by_id = name->far;
    for (unsigned i = 0; part->titles && i < LOCALE_COUNT; i++) {
        ctl_nearer(part->typed, part->titles->text[i], &nearest, &name->far);
    }
    if (!part->titles && title) {
        ctl_nearer(part->typed, title, &nearest, &name->far);
    }
    name->by_title = name->far < by_id;
}

static void
add_part(struct ctl_names *names, const char *id, const char *title, const struct part *part)
{
    if (names->all) {
        (void)fprintf(names->all, "%s\n", id);
        return;
    }
    names->found = names->found || strcmp(names->word, id) == 0;
    if (is_title(part->titles, part->typed) && strcmp(part->typed, part->like) != 0) {
        called_add(names, id, title);
    }
    struct ctl_name name = name_of(id, title);
    name_weigh(&name, title, part);
    if (name.far != SIZE_MAX) {
        near_add(names, &name);
    }
    if (there(names->shown, names->shown_count, id)) {
        return;
    }
    if (names->shown_count == CTL_NAMES_SHOWN_MAX) {
        beyond_add(names, id);
    } else {
        names->shown[names->shown_count++] = name;
    }
}

void ctl_names_add(struct ctl_names *names, const char *id, const char *title)
{
    add_part(names, id, title, &(struct part){names->word, id, NULL});
}

void ctl_names_add_titled(const struct ctl *ctl,
                          struct ctl_names *names,
                          const char *id,
                          const struct policy_title *title)
{
    add_part(names, id, view_title(ctl, title), &(struct part){names->word, id, title});
}

const char *ctl_names_meant(const struct ctl_names *names)
{
    if (names->found) {
        return names->word;
    }
    return names->called_count == 1 ? names->called[0].id : NULL;
}

static const char *list_tell(const struct ctl *ctl,
                             const struct ctl_name *list,
                             unsigned count,
                             const char *more,
                             char into[CTL_NAMES_TOLD_MAX])
{
    into[0] = '\0';
    FILE *to = fmemopen(into, CTL_NAMES_TOLD_MAX, "w");
    for (unsigned i = 0; to && i < count; i++) {
        const struct ctl_name *name = &list[i];
        (void)fputs(i > 0 ? ctl_text_in(ctl->language, TEXT_LIST_AND) : "", to);
        if (name->title[0] == '\0') {
            (void)fputs(name->id, to);
        } else {
            ctl_format(
                to, ctl_text_in(ctl->language, TEXT_REASON_TITLE), CTL_ARGS(name->title, name->id));
        }
    }
    if (to) {
        (void)fputs(count == 0 ? "–" : more, to);
        (void)fclose(to);
    }
    into[CTL_NAMES_TOLD_MAX - 1] = '\0';
    return into;
}

const char *
ctl_names_list(const struct ctl *ctl, const struct ctl_names *names, char into[CTL_NAMES_TOLD_MAX])
{
    char more[VIEW_TEXT_MAX] = "";
    char count[24];
    (void)snprintf(count, sizeof count, "%u%s", names->beyond_count, names->uncounted ? "+" : "");
    if (names->beyond_count > 0) {
        enum ctl_text id = names->kind ? TEXT_NAMES_MORE_BY : TEXT_NAMES_MORE;
        (void)view_text(ctl, id, CTL_ARGS(count, names->kind), more);
    }
    return list_tell(ctl, names->shown, names->shown_count, more, into);
}

int ctl_names_several(const struct ctl *ctl, const struct ctl_names *names)
{
    char told[CTL_NAMES_TOLD_MAX];
    const char *more = names->called_count == CTL_NAMES_SHOWN_MAX ? "……" : "";
    (void)list_tell(ctl, names->called, names->called_count, more, told);
    return ctl_fail(ctl, CTL_USAGE, TEXT_NAMES_SEVERAL, CTL_ARGS(names->word, told));
}

/* “phone”, or “电话热线”（phone） where the title is what was mistyped. */
static void near_tell(const struct ctl *ctl, const struct ctl_name *name, FILE *to)
{
    const char *quoted = ctl_text_in(ctl->language, TEXT_NAME_QUOTED);
    char title[VIEW_TEXT_MAX + 8];
    if (!name->by_title || name->title[0] == '\0') {
        ctl_format(to, quoted, CTL_ARGS(name->id));
        return;
    }
    (void)ctl_format_into(title, sizeof title, quoted, CTL_ARGS(name->title));
    ctl_format(to, ctl_text_in(ctl->language, TEXT_REASON_TITLE), CTL_ARGS(title, name->id));
}

const char *
ctl_names_tell(const struct ctl *ctl, const struct ctl_names *names, char into[CTL_NAMES_TOLD_MAX])
{
    char list[CTL_NAMES_TOLD_MAX] = "";
    FILE *to = names->near_count > 0 ? fmemopen(list, sizeof list, "w") : NULL;
    for (unsigned i = 0; to && i < names->near_count; i++) {
        (void)fputs(i > 0 ? ctl_text_in(ctl->language, TEXT_LIST_AND) : "", to);
        near_tell(ctl, &names->near[i], to);
    }
    if (to) {
        (void)fclose(to);
    } else {
        (void)ctl_names_list(ctl, names, list);
    }
    list[sizeof list - 1] = '\0';
    enum ctl_text id = names->near_count > 0 ? TEXT_NAMES_NEAR : TEXT_NAMES_THERE;
    return ctl_format_into(
        into, CTL_NAMES_TOLD_MAX, ctl_text_in(ctl->language, id), CTL_ARGS(list));
}

/* ---- names of the policies of the archive ---- */

static const enum ctl_text unknown[NAMING_COUNT] = {
    [NAMING_POLICY] = TEXT_LIST_NO_POLICY,
    [NAMING_STEP] = TEXT_LIST_NO_STEP,
    [NAMING_QUEUE] = TEXT_LIST_NO_QUEUE,
    [NAMING_CATEGORY] = TEXT_LIST_NO_CATEGORY,
    [NAMING_CHANNEL] = TEXT_LIST_NO_CHANNEL,
    [NAMING_WORK_QUEUE] = TEXT_LIST_NO_QUEUE,
};

/* As completion --names calls them. */
static const char *const kinds[NAMING_COUNT] = {
    [NAMING_POLICY] = "policy",
    [NAMING_STEP] = "step",
    [NAMING_QUEUE] = "queue",
    [NAMING_CATEGORY] = "category",
    [NAMING_CHANNEL] = "channel",
    [NAMING_WORK_QUEUE] = "queue",
    [NAMING_ROLE] = "role",
};

/* The word is POLICY/… of this policy, by its name or, if it may be titled, a title. */
static bool is_of(const char *word, const struct policy *policy, bool titled)
{
    char name[CTL_NAME_SIZE];
    const char *slash = strchr(word, '/');
    (void)snprintf(name, sizeof name, "%.*s", slash ? (int)(slash - word) : 0, word);
    return slash && (strcmp(name, policy->name) == 0 || (titled && is_title(&policy->title, name)));
}

/* Each queue by its whole name, where that was typed or has to be. */
static void queues_add(const struct ctl *ctl,
                       struct ctl_names *names,
                       enum ctl_naming naming,
                       const struct policy *policy)
{
    char name[CTL_NAME_SIZE];
    bool whole = strchr(names->word, '/') != NULL;
    for (uint16_t i = 0; i < policy->queue_count; i++) {
        const char *id = policy->queues[i].id;
        bool ours = is_of(names->word, policy, true);
        const struct part part = {ours ? strchr(names->word, '/') + 1 : names->word,
                                  whole && !ours ? name : id,
                                  &policy->queues[i].title};
        (void)snprintf(name, sizeof name, "%s/%s", policy->name, id);
        add_part(names,
                 whole || naming == NAMING_WORK_QUEUE ? name : id,
                 view_title(ctl, &policy->queues[i].title),
                 &part);
        if (ours && strcmp(part.typed, id) == 0) { /* of a policy that was called by its title */
            called_add(names, name, NULL);
        }
    }
}

static void policy_add(const struct ctl *ctl,
                       struct ctl_names *names,
                       enum ctl_naming naming,
                       const struct policy *policy)
{
    switch (naming) {
    case NAMING_POLICY:
        ctl_names_add_titled(ctl, names, policy->name, &policy->title);
        break;
    case NAMING_STEP:
        for (uint16_t i = 0; i < policy->step_count; i++) {
            ctl_names_add_titled(ctl, names, policy->steps[i].id, &policy->steps[i].title);
        }
        break;
    case NAMING_CATEGORY:
        for (uint16_t i = 0; i < policy->category_count; i++) {
            const struct policy_category *category = &policy->categories[i];
            ctl_names_add_titled(ctl, names, category->id, &category->title);
        }
        break;
    case NAMING_CHANNEL:
        for (uint16_t i = 0; i < policy->channel_count; i++) {
            const struct policy_channel *channel = &policy->channels[i];
            ctl_names_add_titled(ctl, names, channel->id, &channel->title);
        }
        break;
    case NAMING_QUEUE:
    case NAMING_WORK_QUEUE:
        queues_add(ctl, names, naming, policy);
        break;
    case NAMING_ROLE:
        for (uint16_t i = 0; i < policy->role_count; i++) {
            ctl_names_add(names, policy->roles[i], NULL);
        }
        break;
    case NAMING_COUNT:
        break;
    }
}

static int fail(const struct ctl *ctl, enum ctl_naming naming, const struct ctl_names *names)
{
    char told[CTL_NAMES_TOLD_MAX];
    assert(naming < NAMING_COUNT);
    return ctl_fail(ctl,
                    CTL_NOT_FOUND,
                    unknown[naming],
                    CTL_ARGS(names->word, ctl_names_tell(ctl, names, told)));
}

/* Of POLICY/QUEUE there is not even the policy, and no queue is near. */
static int fail_policy(const struct ctl *ctl,
                       const struct policy *const *policies,
                       unsigned count,
                       const char *word)
{
    static struct ctl_names names; /* large */
    char policy[CTL_NAME_SIZE];
    (void)snprintf(policy, sizeof policy, "%.*s", (int)strcspn(word, "/"), word);
    names = (struct ctl_names){.word = policy, .kind = kinds[NAMING_POLICY]};
    for (unsigned i = 0; i < count; i++) {
        policy_add(ctl, &names, NAMING_POLICY, policies[i]);
    }
    return fail(ctl, NAMING_POLICY, &names);
}

int ctl_names_judge(const struct ctl *ctl,
                    const struct policy *const *policies,
                    unsigned policy_count,
                    struct ctl_named *named,
                    const char *only)
{
    static struct ctl_names names; /* large */
    bool queue = named->naming == NAMING_QUEUE || named->naming == NAMING_WORK_QUEUE;
    bool whole = queue && strchr(named->word, '/');
    names = (struct ctl_names){.word = named->word, .kind = kinds[named->naming]};
    only = named->naming == NAMING_POLICY ? NULL : only;
    for (unsigned i = 0; whole && !only && i < policy_count; i++) {
        only = is_of(named->word, policies[i], false) ? policies[i]->name : NULL;
    }
    for (unsigned i = 0; i < policy_count; i++) {
        if (!only || strcmp(only, policies[i]->name) == 0) {
            policy_add(ctl, &names, named->naming, policies[i]);
        }
    }
    const char *id = ctl_names_meant(&names);
    if (id) {
        (void)snprintf(named->id, sizeof named->id, "%s", id);
        return CTL_OK;
    }
    if (names.called_count > 1) {
        return ctl_names_several(ctl, &names);
    }
    if (whole && !only && names.near_count == 0) {
        return fail_policy(ctl, policies, policy_count, named->word);
    }
    return fail(ctl, named->naming, &names);
}

/* Of a queue without its policy: those first in whose queue of that name somebody waits. */
static int policies_ask(struct ctl *ctl, const struct ctl_named *named, PGresult **rows)
{
    bool bare = named->naming == NAMING_WORK_QUEUE && !strchr(named->word, '/');
    return bare ? ctl_query(ctl,
                            "SELECT id FROM policy ORDER BY id IN (SELECT policy_id FROM complaint "
                            "WHERE queue = $1 AND queue <> '') DESC, name, version",
                            &named->word,
                            1,
                            rows)
                : ctl_query(ctl, "SELECT id FROM policy ORDER BY name, version", NULL, 0, rows);
}

/* The policy that the others are to be of, by its name. */
static const char *only_of(const struct ctl_named *named, unsigned count, const char *only)
{
    for (unsigned i = 0; only && i < count; i++) {
        bool is = named[i].naming == NAMING_POLICY && named[i].word;
        only = is && strcmp(named[i].word, only) == 0 ? named[i].id : only;
    }
    return only;
}

/* All policies of the archive; not *whole where one cannot be read: not all names are known. */
static int policies_read(struct ctl *ctl,
                         struct view_policies *views,
                         const struct ctl_named *asked,
                         const struct policy *policies[POLICIES_MAX],
                         unsigned *count,
                         bool *whole)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = policies_ask(ctl, asked, &rows);
    *count = 0;
    *whole = true;
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        const struct policy *policy = view_policy(views, id);
        *whole = *whole && policy && *count < POLICIES_MAX;
        if (*whole) {
            policies[(*count)++] = policy;
        }
    }
    return code;
}

const char *ctl_names_hint(struct ctl *ctl,
                           struct view_policies *views,
                           const struct ctl_named *named,
                           const char *only,
                           char into[CTL_NAMES_TOLD_MAX])
{
    static struct ctl_names names; /* large */
    const struct policy *policies[POLICIES_MAX];
    unsigned count = 0;
    bool whole = false;
    into[0] = '\0';
    names = (struct ctl_names){.word = named->word, .kind = kinds[named->naming]};
    int code = policies_read(ctl, views, named, policies, &count, &whole);
    for (unsigned i = 0; code == CTL_OK && i < count; i++) {
        if (!only || strcmp(only, policies[i]->name) == 0) {
            policy_add(ctl, &names, named->naming, policies[i]);
        }
    }
    return names.shown_count > 0 ? ctl_names_tell(ctl, &names, into) : into;
}

int ctl_names_known(struct ctl *ctl,
                    struct view_policies *views,
                    struct ctl_named *named,
                    unsigned count,
                    const char *only)
{
    const struct policy *policies[POLICIES_MAX];
    unsigned policy_count = 0;
    bool whole = false;
    const struct ctl_named *asked = NULL;
    for (unsigned i = 0; i < count; i++) {
        asked = named[i].word ? &named[i] : asked;
        (void)snprintf(named[i].id, sizeof named[i].id, "%s", named[i].word ? named[i].word : "");
    }
    if (!asked) {
        return CTL_OK;
    }
    int code = policies_read(ctl, views, asked, policies, &policy_count, &whole);
    for (unsigned i = 0; code == CTL_OK && whole && i < count; i++) {
        if (named[i].word) {
            code = ctl_names_judge(ctl, policies, policy_count, &named[i], only_of(named, i, only));
        }
    }
    return code;
}

int ctl_names_write(struct ctl *ctl, enum ctl_naming naming, const char *only, FILE *to)
{
    static struct ctl_names names; /* large */
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    SCOPED(view_policies_free) struct view_policies *views = view_policies_new(ctl);
    int code = ctl_query(ctl,
                         "SELECT DISTINCT ON (name) id FROM policy ORDER BY name, version DESC",
                         NULL,
                         0,
                         &rows);
    names = (struct ctl_names){.word = "", .all = to};
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        const struct policy *policy = views ? view_policy(views, id) : NULL;
        if (policy &&
            (!only || strcmp(only, policy->name) == 0 || is_title(&policy->title, only))) {
            policy_add(ctl, &names, naming, policy);
        }
    }
    return code;
}
