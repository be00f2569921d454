/* What a person does next with a case: one of the permitted actions, by chance, but mostly onwards.
 */
#include "clock.h"
#include "ctl_form.h"
#include "ctl_play.h"

enum { REFUSED_MAX = 5, STAYS_MAX = 2, WEIGHT_ONWARDS = 12, STEPS_BEFORE_END = 5 };

uint64_t play_random(struct play *play, uint64_t bound)
{
    play->random += 0x9e3779b97f4a7c15U;
    uint64_t z = play->random;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return bound > 0 ? (z ^ z >> 31) % bound : 0;
}

void play_role_add(struct play *play, const char *role)
{
    for (unsigned i = 0; i < play->role_count; i++) {
        if (strcmp(play->roles[i], role) == 0) {
            return;
        }
    }
    if (play->role_count < PLAY_ROLES_MAX) {
        (void)snprintf(play->roles[play->role_count++], PLAY_NAME_MAX, "%s", role);
    }
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool has_seen(const struct player *player, const char *step)
{
    for (unsigned i = 0; i < player->seen_count; i++) {
        if (strcmp(player->seen[i], step) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_banned(const struct player *player, const char *action)
{
    for (unsigned i = 0; i < player->banned_count; i++) {
        if (strcmp(player->banned[i], action) == 0) {
            return true;
        }
    }
    return false;
}

static void ban(struct player *player, const char *action)
{
    if (player->banned_count < PLAY_BANNED_MAX) {
        (void)snprintf(player->banned[player->banned_count++], PLAY_NAME_MAX, "%s", action);
    }
}

void play_state_take(struct play *play, struct player *player, const ctl_reply *reply)
{
    json_t *state = ctl_reply_json(reply);
    const char *step = text_of(state, "step");
    size_t i;
    json_t *action;
    json_array_foreach(json_object_get(state, "allowed"), i, action)
    {
        size_t r;
        json_t *role;
        json_array_foreach(json_object_get(action, "roles"), r, role)
        {
            play_role_add(play, json_string_value(role));
        }
    }
    player->banned_count = 0;
    player->case_id = reply->case_id;
    if (!player->state || strcmp(text_of(player->state, "step"), step) != 0) {
        player->stays = 0;
        if (!has_seen(player, step) && player->seen_count < PLAY_STEPS_MAX) {
            (void)snprintf(player->seen[player->seen_count++], PLAY_NAME_MAX, "%s", step);
        }
    }
    json_decref(player->state);
    player->state = state;
    if (text_of(state, "agent")[0] == '\0') {
        player->holder_role[0] = '\0';
    }
}

static unsigned
weight_of(const struct play *play, const struct player *player, const json_t *action)
{
    const char *step = text_of(action, "to_step");
    if (is_banned(player, text_of(action, "action"))) {
        return 0;
    }
    if (strcmp(step, text_of(player->state, "step")) == 0) {
        return player->stays < STAYS_MAX ? 1 : 0;
    }
    /* Most cases go the whole way: an end is for later, once it is known to be one. */
    bool early = player->seen_count < STEPS_BEFORE_END && strcmp(step, play->end) == 0;
    return has_seen(player, step) || early ? 1 : WEIGHT_ONWARDS;
}

/* NULL: there is nothing (left) to do. */
static json_t *choose(struct play *play, const struct player *player)
{
    json_t *allowed = json_object_get(player->state, "allowed");
    unsigned sum = 0;
    size_t i;
    json_t *action = NULL;
    json_array_foreach(allowed, i, action)
    {
        sum += weight_of(play, player, action);
    }
    if (sum == 0) {
        return NULL;
    }
    unsigned at = (unsigned)play_random(play, sum);
    json_array_foreach(allowed, i, action)
    {
        unsigned weight = weight_of(play, player, action);
        if (at < weight) {
            break;
        }
        at -= weight;
    }
    return action;
}

static bool contains(const char *name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strstr(name, words[i])) {
            return true;
        }
    }
    return false;
}

static uint64_t whim_random(void *self, uint64_t bound)
{
    return play_random(self, bound);
}

static const char *phrase(struct play *play)
{
    static const enum ctl_text phrases[] = {
        TEXT_PLAY_PHRASE_1, TEXT_PLAY_PHRASE_2, TEXT_PLAY_PHRASE_3, TEXT_PLAY_PHRASE_4};
    size_t which = play_random(play, sizeof phrases / sizeof *phrases);
    return ctl_text_in(play->ctl->language, phrases[which]);
}

/* What a person would type into a field of that name whose form nothing is said of. */
static void value_guess(struct play *play, const char *need, char value[CTL_VALUE_MAX])
{
    static const char *const numbers[] = {
        "amount", "cost", "number", "days", "points", "hours", "minutes", "count", "score"};
    static const char *const dates[] = {"date", "until", "deadline", "due"};
    if (contains(need, numbers, sizeof numbers / sizeof *numbers)) {
        (void)snprintf(value, CTL_VALUE_MAX, "%" PRIu64, 1 + play_random(play, 90));
    } else if (contains(need, dates, sizeof dates / sizeof *dates)) {
        char at[CLOCK_TEXT_SIZE];
        int64_t days = 1 + (int64_t)play_random(play, 14);
        clock_text(clock_now_us() + days * 86400 * 1000000, at);
        (void)snprintf(value, CTL_VALUE_MAX, "%.10s", at);
    } else {
        (void)snprintf(value, CTL_VALUE_MAX, "%s", phrase(play));
    }
}

/* How much the role may decide of the field in this action; NULL: as much as it likes. */
static const char *limit_of(const json_t *action, const char *role, const char *need)
{
    size_t i;
    json_t *limit;
    json_array_foreach(json_object_get(action, "limits"), i, limit)
    {
        if (strcmp(text_of(limit, "role"), role) == 0 &&
            strcmp(text_of(limit, "field"), need) == 0) {
            return text_of(limit, "most");
        }
    }
    return NULL;
}

/* Mostly the category the case has, or one that others have. */
static bool category_choose(struct play *play, const struct player *player, char *value)
{
    const char *present = text_of(player->state, "category");
    bool keep = present[0] != '\0' && (play->category_count == 0 || play_random(play, 2) == 0);
    if (!keep && play->category_count == 0) {
        return false;
    }
    const char *other = keep ? present : play->categories[play_random(play, play->category_count)];
    (void)snprintf(value, CTL_VALUE_MAX, "%s", other);
    return true;
}

static void value_fill(struct play *play,
                       const struct player *player,
                       const char *need,
                       const char *most,
                       char value[CTL_VALUE_MAX])
{
    const json_t *form = ctl_form_of(player->state, need);
    const struct ctl_whim whim = {.random = whim_random,
                                  .self = play,
                                  .phrase = phrase(play),
                                  .most = most,
                                  .today = clock_now_us() / 86400 / 1000000};
    if (strcmp(need, "category") == 0 && category_choose(play, player, value)) {
        return;
    }
    if (!form || !ctl_form_invent(form, &whim, value)) {
        value_guess(play, need, value);
    }
}

static bool is_required(const json_t *action, const char *need)
{
    size_t i;
    json_t *each;
    json_array_foreach(json_object_get(action, "required"), i, each)
    {
        if (strcmp(json_string_value(each), need) == 0) {
            return true;
        }
    }
    return false;
}

/* Every field that has to be filled in, and half of the others. */
static void fields_fill(struct play *play,
                        const struct player *player,
                        const json_t *action,
                        struct ctl_command *command,
                        char values[CTL_FIELDS_MAX][CTL_VALUE_MAX])
{
    size_t i;
    json_t *each;
    json_array_foreach(json_object_get(action, "needs"), i, each)
    {
        const char *need = json_string_value(each);
        uint32_t at = command->field_count;
        if (at < CTL_FIELDS_MAX && (is_required(action, need) || play_random(play, 2) == 0)) {
            value_fill(play, player, need, limit_of(action, command->role, need), values[at]);
            command->fields[at] = (struct ctl_field){need, slice_text(values[at])};
            command->field_count = at + 1;
        }
    }
}

/* The holder where the action is for the holder's role; else somebody of a role it is for. */
static void actor_of(struct play *play,
                     const struct player *player,
                     const json_t *roles,
                     char role[PLAY_NAME_MAX],
                     char actor[PLAY_NAME_MAX])
{
    size_t i;
    json_t *each;
    json_array_foreach(roles, i, each)
    {
        if (player->holder_role[0] != '\0' &&
            strcmp(json_string_value(each), player->holder_role) == 0) {
            (void)snprintf(role, PLAY_NAME_MAX, "%s", player->holder_role);
            (void)snprintf(actor, PLAY_NAME_MAX, "%s", text_of(player->state, "agent"));
            return;
        }
    }
    size_t which = play_random(play, json_array_size(roles));
    const char *name = json_string_value(json_array_get(roles, which));
    (void)snprintf(role, PLAY_NAME_MAX, "%s", name ? name : "");
    (void)snprintf(actor, PLAY_NAME_MAX, "%.40s-%" PRIu64, role, 1 + play_random(play, 3));
}

static int act(struct play *play, struct player *player, const json_t *action)
{
    char role[PLAY_NAME_MAX];
    char actor[PLAY_NAME_MAX];
    char values[CTL_FIELDS_MAX][CTL_VALUE_MAX];
    struct ctl_command command = {
        .action = text_of(action, "action"),
        .case_id = player->case_id,
        .version = (uint32_t)json_integer_value(json_object_get(player->state, "version"))};
    actor_of(play, player, json_object_get(action, "roles"), role, actor);
    command.actor = actor;
    command.role = role;
    fields_fill(play, player, action, &command, values);
    const ctl_reply *reply = NULL;
    int code = ctl_desk_ask(play->desk, &command, &reply);
    if (code != CTL_OK) {
        return code;
    }
    if (ctl_reply_code(reply) == CTL_OK) {
        play->moves++;
        player->moves++;
        player->stays++;
        player->refused = 0;
        play_state_take(play, player, reply);
        return CTL_OK;
    }
    char refused[PLAY_NAME_MAX];
    (void)snprintf(refused, sizeof refused, "%s", command.action);
    play->refused++;
    player->refused++;
    if (reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_CONFLICT) {
        play_state_take(play, player, reply); /* somebody else was at it */
    } else {
        ban(player, refused);
    }
    return CTL_OK;
}

/* A case that an action has put into a queue is taken out of it by somebody who may. */
static int take_over(struct play *play, struct player *player)
{
    char role[PLAY_NAME_MAX];
    char actor[PLAY_NAME_MAX];
    (void)snprintf(role, sizeof role, "%s", play->roles[play_random(play, play->role_count)]);
    (void)snprintf(actor, sizeof actor, "%.40s-%" PRIu64, role, 1 + play_random(play, 3));
    struct ctl_command command = {
        .action = "claim", .case_id = player->case_id, .actor = actor, .role = role};
    const ctl_reply *reply = NULL;
    int code = ctl_desk_ask(play->desk, &command, &reply);
    if (code == CTL_OK && ctl_reply_code(reply) == CTL_OK) {
        play_state_take(play, player, reply);
        (void)snprintf(player->holder_role, PLAY_NAME_MAX, "%s", role);
    }
    return code;
}

static void left_count(struct play *play, const char *step)
{
    unsigned i = 0;
    while (i < play->left_count && strcmp(play->left_in[i].step, step) != 0) {
        i++;
    }
    if (i == PLAY_STEPS_MAX) {
        return;
    }
    if (i == play->left_count) {
        play->left_count++;
        (void)snprintf(play->left_in[i].step, PLAY_NAME_MAX, "%s", step);
    }
    play->left_in[i].count++;
}

/* Left where it is: half of them go back to their queue. */
static int leave(struct play *play, struct player *player)
{
    int code = CTL_OK;
    play->left++;
    left_count(play, text_of(player->state, "step"));
    if (player->holder_role[0] != '\0' && play_random(play, 2) == 0) {
        struct ctl_command command = {.action = "release",
                                      .case_id = player->case_id,
                                      .actor = text_of(player->state, "agent"),
                                      .role = player->holder_role};
        const ctl_reply *reply = NULL;
        code = ctl_desk_ask(play->desk, &command, &reply);
        player->full = player->full && code != CTL_OK;
    }
    player->busy = false;
    return code;
}

int play_move(struct play *play, struct player *player)
{
    bool held = text_of(player->state, "agent")[0] != '\0';
    bool queued = text_of(player->state, "queue")[0] != '\0';
    if (!held && !queued) { /* only a closed case is with nobody and in no queue */
        play->closed++;
        (void)snprintf(play->end, sizeof play->end, "%s", text_of(player->state, "step"));
        player->busy = false;
        return CTL_OK;
    }
    if (player->moves >= player->leave_after || player->moves >= PLAY_MOVES_MAX ||
        player->refused >= REFUSED_MAX) {
        return leave(play, player);
    }
    if (!held && play_random(play, 3) != 0) {
        int code = take_over(play, player);
        held = text_of(player->state, "agent")[0] != '\0';
        if (code != CTL_OK || held) {
            return code;
        }
    }
    const json_t *action = choose(play, player);
    return action ? act(play, player, action) : leave(play, player);
}
