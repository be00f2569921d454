/* What faults, mutants and states are called. */
#include "sim.h"

static const struct {
    const char *name;
    unsigned law;
} mutants[MUTANT_COUNT] = {
    [MUTANT_NONE] = {"none",                       0 },
    [MUTANT_NO_COMPARE_AND_SET] = {"no_compare_and_set",         2 },
    [MUTANT_NO_EPOCH_CHECK] = {"no_epoch_check",             2 },
    [MUTANT_ACK_BEFORE_COMMIT] = {"ack_before_commit",          1 },
    [MUTANT_PUBLISH_BEFORE_COMMIT] = {"publish_before_commit",      5 },
    [MUTANT_CHECKPOINT_OUTSIDE] = {"checkpoint_outside",         4 },
    [MUTANT_TIMER_BELIEVED] = {"timer_believed",             7 },
    [MUTANT_DUPLICATE_ACKED_FROM_READ] = {"duplicate_acked_from_read",  1 },
    [MUTANT_NO_UNIQUE_KEY] = {"no_unique_key",              1 },
    [MUTANT_GAPS_IGNORED] = {"gaps_ignored",               5 },
    [MUTANT_CUT_TAKEN_FOR_DONE] = {"cut_taken_for_done",         1 },
    [MUTANT_MEMORY_KEPT_WHEN_CUT] = {"memory_kept_when_cut",       2 },
    [MUTANT_NO_UNDO] = {"no_undo",                    4 },
    [MUTANT_NO_CATCH_UP] = {"no_catch_up",                5 },
    [MUTANT_COMMIT_NOT_REPLICATED] = {"commit_not_replicated",      5 },
    [MUTANT_TAKE_NOT_REPLICATED] = {"take_not_replicated",        5 },
    [MUTANT_INPUTS_OF_AN_OLD_LIFE] = {"inputs_of_an_old_life",      4 },
    [MUTANT_DRAINED_AFTER_BATCHES_ONLY] = {"drained_after_batches_only", 2 },
    [MUTANT_CLAIM_BELIEVED] = {"claim_believed",             6 },
    [MUTANT_CAPACITY_BELIEVED] = {"capacity_believed",          6 },
    [MUTANT_PROJECTED_BEFORE_COMMIT] = {"projected_before_commit",    6 },
    [MUTANT_FLUSH_KEEPS_GENERATION] = {"flush_keeps_generation",     6 },
    [MUTANT_WATERMARK_IGNORED] = {"watermark_ignored",          6 },
    [MUTANT_LEASES_FOREVER] = {"leases_forever",             6 },
    [MUTANT_OBLIGATIONS_FORGOTTEN] = {"obligations_forgotten",      11},
    [MUTANT_ROUNDS_NEVER_END] = {"rounds_never_end",           11},
    [MUTANT_KEPT_FIELDS_LOST] = {"kept_fields_lost",           11},
    [MUTANT_LIMITS_IGNORED] = {"limits_ignored",             11},
    [MUTANT_REQUIREMENTS_IGNORED] = {"requirements_ignored",       11},
    [MUTANT_MARK_COUNTED_TWICE] = {"mark_counted_twice",         11},
    [MUTANT_MERGE_LOSES_PLACE] = {"merge_loses_place",          11},
    [MUTANT_COLLEAGUE_ACTS] = {"colleague_acts",             11},
    [MUTANT_UNMERGED_ELSEWHERE] = {"unmerged_elsewhere",         11},
    [MUTANT_UNMERGED_TO_ANOTHER] = {"unmerged_to_another",        11},
    [MUTANT_CASES_UNREAD] = {"cases_unread",               4 },
    [MUTANT_OTHER_POLICY] = {"other_policy",               11},
    [MUTANT_MERGE_UNHEARD] = {"merge_unheard",              7 },
    [MUTANT_PAUSES_IGNORED] = {"pauses_ignored",             7 },
    [MUTANT_REARMS_IGNORED] = {"rearms_ignored",             7 },
    [MUTANT_STEPS_IGNORED] = {"steps_ignored",              7 },
    [MUTANT_EXTENSION_UNASKED] = {"extension_unasked",          7 },
    [MUTANT_MARKS_UNHEARD] = {"marks_unheard",              7 },
    [MUTANT_SLOW_OPENING_UNTOLD] = {"slow_opening_untold",        7 },
    [MUTANT_OUTPUT_CUT] = {"output_cut",                 7 },
    [MUTANT_TIMERS_NOT_INHERITED] = {"timers_not_inherited",       7 },
    [MUTANT_OFFER_LOST_BY_MERGE] = {"offer_lost_by_merge",        11},
    [MUTANT_RECUSED_BEFORE_FORM] = {"recused_before_form",        11},
    [MUTANT_HOLD_IGNORED] = {"hold_ignored",               10},
    [MUTANT_GROUNDS_IGNORED] = {"grounds_ignored",            10},
    [MUTANT_KEY_KEPT] = {"key_kept",                   10},
    [MUTANT_KEY_DESTROYED_FIRST] = {"key_destroyed_first",        10},
    [MUTANT_ERASED_ACTED_ON] = {"erased_acted_on",            10},
    [MUTANT_CUSTOMER_KEPT] = {"customer_kept",              10},
    [MUTANT_PERSONAL_UNSEALED] = {"personal_unsealed",          10},
    [MUTANT_REFUSED_ANEW] = {"refused_anew",               10},
    [MUTANT_REFUSAL_UNRECORDED] = {"refusal_unrecorded",         10},
    [MUTANT_MERGED_INTO_ERASED] = {"merged_into_erased",         10},
    [MUTANT_CHAIN_NOT_CARRIED] = {"chain_not_carried",          3 },
};

static const char *const states[SOMETIMES_COUNT] = {
    [SOMETIMES_TAKEOVER] = "takeover",
    [SOMETIMES_HANDOVER] = "handover",
    [SOMETIMES_GAP_REPAIRED] = "gap repaired",
    [SOMETIMES_SILENCE_READ] = "silence read",
    [SOMETIMES_BUS_REPEAT] = "bus repeat",
    [SOMETIMES_DUPLICATE_ANSWERED] = "duplicate answered",
    [SOMETIMES_ZOMBIE_FENCED] = "zombie fenced",
    [SOMETIMES_RENEWAL_FENCED] = "renewal fenced",
    [SOMETIMES_IN_DOUBT_DONE] = "commit in doubt, done",
    [SOMETIMES_IN_DOUBT_LOST] = "commit in doubt, lost",
    [SOMETIMES_FAIL_OVER_LOST_TAIL] = "fail-over lost a tail",
    [SOMETIMES_HUNG] = "hung",
    [SOMETIMES_BATCH_REFUSED] = "batch refused",
    [SOMETIMES_BATCH_OF_MANY] = "batch of many partitions",
    [SOMETIMES_STALE_TIMER] = "stale timer",
    [SOMETIMES_TIMER_LATE] = "timer late after recovery",
    [SOMETIMES_STOPPED_IN_TIME] = "stopped in time",
    [SOMETIMES_STOP_AFTER_FIRE] = "stop after fire",
    [SOMETIMES_COMMAND_REPEATED] = "command repeated",
    [SOMETIMES_OLD_ANSWER_DROPPED] = "answer of an old life dropped",
    [SOMETIMES_DUPLICATE_ACROSS_TAKEOVER] = "duplicate across a takeover",
    [SOMETIMES_CLOCK_BEHIND] = "decided by a clock that is behind",
    [SOMETIMES_ONE_WAY] = "unheard but hearing",
    [SOMETIMES_REDIS_ZOMBIE] = "redis: call of a dead connection",
    [SOMETIMES_REDIS_WENT_BACK] = "redis: back to a snapshot",
    [SOMETIMES_FLUSH_IN_REBUILD] = "redis: flushed in mid-rebuild",
    [SOMETIMES_FLUSH_IN_CLAIM] = "redis: flushed in mid-claim",
    [SOMETIMES_CLAIMED] = "claim committed",
    [SOMETIMES_CLAIM_WITHOUT_REDIS] = "claim without redis",
    [SOMETIMES_CLAIM_REFUSED] = "claim refused by the state",
    [SOMETIMES_CLAIM_UNDONE] = "claim undone",
    [SOMETIMES_CLAIM_MOVED] = "claim of a case elsewhere",
    [SOMETIMES_TAKEOVER_IN_CLAIM] = "takeover in mid-claim",
    [SOMETIMES_AGENT_FULL] = "agent full at the commit",
    [SOMETIMES_UNMERGED] = "merge undone",
    [SOMETIMES_UNMERGED_TO_HOLDER] = "merge undone, back to its holder",
    [SOMETIMES_CASE_READ] = "case read when a batch needed it",
    [SOMETIMES_SERVED_AFTER_ASKING] = "partition served after the batch had asked",
    [SOMETIMES_CASE_NEW] = "case asked about that is new",
    [SOMETIMES_EXTENDED] = "clock extended",
    [SOMETIMES_RESUMED_BY_REOPENING] = "clock resumed by reopening",
    [SOMETIMES_VERDICT_TAKEN_BACK] = "verdict of a merge taken back",
    [SOMETIMES_TASK_TIMED] = "task with its own deadline opened",
    [SOMETIMES_SERVICE_AWAY] = "whole service stands still",
    [SOMETIMES_SLOW_OPENING] = "slow opening heard before its receipt",
    [SOMETIMES_OUTPUT_IN_PARTS] = "watchdog's output in parts",
    [SOMETIMES_CLOCK_AT_MARK] = "clock moved by a mark",
    [SOMETIMES_OFFERED_AGAIN] = "offer open again after a merge",
    [SOMETIMES_GIVEN_BY_ITS_FORM] = "given by a form that names people",
    [SOMETIMES_ERASED] = "erased",
    [SOMETIMES_ERASED_AGAIN] = "erased once more",
    [SOMETIMES_ERASED_AFTER_HOLD] = "erased after a hold was lifted",
    [SOMETIMES_ERASED_MERGED] = "erased while merged",
    [SOMETIMES_ERASURE_REFUSED] = "erasure refused",
    [SOMETIMES_ERASURE_ON_HOLD] = "erasure refused on hold",
    [SOMETIMES_ERASURE_ASKED_BY_ANOTHER] = "erasure refused to another asker",
    [SOMETIMES_REFUSAL_KNOWN] = "erasure refused, known already",
    [SOMETIMES_ACTED_ON_ERASED] = "action on what is erased, refused",
    [SOMETIMES_MERGE_INTO_ERASED] = "merge into what is erased, refused",
};

static const char *const faults[FAULT_COUNT] = {
    [FAULT_LOSE_MESSAGE] = "lose_message",
    [FAULT_DELAY_MESSAGE] = "delay_message",
    [FAULT_REPEAT_MESSAGE] = "repeat_message",
    [FAULT_DROP_LINK] = "drop_link",
    [FAULT_CRASH] = "crash",
    [FAULT_PAUSE] = "pause",
    [FAULT_CUT_DATABASE] = "cut_database",
    [FAULT_SLOW_DATABASE] = "slow_database",
    [FAULT_RESTART_DATABASE] = "restart_database",
    [FAULT_FAIL_OVER] = "fail_over",
    [FAULT_LOSE_REPLY] = "lose_reply",
    [FAULT_HASTY_CLIENT] = "hasty_client",
    [FAULT_STOP_SERVICE] = "stop_service",
    [FAULT_CLOCK_STEP] = "clock_step",
    [FAULT_HOST_CLOCK] = "host_clock",
    [FAULT_ONE_WAY] = "one_way",
    [FAULT_REDIS_FLUSH] = "redis_flush",
    [FAULT_REDIS_RESTART] = "redis_restart",
    [FAULT_REDIS_CUT] = "redis_cut",
    [FAULT_REDIS_SLOW] = "redis_slow",
    [FAULT_REDIS_REPEAT] = "redis_repeat",
    [FAULT_SERVICE_AWAY] = "service_away",
};

const char *mutant_name(enum mutant mutant)
{
    return mutants[mutant].name;
}

unsigned mutant_law(enum mutant mutant)
{
    return mutants[mutant].law;
}

const char *sometimes_name(enum sometimes sometimes)
{
    return states[sometimes];
}

const char *fault_name(enum fault fault)
{
    return faults[fault];
}
