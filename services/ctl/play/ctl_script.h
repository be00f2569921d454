/*
 * A scripted desk: journeys as tests/policies tells them, lived against daemons that run.  A file
 * has a policy and journeys; a journey is a complaint as it comes in, what people do, what has to
 * be refused, and what must be so.
 *
 * Time is not made to pass: after, wait and at are passed over, and so is what is expected of
 * clocks, and behind such a place what a clock of the policy may set; they are counted and told.
 * Where a case goes otherwise behind such a place it is left there with a warning: it may be for
 * want of that time.  ctl_script.c reads and checks the file
 * before anything is submitted, ctl_script_live.c lives a journey, ctl_script_expect.c compares.
 */
#ifndef REDRESS_CTL_SCRIPT_H
#define REDRESS_CTL_SCRIPT_H

#include "arena.h"
#include "case_number.h"
#include "ctl_case.h"
#include "ctl_desk.h"
#include "ctl_file.h"
#include "ctl_last.h"
#include "yaml.h"

struct script {
    struct ctl *ctl;
    struct ctl_file file;
    struct arena *arena; /* of the tree */
    struct yaml_source source;
    const struct yaml_node *journeys;
    const char *policy_name;
    struct view_policies *policies;
    const struct policy *policy; /* newest of that name; lent by policies */
    struct ctl_desk *desk;
    int64_t timeout_ms;
    uint64_t run;                   /* keeps the customers of one run apart from those of another */
    char earlier[CASE_NUMBER_SIZE]; /* of the journey lived before; "": none */
    /* of the journey being lived */
    uint64_t case_id;
    char number[CASE_NUMBER_SIZE];
    struct ctl_last last;
    bool wrong;   /* it went otherwise */
    bool skipped; /* time was to pass, and did not */
    /* counts */
    int64_t cases, as_told, left, moves, refused, held, passed_over;
};

/* The verb: plays every journey of the file in turn until so many cases were lived. */
int ctl_script_play(struct ctl *ctl, const char *path);

/* Lives one journey; script->wrong says that it did not go as told, which has been said by then.
 * Not CTL_OK: nobody answers, or memory is out. */
int script_live(struct script *script, const struct yaml_node *journey, int64_t round) MUST_CHECK;

/* What is under "expect"; a case that cannot be read is a status. */
int script_expect(struct script *script, const struct yaml_node *expected) MUST_CHECK;

/* Whether such a thing can be expected at all; what is named must be there in the policy. */
void script_expect_check(struct script *script, const struct yaml_node *expected);

/* "file:line:column: error: …" with the line; the journey goes wrong by it. */
void script_wrong(struct script *script,
                  const struct yaml_node *place,
                  enum ctl_text id,
                  const char *const *args);

/* The text of a key of a mapping, or otherwise; only after the check. */
const char *script_text(const struct yaml_node *map, const char *key, const char *otherwise);

#endif
