/* Rows of agent_slot: how many cases each person holds and may hold. */
#include "dispatch_store.h"

static void
slots_new_bind(struct pg *pg, const struct dispatch_slot_change *changes, uint32_t count)
{
    static struct pg_array agent;
    static struct pg_array capacity;
    pg_array_begin(&agent, PG_TEXT);
    pg_array_begin(&capacity, PG_INT4);
    for (uint32_t i = 0; i < count; i++) {
        if (changes[i].may_be_new) {
            pg_array_bytes(&agent, slice_text(changes[i].agent));
            pg_array_int4(&capacity, changes[i].capacity);
        }
    }
    if (agent.count > 0) {
        pg_call(pg, "dispatch_slots_new");
        pg_bind_array(pg, &agent);
        pg_bind_array(pg, &capacity);
    }
}

void dispatch_slots_bind(struct pg *pg, const struct dispatch_slot_change *changes, uint32_t count)
{
    static struct pg_array agent;
    static struct pg_array capacity;
    static struct pg_array delta;
    slots_new_bind(pg, changes, count);
    pg_array_begin(&agent, PG_TEXT);
    pg_array_begin(&capacity, PG_INT4);
    pg_array_begin(&delta, PG_INT4);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_bytes(&agent, slice_text(changes[i].agent));
        pg_array_int4(&capacity, changes[i].capacity);
        pg_array_int4(&delta, changes[i].delta);
    }
    pg_call(pg, "dispatch_slots");
    pg_bind_array(pg, &agent);
    pg_bind_array(pg, &delta);
    pg_bind_array(pg, &capacity);
}
