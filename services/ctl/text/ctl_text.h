/*
 * What the command says, in three languages.
 *
 * The .def files are the catalogue, a row a text: TEXT(ID, English, 简体中文, 繁體中文).  {1} to
 * {9} stand for arguments, in any order, because languages differ in theirs; {1?day|days} for the
 * first word where {1} is 1, else for the second.
 */
#ifndef REDRESS_CTL_TEXT_H
#define REDRESS_CTL_TEXT_H

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum ctl_language {
    CTL_EN,
    CTL_ZH_CN,
    CTL_ZH_TW,
    CTL_LANGUAGE_COUNT,
};

enum ctl_text {
#define TEXT(id, en, zh_cn, zh_tw) TEXT_##id,
#include "ctl_text_archive.def"
#include "ctl_text_calendar.def"
#include "ctl_text_clock.def"
#include "ctl_text_drill.def"
#include "ctl_text_help.def"
#include "ctl_text_measure.def"
#include "ctl_text_org.def"
#include "ctl_text_phrase.def"
#include "ctl_text_policy.def"
#include "ctl_text_read.def"
#include "ctl_text_refusal.def"
#include "ctl_text_retention.def"
#include "ctl_text_said.def"
#include "ctl_text_topic.def"
#include "ctl_text_view.def"
#undef TEXT
    CTL_TEXT_COUNT,
};

/* Of the catalogue, placeholders and all; lent for ever. */
const char *ctl_text_in(enum ctl_language language, enum ctl_text id);
/* Its name in the .def file. */
const char *ctl_text_name(enum ctl_text id);

/*
 * The language of a tag (zh-TW, zh-Hant, en) or of a locale (zh_HK.UTF-8); CTL_LANGUAGE_COUNT when
 * it is neither English nor Chinese.
 */
enum ctl_language ctl_language_of(const char *name);
const char *ctl_language_tag(enum ctl_language language);

/* CTL_ARGS(a, b): texts for {1}, {2}; NULL where there is none. */
#define CTL_ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A number as an argument, living as long as the block around it. */
#define CTL_NUMBER_TEXT(value) ctl_number_text((char[24]){0}, (int64_t)(value))
const char *ctl_number_text(char text[24], int64_t value);

/* All that the command ever writes to set a colour. */
enum ctl_color {
    CTL_COLOR_END,
    CTL_COLOR_BOLD,
    CTL_COLOR_GREY,
    CTL_COLOR_BLUE,
    CTL_COLOR_ORANGE,
    CTL_COLOR_RED,
    CTL_COLOR_GREEN,
    CTL_COLOR_COUNT,
};
const char *ctl_color_code(enum ctl_color color);

/* In place: what is a command to the terminal, those colours and ends of lines apart, would turn
 * the direction of the text after it, or is no UTF-8, becomes question marks.  Returns text. */
char *ctl_text_tame(char *text);
/* The same of what has to stay on its line: ends of lines and tabs become blanks. */
char *ctl_text_line(char *text);

/* Writes the pattern with its arguments, each tamed to a line. */
void ctl_format(FILE *to, const char *pattern, const char *const *args);
/* The same in memory, cut to size with its end; returns into. */
const char *ctl_format_into(char *into, size_t size, const char *pattern, const char *const *args);

/* Text as it may stand in XML and HTML, attributes included. */
void ctl_text_escaped(FILE *out, const char *text);

#endif
