/*
 * An import under way: ctl_import.c runs it, ctl_import_verb.c begins it and reports.
 */
#ifndef REDRESS_CTL_IMPORT_H
#define REDRESS_CTL_IMPORT_H

#include "clock.h"
#include "ctl_last.h"
#include "ctl_map.h"
#include "ctl_names.h"
#include "ctl_peer.h"
#include "ctl_progress.h"
#include "ctl_source.h"
#include "ctl_window.h"

enum { TOLD_MAX = 20 }; /* refusals said on the terminal when there is no file for them */

struct import {
    struct ctl *ctl;
    struct ctl_map *map;
    struct ctl_peer *peer;
    struct ctl_source *source;
    struct ctl_window *window;
    struct arena *arena;
    struct receipt_trust trust;
    FILE *rejects;
    FILE *receipts;
    struct view_policies
        *policies;          /* what there is to choose from; NULL until something is refused */
    struct ctl_named named; /* the last name that was refused … */
    char named_policy[CTL_NAME_SIZE];
    char hint[CTL_NAMES_TOLD_MAX]; /* … and what there is, asked for once */
    char zoned[64];                /* times are told in the zone of this policy */
    struct ctl_progress progress;
    struct ctl_last last;
    /* what was asked for */
    int64_t count_max; /* 0: all */
    int64_t rate;      /* a second; 0: as fast as it goes */
    int64_t timeout_us;
    /* the row at hand */
    struct ctl_submission submission;
    uint64_t line;
    bool waiting; /* it is to be sent */
    bool ended;
    bool busy; /* nobody could take the last one */
    int code;  /* of the source */
    /* counts */
    int64_t rows, begun, sent, accepted, duplicates, refused, unreadable, skipped, forged, told;
    int64_t start_us, answer_us, found_us, resend_us;
};

/* False: out of memory. */
bool import_open(struct import *import);
void import_done(struct import *import);

/* Until everything is answered, or nothing has been answered for the timeout. */
void import_run(struct import *import);

/* The moving line. */
void import_progress(struct import *import, int64_t now_us);

#endif
