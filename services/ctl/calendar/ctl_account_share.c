/* Which step, and so whose owner, took how much of a clock's time. */
#include "ctl_account.h"

struct share {
    uint16_t step;
    int64_t used_us, paused_us;
};

struct share_list {
    const struct account *account;
    struct share shares[ACCOUNT_SHARES_MAX];
    uint32_t count;
};

static struct share *share_of(struct share_list *list, uint16_t step)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->shares[i].step == step) {
            return &list->shares[i];
        }
    }
    list->shares[list->count] = (struct share){.step = step};
    return &list->shares[list->count++];
}

static struct account_span common_of(struct account_span one, struct account_span other)
{
    return (struct account_span){one.from_us > other.from_us ? one.from_us : other.from_us,
                                 one.to_us < other.to_us ? one.to_us : other.to_us};
}

/* What the case's stay in a step is of the clock's life. */
static void add_stay(struct share_list *list, uint16_t step, struct account_span stay)
{
    const struct account *account = list->account;
    const struct event_clock *told = &account->told;
    const struct account_span lived = {told->started_at_us, account_lived_until_us(account)};
    int64_t used_us = account_own_us(account, common_of(stay, lived));
    int64_t paused_us = 0;
    for (uint32_t i = 0; i < account->pause_count; i++) {
        paused_us += account_own_us(account, common_of(stay, account->pauses[i]));
    }
    used_us -= paused_us;
    if (told->due_us == 0 && told->verdict != CLOCK_CANCELLED) {
        const struct account_span standing = {told->paused_at_us, account->view->now_us};
        paused_us += account_own_us(account, common_of(stay, standing));
    }
    if (used_us > 0 || paused_us > 0) {
        struct share *share = share_of(list, step);
        share->used_us += used_us;
        share->paused_us += paused_us;
    }
}

uint32_t account_shares(const struct account *account,
                        struct account_share shares[ACCOUNT_SHARES_MAX])
{
    const struct case_view *view = account->view;
    struct share_list list = {.account = account};
    struct account_span stay = {account->told.started_at_us, 0};
    uint16_t step = POLICY_NONE;
    if (!account->recounts) {
        return 0;
    }
    for (uint32_t i = 0; i < view->event_count; i++) {
        struct slice entered = case_step_entered(&view->events[i]);
        if (entered.size > 0) {
            stay.to_us = view->events[i].at_us;
            add_stay(&list, step, stay);
            stay.from_us = stay.to_us;
            step = policy_step_index(view->policy, entered);
        }
    }
    stay.to_us = view->now_us;
    add_stay(&list, step, stay);
    int64_t used_us = 0;
    int64_t paused_us = 0;
    for (uint32_t i = 0; i < list.count; i++) { /* parts of a second go to the next */
        const struct share *share = &list.shares[i];
        shares[i] = (struct account_share){.step = share->step,
                                           .used_s = -(used_us / ACCOUNT_US),
                                           .paused_s = -(paused_us / ACCOUNT_US)};
        shares[i].used_s += (used_us += share->used_us) / ACCOUNT_US;
        shares[i].paused_s += (paused_us += share->paused_us) / ACCOUNT_US;
    }
    return list.count;
}
