/*
 * The words in which the rows of the policy language are written; for policy_language*.c only,
 * which are one table in several files.
 */
#ifndef REDRESS_POLICY_LANGUAGE_ROWS_H
#define REDRESS_POLICY_LANGUAGE_ROWS_H

#include "policy_language.h"

#include <stddef.h>

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): initializers, not expressions */
#define MEANS(en, zh_cn, zh_tw) .meaning = {en, zh_cn, zh_tw}
#define INTO(type, member) \
    .into = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define ROWS(type, member, number, least, most) \
    INTO(type, member), .count_into = offsetof(struct type, number), .min = least, .max = most
#define BETWEEN(least, most) .min = (least), .max = (most)
#define KEYS(rows) .keys = (rows), .key_count = sizeof(rows) / sizeof *(rows)
#define STRUCT(type) .size = sizeof(struct type)
#define TITLED(type) STRUCT(type), .title_offset = offsetof(struct type, title)
/* NOLINTEND(bugprone-macro-parentheses) */

#define TITLE_KEY(type) \
    {"title", true, KIND_TITLE, INTO(type, title), \
     MEANS("What people read", "显示给人看的名称", "顯示給人看的名稱")}
/* clang-format on */

#endif
