/*
 * A policy as the loader made it, being played.
 */
#ifndef REDRESS_DISPATCH_LOADED_H
#define REDRESS_DISPATCH_LOADED_H

#include "dispatch_play.h"
#include "policy_load.h"

/* For the set-up of a group: ends the report, and -1 after telling it where nothing was loaded. */
int play_loaded(const struct policy_object *object, struct policy_report *report);

/* For its tear-down. */
int play_unload(struct policy_object **object_p);

#endif
