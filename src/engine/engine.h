/* The engine: the cycle that writes everything down, durable jobs, and the live event bus.
 *
 * One thread owns the writer connection and turns the cycle: people's commands, results of jobs, append (requests that
 * have arrived become `inbox` rows), apply (the domain decides a batch of them), claim (due jobs), commit; then it
 * answers, starts what must happen outside, and publishes. Nothing is answered before the commit that it reports. The
 * engine knows no alert: the domain hands it an EngineHooks table and JobKind tables.
 *
 * Failure: a command that fails is undone alone (savepoint). An apply that fails is undone, halved, and the poisoned
 * item is parked as `failed`. A commit that fails undoes the round: commands and arrivals are answered with 503,
 * nothing was promised. A failed fsync ends the process at once. */
#ifndef TOCSIN_ENGINE_ENGINE_H
#define TOCSIN_ENGINE_ENGINE_H

#include "db/db.h"
#include "lang/value.h"

typedef struct Engine Engine;
typedef struct Cycle Cycle;

/* What domain code gets inside the round's transaction. */
struct Cycle {
  Engine *engine;
  Db *db;
  Arena *arena; /* cleared when the round ends, after the answers */
  i64 now_ms;   /* the turned clock, fixed for the round */
  IdGen *ids;
  void *app; /* EngineOptions.app */
};

/* Commands: people's verbs and API writes
 * ------------------------------------------------------------------------------ */

typedef struct Command Command;
struct Command {
  /* Inside the transaction, in a savepoint: false undoes it, err tells why. May be called again from the start, when
   * the database undid the whole round. */
  bool (*run)(Command *command, Cycle *cycle, Error *err);
  /* After the commit (ok), or when run or the commit failed (not ok, err set). On the engine's thread; must not block.
   * Frees. */
  void (*done)(Command *command, bool ok, const Error *err);
  /* the engine's own */
  bool ok;
  Error err;
  Command *next;
};
/* False when the engine is stopping or the queue is full; done is not called then. */
MUST_CHECK bool engine_submit(Engine *engine, Command *command);
/* Submits and waits for the end: for start-up, the client verbs and tests; never from the engine's thread. */
MUST_CHECK bool engine_run(Engine *engine, bool (*fn)(Cycle *cycle, void *ctx, Error *err), void *ctx, Error *err);

/* Arrivals -------------------------------------------------------------------------------------------------------- */

typedef enum ArrivalState { ARRIVAL_APPLIED = 0, ARRIVAL_PENDING = 1, ARRIVAL_PARKED = 2 } ArrivalState;

/* One request on its way into the inbox. It and all it points to live in `arena`, which the engine does not touch;
 * done() gives it back. */
typedef struct Arrival Arrival;
struct Arrival {
  Arena *arena;
  i64 id; /* request id, given at arrival */
  i64 org_id, integration_id;
  i64 received_ms;     /* the turned clock when it came */
  Str method, headers; /* headers as JSON, redacted */
  Str body;            /* as stored (compressed); may be empty */
  i64 body_bytes;
  const char *outcome; /* "accepted", "partial", "test", ... of the taken ones */
  Str errors;          /* JSON list or STR_NONE */
  Str warnings;        /* JSON list of texts or STR_NONE */
  void *events;        /* the domain's; NULL: nothing to apply, the row is a log entry */
  size_t event_count;
  Str idempotency_key; /* STR_NONE: none. The answer is kept 24 h; a second request gets it and nothing is applied */
  i64 answer_kept_ms;  /* how long the answer is kept under the key; 0: redeliveries are not known */
  Str answer;          /* body of the 202, kept under the idempotency key */
  /* After the commit. state tells whether it was applied in the same commit; `duplicate` holds the stored answer if
   * any. */
  void (*done)(Arrival *arrival, bool ok, const Error *err);
  void *ctx;
  /* filled by the engine and the domain */
  ArrivalState state;
  bool duplicate;
  Str stored_answer;
  u32 tries;
  VEC(i64) alert_ids;
  VEC(i64) change_ids;
  Arrival *next;   /* the engine's own */
  bool from_inbox; /* was a pending row: nobody waits for an answer */
  /* of a pending row: what earlier slices applied, and whether more is left after this one */
  size_t done_events;
  bool sliced;
  Str ids_before, change_ids_before;
  i64 poisoned; /* place + 1 of the event for which it is parked; 0: the whole */
};

typedef enum ArrivalVerdict { ARRIVAL_TAKEN, ARRIVAL_QUEUE_FULL, ARRIVAL_TOO_OLD, ARRIVAL_STOPPING } ArrivalVerdict;
/* Thread-safe. Only ARRIVAL_TAKEN calls done later. TOO_OLD: this integration's oldest pending row is over 30 s. */
MUST_CHECK ArrivalVerdict engine_arrive(Engine *engine, Arrival *arrival);
i64 engine_inbox_age_ms(Engine *engine);
i64 engine_backlog(Engine *engine);   /* pending rows */
bool engine_writable(Engine *engine); /* false while storage refuses writes */
bool engine_is_shared(Engine *engine);
bool engine_trusted(Engine *engine); /* what it knows of a shared database is not older than 5 s */
bool engine_turning(Engine *engine); /* the cycle came round within 5 s */

/* Grows whenever something was undone, a savepoint or a round: whoever remembers what it wrote forgets it then. */
/* Runs fn in a savepoint: when it fails, what it wrote and published is undone alone, *out_ok is false and *why says
 * for what. False: the storage itself fails, and with it the round. */
MUST_CHECK bool cycle_try(Cycle *cycle, bool (*fn)(Cycle *cycle, void *ctx, Error *err), void *ctx, bool *out_ok,
                          Error *why, Error *err);
u64 cycle_undone(const Cycle *cycle);
void cycle_undo(Cycle *cycle); /* undoes and releases the newest savepoint */

/* Jobs ------------------------------------------------------------------------------------------------------------ */

typedef struct Job {
  i64 id, org_id, subject_id, due_ms, token;
  u32 tries; /* claims before this one */
  Str kind;
  Value data; /* JSON object or null */
} Job;

typedef enum JobVerdict {
  JOB_DONE,   /* the row goes */
  JOB_AGAIN,  /* comes back at job->due_ms (set by the function) */
  JOB_OUTSIDE /* work outside follows the commit: `outside` is called, and engine_job_result must come before the lease
                 ends */
} JobVerdict;

typedef struct JobKind {
  const char *name; /* "page.level" */
  i64 lease_ms;
  /* In the transaction. A failure (false) is undone and comes back after the back-off. */
  bool (*claim)(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err);
  /* After the commit, on the engine's thread; starts the work and returns. `work` must not live in the cycle's arena.
   */
  void (*outside)(Engine *engine, const Job *job, void *work);
  /* The work's result, in a transaction; accepted only with the token. */
  bool (*finish)(Cycle *cycle, Job *job, void *result, JobVerdict *out_verdict, Error *err);
  void (*free_result)(void *result);
  bool paging; /* waits while paging is held (after a restore) */
} JobKind;

typedef struct JobNew {
  const char *kind;
  i64 org_id, subject_id, due_ms;
  Str data; /* JSON or STR_NONE */
} JobNew;
/* Writes the row in the present transaction. */
MUST_CHECK bool job_add(Cycle *cycle, const JobNew *job, Error *err);
/* Deletes the jobs of a kind of a subject. */
MUST_CHECK bool job_cancel(Cycle *cycle, const char *kind, i64 subject_id, Error *err);
/* Makes the jobs of a kind of a subject due at this time. */
MUST_CHECK bool job_hurry(Cycle *cycle, const char *kind, i64 subject_id, i64 due_ms, Error *err);
/* Any thread. Takes `result` over (freed by free_result). */
void engine_job_result(Engine *engine, const JobKind *kind, i64 job_id, i64 token, void *result);

/* Holding paging: after a restore nobody may be called for what was over long ago. Jobs of kinds marked `paging` then
 * keep their order but lie JOB_HELD_MS in the future, so the due index serves as before. hold: on a database that no
 * engine has open. release: in a command; what is due is claimed in the same round. */
#define JOB_HELD_MS ((i64)100 * 365 * DAY_MS)
MUST_CHECK bool engine_hold_paging(Db *writer, const JobKind *const *tables, i64 now_ms, Error *err);
MUST_CHECK bool engine_release_paging(Cycle *cycle, Error *err);
i64 engine_paging_held(Engine *engine); /* since when; 0: it is not */

/* Copies: a backup while the cycle turns --------------------------------------------------------------------------- */

/* A copy of the database, some milliseconds after each round. The callbacks run on the engine's thread. */
typedef struct EngineCopy {
  const char *path;
  void *ctx;
  void (*progress)(void *ctx, i64 pages_left, i64 pages);
  void (*done)(void *ctx, const Error *err); /* err NULL: the copy is whole. Once; the struct may go then */
} EngineCopy;
/* ERR_CONFLICT while another one runs. */
MUST_CHECK bool engine_copy(Engine *engine, const EngineCopy *copy, Error *err);

/* Live events ----------------------------------------------------------------------------------------------------- */

/* Tells, after the commit, that an object changed. `kind` is the resource's name ("alert"). Same object twice in a
 * round: once. */
void cycle_publish(Cycle *cycle, i64 org_id, const char *kind, i64 object_id, i64 version);

typedef struct LiveEvent {
  i64 sequence, org_id, object_id, version;
  const char *kind;
} LiveEvent;

/* The configuration changed in this round: other nodes shall read it again. */
MUST_CHECK bool cycle_config_changed(Cycle *cycle, Error *err);
/* For tests: turns the clock, of all nodes. */
MUST_CHECK bool cycle_turn_clock(Cycle *cycle, i64 by_ms, Error *err);

/* Wiring ---------------------------------------------------------------------------------------------------------- */

typedef struct EngineHooks {
  /* Decides and writes a batch of arrivals (of many integrations), all or nothing. */
  bool (*apply)(Cycle *cycle, Arrival **arrivals, size_t count, Error *err);
  size_t event_bytes; /* of one of the domain's events: the engine hands over parts of a large request */
  /* An arrival's events to bytes and back, for rows that wait in the inbox. decode allocates in arrival->arena. */
  Str (*encode)(Arena *arena, const Arrival *arrival);
  bool (*decode)(Arrival *arrival, Str bytes, Error *err);
  /* Every arrival of the round (a list by `next`) is a row, and as much as possible is applied; may be NULL. What is
   * counted per request is written here, once a round. */
  bool (*appended)(Cycle *cycle, const Arrival *first, Error *err);
  /* Before each round's apply, in the transaction: reload caches that are stale. */
  bool (*refresh)(Cycle *cycle, Error *err);
  /* Before and after a round answers all whom it carried, on the engine's thread; may be NULL. */
  void (*answering)(void *app, bool begins);
  /* After the commit, on the engine's thread: live events of the round. */
  void (*published)(void *app, const LiveEvent *events, size_t count);
  /* Another node has changed something since the last call; once a second at most, in a round; may be NULL. */
  bool (*others)(Cycle *cycle, Error *err);
  /* The round was undone, or another node changed the configuration: what refresh has read is not true any more. */
  void (*undone)(void *app);
  /* A parked arrival: tells people (in the transaction that parks it). */
  bool (*parked)(Cycle *cycle, Arrival *arrival, const Error *why, Error *err);
} EngineHooks;

typedef struct EngineOptions {
  const char *db_url;
  Clock *clock;
  IdGen *ids;
  Metrics *metrics;
  void *app;
  EngineHooks hooks;
  const JobKind *const *job_tables; /* NULL-terminated list of tables, each ended by a kind without name */
  const char *data_folder;          /* for the ballast; NULL: none */
  bool test_control;
} EngineOptions;

/* Opens the writer (already migrated), recounts pending rows (tries + 1 in a commit of its own). */
MUST_CHECK bool engine_new(const EngineOptions *options, Engine **out, Error *err);
/* Starts the thread. */
void engine_start(Engine *engine);
/* Takes nothing new, finishes what is queued, ends the thread. */
void engine_stop(Engine *engine);
void engine_free(Engine *engine);
/* Wakes the cycle: the clock was turned. */
void engine_wake(Engine *engine);
/* True when nothing is queued, pending, due or outside. */
bool engine_idle(Engine *engine);

/* Fault points: `fault_point(engine, "cycle.before_commit")` does nothing unless test control armed it. */
typedef enum FaultAction { FAULT_KILL, FAULT_ERROR } FaultAction;
bool engine_fault_arm(Engine *engine, Str name, u32 nth, FaultAction action);
/* True: fail here (FAULT_ERROR). FAULT_KILL does not return. */
bool engine_fault(Engine *engine, const char *name);
/* Every name that exists, NULL-terminated. */
const char *const *engine_fault_names(void);

#endif
