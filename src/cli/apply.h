/* Apply: makes the server hold what files say. Reading, planning and running are apart, so that --dry-run is the same
 * plan, not run, and so that nothing is written when a document is wrong. */
#ifndef TOCSIN_CLI_APPLY_H
#define TOCSIN_CLI_APPLY_H

#include "cli/stock.h"
#include "cli/verb.h"

typedef enum Deed { DEED_NONE, DEED_CREATE, DEED_CHANGE, DEED_DELETE } Deed;

typedef struct Change {
  const Field *field; /* NULL: a member that no table knows */
  Str name;
  Value before, after; /* plain; of a secret nothing is known before */
  bool secret;
} Change;

/* Something that has to be made before. */
typedef struct Need {
  const Field *field; /* the row's member in which it stands */
  const Thing *target;
} Need;

typedef struct Step {
  Thing *thing;
  Deed deed;
  VEC(Change) changes;
  VEC(Need) needs;
  VEC(const Field *) later; /* members that wait for what they refer to */
  bool done, refused;
} Step;

typedef struct Apply {
  Verb *verb;
  Arena *arena;
  Stock *stock;
  const char *set; /* NULL: none */
  bool prune, dry_run;
  Things wanted; /* what the files hold, in their order */
  VEC(Step *) steps;
  size_t wrong;     /* documents that were refused */
  size_t counts[4]; /* done, by Deed; DEED_NONE: as wanted already */
} Apply;

/* apply_read.c: files, folders, "-" into a->wanted. False: err says what cannot be read. Documents that are wrong are
 * told and counted. */
MUST_CHECK bool apply_read(Apply *apply, const char *path, Error *err);

/* apply_plan.c */
void apply_plan(Apply *apply);
/* In the order in which it can be done: makes, changes, then deletes. */
void apply_order(Apply *apply);

/* apply_run.c: the code of the first step that failed. */
MUST_CHECK int apply_check(Apply *apply); /* what the server can say before anything is written */
MUST_CHECK int apply_run(Apply *apply);

/* apply_tell.c */
void apply_tell_wrong(Apply *apply, const Thing *thing, Str pointer, Str message); /* "file:12: /teams/0/name: ..." */
void apply_tell_problem(Apply *apply, const Thing *thing, const Value *problem);
void apply_tell_plan(const Apply *apply);
void apply_tell_step(const Apply *apply, const Step *step);
void apply_tell_summary(const Apply *apply, bool stopped);
Value apply_report(const Apply *apply); /* for -o json */

/* diff.c: two texts line by line, "- " and "+ " in front of what differs, at most `context` lines of what does not. */
void diff_lines(Arena *arena, Str before, Str after, size_t context, void (*line)(void *ctx, char mark, Str text),
                void *ctx);

#endif
