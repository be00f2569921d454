/*
 * Ownership by scope.  Every destructor is void x_free(struct x **x_p): it takes NULL, and leaves
 * NULL behind.
 */
#ifndef REDRESS_SCOPE_H
#define REDRESS_SCOPE_H

#define SCOPED(destroy) __attribute__((cleanup(destroy)))

#endif
