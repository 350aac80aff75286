/* Access: one list of every permission there is, and what each role holds of it.
 *
 * A permission is a resource and a verb: "alerts:read", "alerts:acknowledge", "services:update". The list is made at
 * start from the registry's tables and the route tables (core/api/authorize.c); what is not in it cannot be granted,
 * and a route without one stops the start. Grants say for each permission on which rows it may be used (RowScope).
 * Everything is denied that no row of a table and no custom role grants. All of it is immutable once made, and pure.
 *
 * Written forms: "alerts:acknowledge"; verb `write` is all that changes something, and reading; `*` is everything.
 * The special verbs (`private`, `impersonate`) are not part of `write`: they are named, or come with `*`. */
#ifndef TOCSIN_CORE_IDENTITY_ACCESS_H
#define TOCSIN_CORE_IDENTITY_ACCESS_H

#include "lang/value.h"
#include "resource/resource.h"

typedef struct Permission {
  Str area; /* a resource's plural, or what a route calls itself: "stream" */
  Str verb;
  bool own, team; /* can be limited to what is the person's own, or their teams' */
} Permission;

typedef struct Access Access;

typedef struct Grants {
  const Access *access;
  const u8 *scopes; /* a RowScope per permission */
} Grants;

/* Copies the list (its texts must live as long as the arena), leaving out what is there twice; adds the special ones.
 */
const Access *access_new(Arena *arena, const Permission *list, size_t count);
size_t access_count(const Access *access);
const Permission *access_at(const Access *access, size_t i);
/* The resource that has no row in the table of roles: a test asks; NULL when all have one. */
const Permission *access_undecided(const Access *access);

/* owner, admin, responder, viewer; nothing for another word. */
const Grants *access_role(const Access *access, Str role);
/* Scopes of a key: "*", "read", "write", "alerts:read", "*:write". Not a list, or empty: everything. */
const Grants *access_scopes(Arena *arena, const Access *access, const Value *scopes);
/* Permissions of a custom role: {resource, verb, scope}. */
const Grants *access_permissions(Arena *arena, const Access *access, const Value *permissions);
/* What both hold. */
const Grants *grants_both(Arena *arena, const Grants *a, const Grants *b);

RowScope grants_scope(const Grants *grants, Str area, Str verb);
/* Nobody grants what they lack: false, and what is missing. */
bool grants_cover(const Grants *whole, const Grants *part, const Permission **out_lacking);
/* Is there anything that "area:verb" (either may be a pattern) stands for? */
bool access_knows(const Access *access, Str area, Str verb);
/* What keeps this scope from being granted for it: NULL when nothing does. A pattern of all resources fits what it
 * can. */
const Permission *access_unfit(const Access *access, Str area, Str verb, RowScope scope);

#endif
