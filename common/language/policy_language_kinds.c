/* What each kind of value is called, and how an editor checks it; see policy_language.h. */
#include "policy_language.h"

#define NAME_SCHEMA      "{\"type\":\"string\",\"pattern\":\"^[a-z0-9][a-z0-9._-]{0,46}$\"}"
#define SPAN             "[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]"
#define SPAN_SCHEMA      "{\"type\":\"string\",\"pattern\":\"^" SPAN "$\"}"
#define DATE             "[0-9]{4}-[0-9]{2}-[0-9]{2}"
#define DATE_SCHEMA      "{\"type\":\"string\",\"pattern\":\"^" DATE "$\"}"
#define ONE_OR_MORE(one) "{\"anyOf\":[" one ",{\"type\":\"array\",\"items\":" one "}]}"
#define LENGTH_SCHEMA    "{\"type\":\"string\",\"pattern\":\"^[0-9]+ ?(business )?[a-z]+.*$\"}"
#define SCALAR_SCHEMA    "{\"type\":[\"string\",\"number\",\"integer\"]}"

/* clang-format off */
const struct language_kind_row language_kinds[KIND_COUNT] = {
    [KIND_ID] = {NAME_SCHEMA, {"name", "名字", "名字"}},
    [KIND_TITLE] = {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"properties\":{"
                    "\"en\":{\"type\":\"string\"},\"zh-CN\":{\"type\":\"string\"},\"zh-TW\":{"
                    "\"type\":\"string\"}},"
                    "\"additionalProperties\":false}]}",
        {"a text, or one each for zh-CN, zh-TW, en",
                     "一条文本，或 zh-CN、zh-TW、en 各一条",
                     "一條文字，或 zh-CN、zh-TW、en 各一條"}},
    [KIND_TEXT] = {"{\"type\":\"string\"}", {"text", "文本", "文字"}},
    [KIND_NUMBER] = {NULL, {"whole number", "整数", "整數"}},
    [KIND_FLAG] = {"{\"enum\":[true,false,\"yes\",\"no\",\"true\",\"false\"]}",
 {"yes or no", "yes 或 no", "yes 或 no"}},
    [KIND_DAYS] = {"{\"type\":\"string\",\"pattern\":\"^[0-9]+ days?$\"}",
 {"number of days: 90 days", "天数：90 days", "天數：90 days"}},
    [KIND_LENGTH] = {LENGTH_SCHEMA,
 {"length of time: 90 minutes, 24h, 2 business hours, 3 business days",
                      "时长：90 minutes、24h、2 business hours、3 business days",
                      "時長：90 minutes、24h、2 business hours、3 business days"}},
    [KIND_PERIOD] = {"{\"type\":\"string\",\"pattern\":\"^[1-9][0-9]* ?(year|month|day)s?$\"}",
 {"length of the calendar: 3 years, 18 months, 90 days",
                      "日历时长：3 years、18 months、90 days",
                      "日曆時長：3 years、18 months、90 days"}},
    [KIND_OFFSET] = {"{\"type\":\"string\",\"pattern\":\"^([0-9]+%|[0-9]+ ?(business )?[a-z]+ "
                     "(before|after))$\"}", {"75%, 2h before, 2 business hours after",
                      "75%、2h before、2 business hours after",
                      "75%、2h before、2 business hours after"}},
    [KIND_DUE] = {"{\"const\":\"due\"}", {"the word due", "写 due", "寫 due"}},
    [KIND_WORD] = {NULL, {"one of", "取其一", "取其一"}},
    [KIND_WORDS] = {NULL, {"one or more of", "一个或多个", "一個或多個"}},
    [KIND_NAME] = {SCALAR_SCHEMA, {"name of a", "引用", "引用"}},
    [KIND_NAMES] = {ONE_OR_MORE(SCALAR_SCHEMA),
 {"one or more names of", "引用一个或多个", "引用一個或多個"}},
    [KIND_INDEXES] = {ONE_OR_MORE(SCALAR_SCHEMA),
 {"one or more names of", "引用一个或多个", "引用一個或多個"}},
    [KIND_NEW_NAMES] = {"{\"type\":\"array\",\"minItems\":1,\"items\":" NAME_SCHEMA "}",
 {"list of names", "名字列表", "名字清單"}},
    [KIND_FACT] = {NULL, {"fact", "事实", "事實"}},
    [KIND_FACTS] = {NULL, {"one or more facts", "一个或多个事实", "一個或多個事實"}},
    [KIND_PATTERNS] = {ONE_OR_MORE("{\"type\":\"string\"}"),
 {"regular expressions", "正则表达式", "規則運算式"}},
    [KIND_BOUND] = {SCALAR_SCHEMA,
 {"number, amount or date", "数字、金额或日期", "數字、金額或日期"}},
    [KIND_TEXTS] = {ONE_OR_MORE("{\"type\":[\"string\",\"number\",\"boolean\"]}"),
 {"one or more texts", "一条或多条文本", "一條或多條文字"}},
    [KIND_FILES] = {ONE_OR_MORE("{\"type\":\"string\"}"), {"files", "文件", "檔案"}},
    [KIND_ZONE] = {"{\"type\":\"string\"}",
 {"time zone: Asia/Shanghai", "时区：Asia/Shanghai", "時區：Asia/Shanghai"}},
    [KIND_WEEK] =
 {"{\"type\":\"object\",\"patternProperties\":{\"^[a-z]{3}(-[a-z]{3})?$\":" ONE_OR_MORE(
             SPAN_SCHEMA) "},\"additionalProperties\":false}",
 {"hours by weekday: mon-fri: 09:00-18:00",
          "每周时间：mon-fri: 09:00-18:00",
          "每週時間：mon-fri: 09:00-18:00"}},
    [KIND_HOURS] = {ONE_OR_MORE(SPAN_SCHEMA),
 {"hours: 09:00-18:00, or a list",
                     "时间段：09:00-18:00，可为列表",
                     "時段：09:00-18:00，可為清單"}},
    [KIND_DATES] = {ONE_OR_MORE(DATE_SCHEMA),
 {"dates: 2026-10-01, or a list",
                     "日期：2026-10-01，可为列表",
                     "日期：2026-10-01，可為清單"}},
    [KIND_DATED] = {"{\"type\":\"object\",\"patternProperties\":{\"^" DATE
                    "$\":" ONE_OR_MORE(SPAN_SCHEMA) "},\"additionalProperties\":false}",
 {"hours by date: 2026-10-01: 09:00-12:00",
                     "按日期的时间：2026-10-01: 09:00-12:00",
                     "依日期的時間：2026-10-01: 09:00-12:00"}},
    [KIND_PART] = {NULL, {"", "", ""}},
    [KIND_ROWS] = {NULL, {"by name:", "按名字：", "依名字："}},
    [KIND_LIST] = {NULL, {"list of", "列表：", "清單："}},
};
/* clang-format on */
