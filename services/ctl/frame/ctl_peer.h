/*
 * Requests to a daemon: one DEALER, connected to one endpoint or several, which take turns.
 *
 * What is sent may be lost, and so may the answer: whoever asks keeps the request and sends it
 * again.
 */
#ifndef REDRESS_CTL_PEER_H
#define REDRESS_CTL_PEER_H

#include "ctl.h"

enum { CTL_ENDPOINTS_MAX = 64, CTL_ENDPOINT_SIZE = 160 };

struct ctl_peer;

/* Not connected yet.  NULL after saying why. */
struct ctl_peer *ctl_peer_new(struct ctl *ctl);
void ctl_peer_free(struct ctl_peer **peer_p);

/* Connects to the live instances of a service, as the archive has them, and drops those that are
 * gone.  CTL_UNREACHABLE when there is none, said unless quiet. */
int ctl_peer_find(struct ctl *ctl, struct ctl_peer *peer, enum service_id service, bool quiet)
    MUST_CHECK;

/*
 * Before a socket connects: over tcp the keys of both sides, else none.  key is the server's, as
 * the archive has it; it must be a daemon's in our list.  False: not to be connected to.
 */
bool ctl_peer_keys(const struct ctl *ctl, void *socket, const char *endpoint, const char *key);

/* Connects to one endpoint more, whose key is looked up in the archive. */
bool ctl_peer_connect(struct ctl_peer *peer, const char *endpoint);

/* False: nobody can take it now. */
bool ctl_peer_send(struct ctl_peer *peer, struct slice bytes);

/* The next answer, lent until the next call; false when none comes within wait_ms. */
bool ctl_peer_receive(struct ctl_peer *peer, int wait_ms, struct slice *bytes);

/* Until one of them has an answer, or the time has passed. */
void ctl_peers_wait(struct ctl_peer *const *peers, unsigned count, int wait_ms);

#endif
