#include "instance.h"
#include "redis_world.h"

static void loaded(struct instance *instance, struct call *call);

static bool is_current(const struct instance *instance, const struct call *call)
{
    bool current = instance->holdings[call->partition].life == call->life;
    if (!current) {
        sim_reach(SOMETIMES_OLD_ANSWER_DROPPED);
    }
    return current;
}

static void taken(struct instance *instance, struct call *call)
{
    struct holding *holding = &instance->holdings[call->partition];
    if (!is_current(instance, call)) {
        return;
    }
    if (call->answer != ANSWER_DONE) {
        owner_feed(instance, call->partition, OWNER_LOST);
        return;
    }
    sim_note("%s takes %u, epoch %llu",
             instance_name(instance),
             call->partition,
             (unsigned long long)call->head.epoch);
    if (call->head.epoch > 1) {
        sim_reach(SOMETIMES_TAKEOVER);
        if (instance->service == SERVICE_DISPATCH &&
            redis_model_leases(redis_server(), call->partition) > 0) {
            sim_reach(SOMETIMES_TAKEOVER_IN_CLAIM);
        }
    }
    holding->epoch = call->head.epoch;
    holding->place = holding->next = call->head.place;
    memcpy(holding->checkpoints, call->head.checkpoints, sizeof holding->checkpoints);
    memcpy(holding->next_checkpoints, call->head.checkpoints, sizeof holding->checkpoints);
    owner_feed(instance, call->partition, OWNER_WON);
}

static void loaded(struct instance *instance, struct call *call)
{
    struct holding *holding = &instance->holdings[call->partition];
    if (is_current(instance, call) && holding->phase == OWNER_LOADING) {
        cases_forget(instance, call->partition);
        memcpy(holding->committed_rows, call->rows, sizeof holding->rows);
        if (instance->service == SERVICE_WATCHDOG && sim.mutant != MUTANT_TIMERS_NOT_INHERITED) {
            timers_build(holding);
        }
        owner_feed(instance, call->partition, OWNER_LOADED);
    }
}

static void renewed(struct instance *instance, struct call *call)
{
    instance->renewing = false;
    instance->renewed_us =
        call->seq > (uint64_t)instance->renewed_us ? (int64_t)call->seq : instance->renewed_us;
    for (uint32_t i = 0; i < call->part_count; i++) {
        const struct part *part = &call->parts[i];
        struct holding *holding = &instance->holdings[part->partition];
        if (call->fenced[i] && holding->life == part->life) {
            sim_reach(SOMETIMES_RENEWAL_FENCED);
            owner_feed(instance, part->partition, OWNER_FENCED);
        }
    }
}

static void given_back(struct instance *instance, struct call *call)
{
    (void)instance;
    (void)call;
}

static void send(struct instance *instance, uint32_t partition, enum call_kind kind)
{
    struct holding *holding = &instance->holdings[partition];
    struct call *call = instance_call(instance,
                                      kind,
                                      kind == CALL_TAKE   ? taken
                                      : kind == CALL_LOAD ? loaded
                                                          : given_back);
    call->partition = partition;
    call->life = holding->life;
    call->on_reader = kind == CALL_LOAD;
    call->seq = holding->epoch; /* GIVE_BACK */
    pg_call(call);
}

void owner_feed(struct instance *instance, uint32_t partition, enum owner_input input)
{
    struct holding *holding = &instance->holdings[partition];
    unsigned effects = owner_step(&holding->phase, input);
    if (effects & OWNER_DO_TAKE) {
        holding->life++;
        send(instance, partition, CALL_TAKE);
    }
    if (effects & OWNER_DO_LOAD) {
        send(instance, partition, CALL_LOAD);
    }
    if (effects & OWNER_DO_SERVE) {
        input_begin(instance, partition);
        redis_side_own(instance, partition);
    }
    if (effects & OWNER_DO_GIVE_BACK) {
        sim_reach(SOMETIMES_HANDOVER);
        send(instance, partition, CALL_GIVE_BACK);
    }
    if (effects & (OWNER_DO_STOP | OWNER_DO_FORGET)) {
        input_forget(instance, partition);
    }
    if (effects & OWNER_DO_FORGET) {
        redis_side_disown(instance, partition);
        cases_forget(instance, partition);
        holding->life++;
        holding->touched = false;
        holding->timer_count = 0;
    }
}

void owner_feed_all(struct instance *instance, enum owner_input input)
{
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        owner_feed(instance, i, input);
    }
}

void owner_drain(struct instance *instance)
{
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        if (instance->holdings[i].phase == OWNER_DRAINING && !cycle_includes(instance, i)) {
            owner_feed(instance, i, OWNER_DRAINED);
        }
    }
}

static void surveyed(struct instance *instance, struct call *call)
{
    const struct survey *survey = call->survey;
    for (uint32_t i = 1; i <= AGENTS_MAX; i++) {
        instance->guesses[i].used = survey->used[i];
    }
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        int desired = ownership_desired(instance->service, i, survey->members, PER_SERVICE);
        bool here = desired == instance->index % PER_SERVICE && !instance->leaving;
        if (!here) {
            owner_feed(instance, i, OWNER_RELEASE);
        } else if (survey->free[i]) {
            owner_feed(instance, i, OWNER_TAKE);
        }
    }
}

static void renew(struct instance *instance)
{
    struct call *call = instance_call(instance, CALL_RENEW, renewed);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const struct holding *holding = &instance->holdings[i];
        bool held = holding->phase >= OWNER_LOADING;
        if (held &&
            !holding->touched) { /* a commit under way renews what it touches, and moves its seq */
            call->parts[call->part_count++] = (struct part){.partition = i,
                                                            .life = holding->life,
                                                            .epoch = holding->epoch,
                                                            .before = holding->place};
        }
    }
    call->seq = (uint64_t)sim.now_us;
    instance->renewing = true;
    pg_call(call);
}

void owner_tick(struct instance *instance)
{
    if (!instance->connected) {
        return;
    }
    if (sim.now_us - instance->renewed_us >= LEASE_HANG_US) {
        sim_reach(SOMETIMES_HUNG);
        sim_note("%s hangs", instance_name(instance));
        owner_feed_all(instance, OWNER_HUNG);
        instance_cut(instance, (int64_t)sim_random(LEASE_US));
        return;
    }
    if (sim.now_us >= instance->survey_at_us) {
        instance->survey_at_us = sim.now_us + SECOND;
        struct call *call = instance_call(instance, CALL_SURVEY, surveyed);
        call->on_reader = true;
        pg_call(call);
    }
    if (sim.now_us >= instance->renew_at_us && !instance->renewing) {
        instance->renew_at_us = sim.now_us + LEASE_RENEW_US;
        renew(instance);
    }
}

void timers_build(struct holding *holding)
{
    holding->timer_count = 0;
    for (uint64_t i = 0; i < CASES_MAX; i++) {
        const struct policy *policy = row_policy(&holding->committed_rows[i]);
        int64_t due_us =
            policy ? watch_due_us(policy, &holding->committed_rows[i].watch) : INT64_MAX;
        if (due_us != INT64_MAX) {
            holding->timers[holding->timer_count++] = (struct timer){i, due_us};
        }
    }
}
