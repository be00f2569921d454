/*
 * A policy as Graphviz text: what ctl_policy_dot.c (steps and arrows) and ctl_policy_dot_head.c
 * (the table above them) share.
 */
#ifndef REDRESS_CTL_POLICY_DOT_H
#define REDRESS_CTL_POLICY_DOT_H

#include "ctl_policy.h"

/* Colours mean the same in the picture and in its legend. */
#define DOT_CLOCK  "#b35900"
#define DOT_OWNER  "#1f4e79"
#define DOT_ONWARD "#444444"
#define DOT_BACK   "#b0413e"
#define DOT_END    "#2d7a4f"
#define DOT_FAINT  "#777777"

/* Sizes of letters.  Graphviz measures text in whole pixels, 96 to the inch: multiples of 3/4 come
 * out as wide as they are drawn; others run over what stands behind them. */
#define DOT_SIZE_NOTE  "9"
#define DOT_SIZE_SMALL "10.5"
#define DOT_SIZE_CLOCK "11.25"
#define DOT_SIZE_TITLE "13.5"
#define DOT_SIZE_HEAD  "20.25"

struct dot {
    const struct ctl *ctl;
    const struct policy *policy;
    FILE *out;
    unsigned open_steps;              /* steps that are no end */
    uint16_t runs[POLICY_STEPS_MAX];  /* bit set of the clocks that may run in the step */
    uint16_t still[POLICY_STEPS_MAX]; /* … of those that stand still in it */
};

/* An action that so many steps have, with the same title, fact and way, is told once, not drawn in
 * each; one that leads on is worth an arrow longer. */
enum { DOT_SHARED_MIN = 3, DOT_SHARED_ARROWS_MIN = 5 };

/* The whole drawing. */
void dot_write(const struct ctl *ctl, const struct policy *policy, FILE *out);

/* ---- for the head ---- */

/* An open step has it, to the same step. */
bool dot_step_has(const struct dot *dot, uint16_t step, const struct policy_action *action);
unsigned dot_steps_with(const struct dot *dot, const struct policy_action *action);
bool dot_is_shared(const struct dot *dot, const struct policy_action *action);

/* Text of a label in HTML, broken after so many columns. */
void dot_text(const struct dot *dot, const char *text, unsigned columns);

/* " ▶①■②": what doing it does to the clocks, where those of the bit set may run. */
void dot_marks(const struct dot *dot, const struct policy_action *action, unsigned running);

/* "①", or a number where there is no such sign. */
const char *dot_number(unsigned clock);

/* The title, what clocks there are, what may be done in many steps, and what the signs mean. */
void dot_head_write(const struct dot *dot);

#endif
