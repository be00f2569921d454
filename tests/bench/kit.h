/*
 * What the measuring programs share: texts to complain with, and measures as lines.
 *
 * A measure is one line: name, unit, value, separated by tabs; tests/bench/run collects them.
 */
#ifndef REDRESS_BENCH_KIT_H
#define REDRESS_BENCH_KIT_H

#include "slice.h"

#include <stdint.h>

enum { KIT_TEXTS_MAX = 20000, KIT_TEXT_MAX = 8000 };

struct kit_texts;

/* The lines of the file that have 1 to KIT_TEXT_MAX bytes, or, without a file, 64 plain notes of
 * that many bytes.  NULL: no file, no text or no memory.  Lives until the process ends. */
struct kit_texts *kit_texts_open(const char *path, uint32_t bytes);
/* The texts in turn. */
struct slice kit_text(const struct kit_texts *texts, uint64_t i);
/* What stands before the next tab of a text, taken off it with the tab. */
struct slice kit_word(struct slice *text);

void kit_say(const char *name, const char *unit, double value);
/* Sorts the values; p50, p99, p99.9 and the largest of them, in ms. */
void kit_say_latency(const char *of, float *values, uint64_t count);
/* Processor time of this process so far. */
double kit_cpu_us(void);

#endif
