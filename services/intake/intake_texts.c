#include "intake_texts.h"

#include "log.h"
#include "text.h"

#include <sodium.h>

uint64_t intake_customer(const struct seal_ring *ring,
                         const Redress__Submit__V1__Submission *submission)
{
    const Redress__Submit__V1__Person *person = submission->person;
    if (person && person->has_reference && person->reference.len > 0) {
        return seal_blind_index(ring, slice_of(person->reference.data, person->reference.len));
    }
    if (person && person->has_contact && person->contact.len > 0) {
        return seal_blind_index(ring, slice_of(person->contact.data, person->contact.len));
    }
    return 0;
}

bool intake_classify(const struct policy_object *policy,
                     const Redress__Submit__V1__Submission *submission,
                     struct event_received *received)
{
    struct error error = {0};
    struct slice narrative = slice_of(submission->narrative.data, submission->narrative.len);
    received->language = text_language(narrative);
    received->text_characters = text_characters(narrative);
    received->model = slice_text(classifier_model(policy->classifier));
    if (!classifier_scan(
            policy->classifier, narrative, received->labels, &received->label_count, &error)) {
        log_warn("not classified", LOG_ERROR_FIELDS(&error));
        received->label_count = 0;
        received->model = slice_of(NULL, 0);
        return error.kind != ERROR_RETRY;
    }
    return true;
}

/* Who complains and what they demand; nothing to seal when neither was told. */
static bool seal_person(const uint8_t key[SEAL_KEY_SIZE],
                        uint64_t case_id,
                        uint32_t key_id,
                        const Redress__Submit__V1__Submission *submission,
                        struct arena *arena,
                        struct slice *sealed,
                        struct error *error)
{
    *sealed = slice_of(NULL, 0);
    if (!submission->person && !submission->has_demand) {
        return true;
    }
    struct slice person = intake_person_pack(submission, arena);
    if (person.size == 0) {
        return error_set(error, ERROR_RETRY, "no room to pack who complains");
    }
    return seal_field(key, case_id, "person", key_id, person, arena, sealed, error);
}

bool intake_seal(const struct seal_ring *ring,
                 const Redress__Submit__V1__Submission *submission,
                 struct intake_row *row,
                 struct arena *arena,
                 struct event_received *received,
                 struct error *error)
{
    uint8_t key[SEAL_KEY_SIZE];
    uint32_t key_id = seal_key_id(ring);
    seal_case_key_make(ring, row->case_id, key, row->wrapped_key);
    struct slice narrative = slice_of(submission->narrative.data, submission->narrative.len);
    bool sealed =
        seal_field(key,
                   row->case_id,
                   "narrative",
                   key_id,
                   narrative,
                   arena,
                   &received->sealed_narrative,
                   error) &&
        seal_person(key, row->case_id, key_id, submission, arena, &received->sealed_person, error);
    sodium_memzero(key, sizeof key);
    return sealed;
}
