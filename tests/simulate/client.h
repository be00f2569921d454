/*
 * The people and adapters outside: each submits one complaint and resends until it holds a receipt,
 * then sees its case through (perhaps a wait and its end, then the close), each command resent
 * until it is answered.
 */
#ifndef REDRESS_SIMULATE_CLIENT_H
#define REDRESS_SIMULATE_CLIENT_H

#include "world.h"

void clients_begin(void);

/* An instance lets go of a reply; it may still be lost. */
void client_answer(const struct request *reply);

uint32_t client_count(void);
bool client_is_done(uint32_t client);
/* The case its receipt names; 0: it has none. */
uint64_t client_case(uint32_t client);

#endif
