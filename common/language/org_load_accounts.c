/* Key accounts of an organisation: which customers, by their keyed indexes, are whose. */
#include "hex.h"
#include "org_read.h"

#include <inttypes.h>

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): initializers, not expressions */
#define MEANS(en, zh_cn, zh_tw) .meaning = {en, zh_cn, zh_tw}
#define KEYS(rows) .keys = rows, .key_count = sizeof(rows) / sizeof *(rows)
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

enum { INDEX_SIZE = 8 };

/* One account being read; the customers of all go into one list. */
struct account_place {
    const struct org_reading *reading;
    struct org_account *account;
    struct org_customer *customers;
    uint16_t number;
    uint32_t *count;
};

static POLICY_READER(read_manager)
{
    struct account_place *place = into;
    place->account->manager = org_person(loading, place->reading, &pair->value);
}

static POLICY_READER(read_account_deputy)
{
    struct account_place *place = into;
    place->account->deputy = org_person(loading, place->reading, &pair->value);
    if (place->account->deputy != ORG_NONE && place->account->deputy == place->account->manager) {
        complain(loading, &pair->value, NULL, "nobody is a deputy of himself");
    }
}

static void customer_read(struct policy_loading *loading,
                          const struct account_place *place,
                          const struct yaml_node *node)
{
    uint8_t bytes[INDEX_SIZE];
    uint64_t customer = 0;
    bool good = node->kind == YAML_SCALAR && hex_decode(slice_text(node->text), bytes, INDEX_SIZE);
    for (unsigned i = 0; good && i < INDEX_SIZE; i++) {
        customer = customer << 8 | bytes[i];
    }
    if (!good || customer == 0) {
        complain(loading,
                 node,
                 "redress org customer CONTACT says it",
                 "a customer is 16 hexadecimal digits: names and contacts stand in no file");
        return;
    }
    for (uint32_t i = 0; i < *place->count; i++) {
        if (place->customers[i].customer == customer) {
            complain(loading, node, NULL, "this customer stands here twice");
        }
    }
    place->customers[(*place->count)++] = (struct org_customer){customer, place->number};
}

static POLICY_READER(read_customers)
{
    struct account_place *place = into;
    const struct yaml_node *node = &pair->value;
    if (node->kind == YAML_MAP || *place->count + list_count(node) > ORG_CUSTOMERS_MAX) {
        complain(loading,
                 node,
                 NULL,
                 "customers: expected a list, at most %d of all accounts",
                 ORG_CUSTOMERS_MAX);
        return;
    }
    for (uint32_t i = 0; i < list_count(node); i++) {
        customer_read(loading, place, list_item(node, i));
    }
}

/* clang-format off */
static const struct language_key account_keys[] = {
    {"manager", true, KIND_ID, .read = read_manager,
     MEANS("Whose it is", "客户经理", "客戶經理")},
    {"deputy", false, KIND_ID, .read = read_account_deputy,
     MEANS("Who may take its cases as well", "也可领取其案件的人", "也可認領其案件的人")},
    {"customers", true, KIND_TEXTS, .read = read_customers,
     MEANS("Who it is, as redress org customer says it", "其客户，用 redress org customer 查得",
           "其客戶，用 redress org customer 查得")},
};
static const struct language_part language_account = {
    "key-account", "a key account", KEYS(account_keys),
    MEANS("A customer of weight and who looks after it", "大客户及其客户经理", "大客戶及其客戶經理")};
/* clang-format on */

static int by_customer(const void *a, const void *b)
{
    uint64_t one = ((const struct org_customer *)a)->customer;
    uint64_t other = ((const struct org_customer *)b)->customer;
    return (one > other) - (one < other);
}

POLICY_READER(org_read_accounts)
{
    struct org_reading *reading = into;
    const struct yaml_node *node = &pair->value;
    uint32_t count = read_count(loading, node, YAML_MAP, ORG_ACCOUNTS_MAX, "key-accounts");
    struct org_account *accounts = loading_take(loading, node, count, sizeof *accounts);
    struct org_customer *customers =
        loading_take(loading, node, ORG_CUSTOMERS_MAX, sizeof *customers);
    uint32_t filled = 0;
    for (uint32_t i = 0; accounts && customers && i < count; i++) {
        struct account_place place = {reading, &accounts[i], customers, (uint16_t)i, &filled};
        read_id(loading, &node->pairs[i].key, accounts[i].id);
        accounts[i].manager = accounts[i].deputy = ORG_NONE;
        read_part(loading, &node->pairs[i].key, &node->pairs[i].value, &language_account, &place);
    }
    if (accounts && customers) {
        qsort(customers, filled, sizeof *customers, by_customer);
        reading->org->accounts = accounts;
        reading->org->account_count = (uint16_t)count;
        reading->org->customers = customers;
        reading->org->customer_count = (uint16_t)filled;
    }
}
