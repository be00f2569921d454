/*
 * What the files of the watchdog's shell share: cases at hand, timers, the batch; too much for one
 * file.
 */
#ifndef REDRESS_WATCHDOG_SHELL_H
#define REDRESS_WATCHDOG_SHELL_H

#include "case_cache.h"
#include "projector.h"
#include "refold.h"
#include "service.h"
#include "watchdog_store.h"
#include "watchdog_timers.h"

enum {
    CASES_MAX = 1 << 17, /* in memory; others are read when they are wanted */
    WANTED_MAX = 8192,   /* cases one batch may ask the archive for */
    DOUBTS = 64,
    CHANGED_MAX = 8192, /* cases one batch may change */
    DUE_MAX = 1000,     /* cases one batch fires */
    HOLD_US = 1000000,  /* intake's word waits for dispatch's, which tells all of it and more */
    LINGER_US = 30000,  /* what moves a clock may wait for company, not past what is due */
    COMPANY = 128,      /* more at once would hold up those who wait for the same processors */
};

struct held_case {
    struct watch_case state;
    uint32_t saved_in;
    bool refolded; /* its row is not what was written */
};

struct changed_case {
    struct watch_case before;
    bool is_new;
};

/* A timer this batch has taken out. */
struct due_case {
    uint64_t case_id;
    int64_t due_us;
};

struct watchdog {
    struct service *service;
    struct projector *projector;
    struct case_cache *cases;
    struct refold *refold; /* those whose rows cannot be read */
    bool asked_refold;
    struct watch_case refolded; /* the one being folded */
    struct timers *timers;
    uint32_t due_count;
    struct due_case due[DUE_MAX]; /* taken out of the timers, not fired so far */
    uint32_t wanted_count;
    uint64_t wanted[WANTED_MAX];
    uint32_t doubts;    /* batches to come that take no case for new without asking */
    bool arming;        /* timers are being read */
    unsigned unknown;   /* the dependency that says whose due instant cannot be computed */
    struct event event; /* large */
    uint32_t cycle;
    uint32_t changed_count;
    struct changed_case *changed;
    struct pg_changes to_change; /* rows of clock, by the last calls of the transaction */
    struct watch_output output;
};

const struct policy *watchdog_policy(struct watchdog *watchdog, uint32_t id);

/* watchdog_cases.c: the case, or NULL: once a batch has been looked up, there is none. */
struct held_case *cases_find(struct watchdog *watchdog, uint64_t case_id);
bool cases_open(struct watchdog *watchdog);
void cases_close(struct watchdog *watchdog);
/* Keeps the case as it was, to be put back; once a batch.  False: it has changed too many. */
bool cases_change(struct watchdog *watchdog, struct held_case *held, uint64_t case_id, bool is_new);
/* While a batch is looked up: this case will be decided on. */
void cases_want(struct watchdog *watchdog, uint64_t case_id);
bool cases_lookup(struct watchdog *watchdog, struct pg *pg);
void cases_looked_up(struct watchdog *watchdog,
                     struct cycle *cycle,
                     const struct pg_answer *answer);

#endif
