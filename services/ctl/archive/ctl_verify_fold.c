/* The fold of one partition's streams with the daemons' own cores. */
#include "ctl_verify.h"

enum { SERIAL_BITS = 40 };

struct verify_case *verify_case_of(struct verify *verify, uint64_t case_id)
{
    uint64_t serial = case_id & ((UINT64_C(1) << SERIAL_BITS) - 1);
    bool there =
        case_partition(case_id) == verify->partition && serial > 0 && serial <= verify->case_count;
    return there ? &verify->cases[serial] : NULL;
}

static void fold_watch(struct verify *verify, struct verify_case *held, const struct event *event)
{
    const struct verify_stream *watchdog = &verify->streams[SERVICE_WATCHDOG];
    bool own = event->service == SERVICE_WATCHDOG;
    if (!watchdog->wanted || (!own && event->seq > watchdog->checkpoints[event->service])) {
        return;
    }
    uint32_t known = held->watch.policy_id;
    uint32_t id = known != 0 ? known : event_policy_id(event);
    const struct policy *policy = view_policy(verify->policies, id);
    if (policy) {
        watch_evolve(policy, &held->watch, event);
        held->watch.case_id = event->case_id;
    }
}

static void
fold_dispatch(struct verify *verify, struct verify_case *held, const struct event *event)
{
    uint32_t known = held->dispatch.policy_id;
    uint32_t id = known != 0 ? known : event_policy_id(event);
    const struct policy *policy = view_policy(verify->policies, id);
    if (policy) {
        dispatch_evolve(policy, &held->dispatch, event);
    }
}

void verify_fold(struct verify *verify, const struct event *event)
{
    const struct verify_where where = {
        .service = event->service, .seq = event->seq, .case_id = event->case_id};
    if (case_partition(event->case_id) == verify->partition && event->case_id <= verify->cut_case) {
        return; /* what came before is not here */
    }
    struct verify_case *held = verify_case_of(verify, event->case_id);
    if (!held) {
        verify_differ(
            verify, &where, TEXT_VERIFY_NO_CASE, CTL_ARGS(CTL_NUMBER_TEXT(event->case_id)));
        return;
    }
    if (event->kind == EVENT_RECEIVED) {
        bool first =
            !held->received && event->case_id == case_id_make(verify->partition, event->seq);
        if (!first) {
            verify_differ(
                verify, &where, TEXT_VERIFY_RECEIVED, CTL_ARGS(CTL_NUMBER_TEXT(event->case_id)));
        }
        held->received = true;
        if (event->received.submission_id.size == sizeof held->submission_id) {
            memcpy(held->submission_id,
                   event->received.submission_id.bytes,
                   sizeof held->submission_id);
        }
    }
    if (event->service == SERVICE_DISPATCH) {
        fold_dispatch(verify, held, event);
    }
    fold_watch(verify, held, event);
}
