/*
 * What the patterns of a policy see in a text, before it is sealed away.
 *
 * Text is normalised (text.h: NFKC, case folded, traditional characters mapped to simplified by
 * OpenCC's character table, runs of blanks joined) and scanned once by vectorscan.  The same text
 * gives the same labels for the same model.
 *
 * A pattern is written as people write, and normalised the same way before it is compiled:
 * traditional or simplified, full width or half, any case.  Its syntax (ASCII) is left as it is; a
 * character that becomes an ASCII sign matches that sign and is never syntax; one that becomes
 * several is refused inside [ ].  A run of blanks is one U+0020.  \b, \w and \d know ASCII only
 * (vectorscan has no Unicode \b), so \b parts a Latin word from the Han beside it.
 */
#ifndef REDRESS_CLASSIFY_H
#define REDRESS_CLASSIFY_H

#include "error.h"
#include "event.h"

enum {
    CLASSIFY_PATTERNS_MAX = 5000,
    CLASSIFY_REGEX_MAX = 2000,     /* bytes of one pattern, normalised */
    CLASSIFY_HITS_MAX = 1000,      /* of one label in one text: more count as so many */
    CLASSIFY_MATCHES_MAX = 100000, /* of all patterns in one text: the scan ends there */
    CLASSIFY_TEXT_MAX = 64 * 1024, /* bytes of a text: a narrative's bound */
};

struct classify_pattern {
    const char *id;    /* what the label is called: a category id or a factor's pattern id */
    const char *regex; /* vectorscan syntax, UTF-8; must not match the empty text */
    unsigned line;     /* of the policy file, for errors */
};

struct classifier;

/*
 * Compiles; on failure names the pattern, its line and the reason (ERROR_REJECT).  Copies what it
 * needs.  Patterns may share an id: their hits make one label.
 */
struct classifier *classifier_new(const struct classify_pattern *patterns,
                                  size_t count,
                                  struct error *error) MUST_CHECK;
void classifier_free(struct classifier **classifier_p);

/* The same at rest: nothing says yet that the patterns compile. */
struct classifier *classifier_new_resting(const struct classify_pattern *patterns,
                                          size_t count,
                                          struct error *error) MUST_CHECK;

/* classifier_wake would have to compile what a file could keep. */
bool classifier_is_uncompiled(const struct classifier *classifier);

/*
 * Gives the compiled patterns back, which take some hundred kilobytes; the next scan reads them out
 * of their file (classify_cache.h) in less than a millisecond, and compiles them if that is gone.
 * Nothing when there is no file.
 */
void classifier_rest(struct classifier *classifier);

/* What the next scan would do first.  ERROR_RETRY: for want of memory it rests on; try later. */
bool classifier_wake(struct classifier *classifier, struct error *error) MUST_CHECK;

/* "vs5.4.9-icu72-" and a hash of the patterns: goes into Received.model.  Lent. */
const char *classifier_model(const struct classifier *classifier);

/*
 * The labels of one text, most hits first, then in the order of the patterns, at most
 * EVENT_LABELS_MAX; names are lent by the classifier.  The hits of a pattern are the distinct ends
 * of its matches; those of a label the sum, up to CLASSIFY_HITS_MAX.  text must be valid UTF-8
 * (text_is_clean); ERROR_REJECT when it passes CLASSIFY_TEXT_MAX, ERROR_RETRY for want of memory.
 * Not thread-safe: the scratch belongs to the classifier.
 */
bool classifier_scan(struct classifier *classifier,
                     struct slice text,
                     struct event_label labels[EVENT_LABELS_MAX],
                     uint32_t *label_count,
                     struct error *error) MUST_CHECK;

#endif
