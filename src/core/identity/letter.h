/* Letters: what Tocsin says to one person outside of any page, through the channels that page: the code that proves an
 * address, a test, the link that sets a password. A letter is a job, written in the transaction that caused it; what
 * it says is made when it goes out, so neither code nor link lies in the database.
 *
 * What became of a code or a test stands in its contact method (checked_at, check_status, check_error), live. */
#ifndef TOCSIN_CORE_IDENTITY_LETTER_H
#define TOCSIN_CORE_IDENTITY_LETTER_H

#include "core/app.h"

typedef enum LetterPurpose { LETTER_CODE, LETTER_TEST, LETTER_RESET, LETTER_INVITATION } LetterPurpose;

/* CODE and TEST: subject is a contact method, the others: a user (account.reset_at). at_ms names this very letter: one
 * with another time in its row is not sent any more. */
MUST_CHECK bool letter_add(Cycle *cycle, i64 org_id, LetterPurpose purpose, i64 subject_id, i64 at_ms, Error *err);

/* A link for a person: notes the time and adds the letter. */
MUST_CHECK bool letter_ask(Cycle *cycle, i64 org_id, LetterPurpose purpose, i64 user_id, Error *err);

enum { CODE_MINUTES = 15, LETTER_EVERY_S = 30 };
/* The six digits for an address, asked for at a time: nobody has to keep them. */
Str letter_code(const App *app, Arena *arena, i64 method_id, Str address, i64 at_ms);

extern const JobKind LETTER_JOBS[];

#endif
