/*
 * One setting, from and to text: the part of config that knows the kinds.
 */
#ifndef REDRESS_CONFIG_VALUE_H
#define REDRESS_CONFIG_VALUE_H

#include "config.h"

enum { CONFIG_VALUE_MAX = 1024 };

/* Stores text in settings; false with a reason that names the permitted range. */
bool config_value_set(const struct config_row *row,
                      const char *text,
                      void *settings,
                      char reason[CONFIG_VALUE_MAX]) MUST_CHECK;

/* The stored value as the file would write it; a secret as "(set)" or "". */
void config_value_text(const struct config_row *row,
                       const void *settings,
                       char text[CONFIG_VALUE_MAX]);

/* "1 to 65535", "250ms to 1h", "true or false", "at most 63 bytes" … */
void config_value_range(const struct config_row *row, char text[CONFIG_VALUE_MAX]);

/* "name: value", as a settings file would have it. */
void config_value_line(const struct config_row *row, const void *settings, FILE *out);

/* What the setting is, its default and range, as --help shows it; before: of its name. */
void config_value_help(const struct config_row *row, const char *before, FILE *out);

/* May its value not be quoted in a complaint? */
bool config_value_hides(const struct config_row *row);

#endif
