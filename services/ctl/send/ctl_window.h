/*
 * Submissions that are under way: kept until intake has answered, so that each can be sent again.
 */
#ifndef REDRESS_CTL_WINDOW_H
#define REDRESS_CTL_WINDOW_H

#include "hex.h"

struct ctl_flight {
    uint8_t id[UUID_SIZE];
    uint8_t *bytes; /* owned by the window */
    size_t size;
    const char *file; /* where it comes from; lent */
    uint64_t line;
    int64_t due_us; /* when to send it (again) */
    uint32_t next_free;
    bool used;
};

struct ctl_window;

/* At most capacity submissions and bytes_max bytes of them.  NULL: out of memory. */
struct ctl_window *ctl_window_new(uint32_t capacity, size_t bytes_max);
void ctl_window_free(struct ctl_window **window_p);

bool ctl_window_is_full(const struct ctl_window *window);
uint32_t ctl_window_count(const struct ctl_window *window);

/* Copies the flight and takes its bytes over.  The window is not full and the id not in it. */
struct ctl_flight *ctl_window_add(struct ctl_window *window, const struct ctl_flight *flight);

/* NULL: not under way (any more). */
struct ctl_flight *ctl_window_find(struct ctl_window *window, const uint8_t id[UUID_SIZE]);
void ctl_window_remove(struct ctl_window *window, struct ctl_flight *flight);

/* The first flight from *at on that is due, *at then stands behind it; NULL: none. */
struct ctl_flight *ctl_window_due(struct ctl_window *window, int64_t now_us, uint32_t *at);

#endif
