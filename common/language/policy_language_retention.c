/* The part of the table that is about how long personal data is kept; see policy_language.h. */
#include "policy_language_rows.h"
#include "policy_read.h"

/* clang-format off */
static const char *const since[] = {"received", "closed", NULL};
#define SINCE(type, member, fallback_word) \
    {"since", false, KIND_WORD, INTO(type, member), .words = since, .fallback = (fallback_word), \
     MEANS("What it counts from: receipt or closing", "起算时刻：受理或结案", "起算時刻：受理或結案")}

static const struct language_key erasing_keys[] = {
    {"after", true, KIND_PERIOD, INTO(policy_erasing, after), .read = read_erasing_after,
     MEANS("Due so long after it; where a ground lasts longer, when that ends",
           "期限；尚有更长的保存依据的，待其届满", "期限；尚有更長的保存依據的，待其屆滿")},
    SINCE(policy_erasing, since, "closed"),
};
const struct language_part language_erasing = {
    "erasing", "erase", KEYS(erasing_keys), STRUCT(policy_erasing),
    MEANS("When personal data is to be erased", "个人信息何时应予删除", "個人資料何時應予刪除")};

static const struct language_key ground_keys[] = {
    TITLE_KEY(policy_ground),
    {"at-least", true, KIND_PERIOD, INTO(policy_ground, at_least), .read = read_ground_at_least,
     MEANS("Kept at least so long; till then erasing is refused with this title, and the refusal "
           "recorded",
           "至少保存；期满前不予删除，以本名称为由，并记入日志",
           "至少保存；期滿前不予刪除，以本名稱為由，並記入日誌")},
    SINCE(policy_ground, since, "received"),
    {"when", false, KIND_PART, INTO(policy_ground, when), .part = &language_acted_when,
     MEANS("Only cases for which this holds; every part that is given", "仅限同时符合这些条件的案件",
           "僅限同時符合這些條件的案件")},
};
const struct language_part language_ground = {
    "ground", "a ground", KEYS(ground_keys), TITLED(policy_ground),
    MEANS("Why the personal data of a case has to be kept; of several the longest decides",
          "个人信息须予保存的依据；有多项的以最长者为准",
          "個人資料須予保存的依據；有多項的以最長者為準")};

static const struct language_key retention_keys[] = {
    {"by", true, KIND_NAMES, INTO(policy_retention, roles), .thing = THING_ROLE,
     MEANS("Roles that may erase: the key of the case is destroyed, its course and "
           "the figures stay",
           "可删除的角色：销毁本案密钥，办理过程与统计数据保留",
           "可刪除的角色：銷毀本案金鑰，辦理過程與統計資料保留")},
    {"erase", false, KIND_PART, INTO(policy_retention, erase), .part = &language_erasing,
     MEANS("When it falls due; left out, never by itself: redress retention lists what is due",
           "何时到期应删；不写则不自行到期，redress retention 列出到期者",
           "何時到期應刪；不寫則不自行到期，redress retention 列出到期者")},
    {"grounds", false, KIND_ROWS,
     ROWS(policy_retention, grounds, ground_count, 0, POLICY_GROUNDS_MAX),
     .part = &language_ground,
     MEANS("Why it has to be kept, and for how long at least", "须予保存的依据与最短期限",
           "須予保存的依據與最短期限")},
};
const struct language_part language_retention = {
    "retention", "retention", KEYS(retention_keys), STRUCT(policy_retention),
    .end = retention_end,
    MEANS("How long the personal data of a closed case is kept; a case on legal hold (facts held, "
          "hold_lifted) is not erased whatever this says",
          "已结案件的个人信息保存多久；因法律保全暂停删除（事实 held、hold_lifted）的案件一概不删",
          "已結案件的個人資料保存多久；因法律保全暫停刪除（事實 held、hold_lifted）的案件一概不刪")};
/* clang-format on */
