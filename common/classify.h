/*
 * What the patterns of a policy see in a text, before it is sealed away.
 *
 * Text is normalised (NFKC, case folded, traditional characters mapped to simplified by OpenCC's character table, runs of
 * blanks joined) and scanned once by vectorscan.  The same text gives the same labels for the same model.
 */
#ifndef REDRESS_CLASSIFY_H
#define REDRESS_CLASSIFY_H

#include "error.h"
#include "event.h"

struct classify_pattern {
    const char *id;      /* what the label is called: a category id or a factor's pattern id */
    const char *regex;   /* vectorscan syntax, UTF-8, matched against normalised text */
    unsigned line;       /* of the policy file, for errors */
};

struct classifier;

/* Compiles; on failure names the pattern, its line and the reason. */
struct classifier *classifier_new(const struct classify_pattern *patterns,
                                  size_t count,
                                  struct error *error) MUST_CHECK;
void classifier_free(struct classifier **classifier_p);

/* "vs5.4.9-icu72-" and a hash of the patterns: goes into Received.model.  Lent. */
const char *classifier_model(const struct classifier *classifier);

/*
 * The labels of one text, most hits first, at most EVENT_LABELS_MAX; names are lent by the classifier.  text must be
 * valid UTF-8 (text_is_clean).  Not thread-safe: the scratch belongs to the classifier.
 */
bool classifier_scan(struct classifier *classifier,
                     struct slice text,
                     struct event_label labels[EVENT_LABELS_MAX],
                     uint32_t *label_count,
                     struct error *error) MUST_CHECK;

#endif
