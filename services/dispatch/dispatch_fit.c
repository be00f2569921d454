/* What Redis is told of whom a case is for, and of who claims: hints, so that claims that would be
 * refused are not proposed (law 6).  The rules are the core's. */
#include "dispatch_core_fit.h"
#include "dispatch_core_rules.h"
#include "dispatch_shell.h"

#include <inttypes.h>

/* A text that takes whole clauses as long as there is room. */
struct clauses {
    char *text;
    size_t size;
};

static void clause_add(struct clauses *clauses, int64_t until_us, const char *tokens)
{
    /* a millisecond late rather than early: what is proposed then is not refused */
    int64_t until_ms = until_us == INT64_MAX ? 0 : until_us / 1000 + 1;
    size_t room = PROJECTION_ASK_MAX - clauses->size;
    int size = snprintf(clauses->text + clauses->size,
                        room,
                        "%s%" PRId64 ",%s",
                        clauses->size > 0 ? " " : "",
                        until_ms,
                        tokens);
    if (size > 0 && (size_t)size < room) {
        clauses->size += (size_t)size;
    }
    clauses->text[clauses->size] = '\0';
}

/* Whom the complaint names, and who held the case where the step is for others. */
static void
barred_tell(const struct policy *policy, const struct dispatch_case *state, struct clauses *clauses)
{
    char token[FIT_TOKEN_MAX];
    unsigned barred = state->more.concerned;
    barred |= policy->steps[state->step].other_handler ? state->more.handled : 0U;
    for (unsigned i = 0; i < DISPATCH_PEOPLE_MAX; i++) {
        if ((barred >> i & 1U) != 0) {
            (void)snprintf(token, sizeof token, "!@%016" PRIx64, state->more.people[i]);
            clause_add(clauses, INT64_MAX, token);
        }
    }
}

void fit_tell(const struct dispatch *dispatch,
              const struct policy *policy,
              const struct dispatch_case *state,
              char ask[PROJECTION_ASK_MAX])
{
    struct fit_ask asks[FIT_ASKS_MAX];
    struct clauses clauses = {ask, 0};
    char tokens[FIT_PERSONS_MAX * FIT_TOKEN_MAX];
    ask[0] = '\0';
    barred_tell(policy, state, &clauses);
    uint32_t count =
        fit_asks(policy, state, people_org(dispatch), service_now_us(dispatch->service), asks);
    for (uint32_t i = 0; i < count; i++) {
        size_t size = 0;
        if (asks[i].skill) {
            (void)snprintf(tokens, sizeof tokens, "%s=%u", asks[i].skill, asks[i].level);
        }
        for (unsigned p = 0; !asks[i].skill && p < asks[i].person_count; p++) {
            size += (size_t)snprintf(tokens + size,
                                     sizeof tokens - size,
                                     "%s@%016" PRIx64,
                                     p > 0 ? "|" : "",
                                     rules_person_hash(slice_text(asks[i].persons[p])));
        }
        clause_add(&clauses, asks[i].until_us, tokens);
    }
}

static void token_add(struct fit_tokens *tokens, const char *text)
{
    if (tokens->count < PROJECTION_HAS_MAX) {
        char *own = tokens->texts[tokens->count];
        (void)snprintf(own, FIT_TOKEN_MAX, "%s", text);
        tokens->has[tokens->count++] = own;
    }
}

static void person_add(struct fit_tokens *tokens, struct slice name)
{
    char token[FIT_TOKEN_MAX];
    (void)snprintf(token, sizeof token, "@%016" PRIx64, rules_person_hash(name));
    token_add(tokens, token);
}

void fit_tokens(const struct dispatch *dispatch, struct slice actor, struct fit_tokens *tokens)
{
    const struct org *org = people_org(dispatch);
    const struct org_agent *agent = org ? org_find(org, actor) : NULL;
    int64_t now_s = service_now_us(dispatch->service) / 1000000;
    tokens->count = 0;
    person_add(tokens, actor);
    for (uint16_t i = 0; agent && i < agent->skill_count; i++) {
        for (unsigned level = 1; level <= agent->skills[i].level; level++) {
            char token[FIT_TOKEN_MAX];
            (void)snprintf(
                token, sizeof token, "%s=%u", org->skills[agent->skills[i].skill], level);
            token_add(tokens, token);
        }
    }
    for (uint16_t i = 0; agent && i < org->agent_count; i++) {
        const struct org_agent *absent = &org->agents[i];
        if (absent->deputy != ORG_NONE && &org->agents[absent->deputy] == agent &&
            org_stands_in(org, actor, slice_text(absent->name), now_s)) {
            person_add(tokens, slice_text(absent->name));
        }
    }
}
