/* The engine's inside, shared by its files and by nobody else. */
#ifndef TOCSIN_ENGINE_INTERNAL_H
#define TOCSIN_ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/engine.h"

enum {
  ROUND_COMMANDS_MAX = 256,
  ROUND_RESULTS_MAX = 512,
  ROUND_ARRIVALS_MAX = 4096,
  ROUND_JOBS_MAX = 256,
  QUEUE_COMMANDS_MAX = 20000,
  QUEUE_ARRIVALS_MAX = 50000,
  PENDING_TOO_OLD_MS = 30000,
};

typedef struct JobResult JobResult;
struct JobResult {
  const JobKind *kind;
  i64 job_id, token;
  void *result;
  JobResult *next;
};

/* What waits in the inbox, per integration: for fairness and for the 30 s rule. */
typedef struct PendingSource {
  i64 integration_id;
  i64 count;
  i64 oldest_ms;
} PendingSource;

/* One job of this round whose work goes on outside after the commit. */
typedef struct OutsideWork {
  const JobKind *kind;
  Job job;
  void *work;
} OutsideWork;

typedef struct Published {
  i64 org_id, object_id, version;
  const char *kind;
} Published;

/* What one time round holds; lives in the round's arena. */
typedef struct Round {
  Command *commands;
  JobResult *results;
  Arrival *arrivals;
  size_t arrival_count;
  VEC(OutsideWork) outside;
  VEC(Published) published;
  LiveEvent *live;
  size_t live_count;
  bool tell;     /* other nodes shall look, although there are no live events */
  bool trusting; /* something was applied without a savepoint */
  i64 applied_events, applied_us;
} Round;

struct Engine {
  EngineOptions options;
  Db *db;
  pthread_t thread;
  bool started;

  pthread_mutex_t lock; /* guards the three lists, their counts and `stopping` */
  pthread_cond_t wake;
  Command *commands, **commands_tail;
  JobResult *results, **results_tail;
  Arrival *arrivals, **arrivals_tail;
  size_t command_count, arrival_count, result_count;
  bool stopping, poked;

  /* the engine thread's own */
  Arena *arena;
  Round *round;
  VEC(PendingSource) pending;
  Arena *pending_arena;
  bool sources_stale;            /* a round was undone: `pending` counts what never was */
  i64 next_due_ms;               /* earliest due time known; INT64_MAX when none */
  i64 next_sequence;             /* of live events */
  double event_us;               /* smoothed cost of one event */
  double busy_share;             /* smoothed part of the time that was not spent waiting for work */
  double accept_us;              /* smoothed time of a round but for applying */
  double commit_floor_us;        /* what a commit costs at least: the sync */
  size_t next_source;            /* whose turn it is in the inbox */
  u32 careful_rounds;            /* so many more apply in savepoints, because something could not be applied */
  const EngineCopy *copy_wanted; /* under `lock` */
  DbCopy *copy;                  /* the running one */
  i64 next_probe_ms;
  Error why_not; /* what was said last of a database that takes no writes */
  u64 undone;    /* see cycle_undone */

  /* set_back.c */
  struct {
    i64 now_ms, at_us; /* it was so late at that monotonic time */
    i64 kept_us;       /* when the row was written */
    bool moved;        /* by the last round, after so many had been undone */
    u64 undone;
  } clock_mark;

  /* node.c: other nodes */
  bool shared; /* there may be some */
  char node_name[64];
  i64 epoch; /* 0: not joined */
  i64 config_version, looked_ms, last_end_ms, others_ms;
  bool others_acted; /* since others_ms */
  i64 failed_at_us;  /* the last round that failed */
  DbListener *listener;
  char *kinds[256]; /* of other nodes' live events */
  size_t kind_count;
  _Atomic i64 clock_drift_ms; /* the database's clock less ours */
  _Atomic i64 heard_at_us;    /* the last round that was committed */

  _Atomic i64 paging_held_ms; /* since when; 0: not held */
  _Atomic i64 pending_count;
  _Atomic i64 oldest_pending_ms;
  _Atomic i64 outside_count;
  _Atomic i64 turned_at_us;
  _Atomic bool writable;
  _Atomic bool busy;
  struct FaultArm *faults;      /* test control only; its lock inside */
  pthread_mutex_t blocked_lock; /* guards blocked_sources */
  VEC(i64) blocked_sources;     /* integrations whose oldest pending row is too old */
  Arena *blocked_arena;

  Metric *rounds, *round_seconds, *batch_events, *commits, *jobs_run, *parked, *arrivals_total;
};

/* engine.c */
bool engine_is_wanted(Engine *engine); /* somebody or a due job waits for the next round */

/* inbox.c, with inbox_apply.c and inbox_waiting.c */
MUST_CHECK bool inbox_open(Engine *engine, Error *err); /* counts what waits, tries + 1 */
MUST_CHECK bool inbox_append_and_apply(Cycle *cycle, Round *round, Error *err);
void inbox_update_gauges(Engine *engine);

/* budget.c */
void budget_init(Engine *engine);
size_t budget_direct(const Engine *engine);                 /* events of this round's arrivals */
size_t budget_waiting(Engine *engine, const Round *round);  /* events of what waits */
i64 budget_drain_us(const Engine *engine);                  /* how long batches of what waits may follow each other */
void budget_learn_cost(Engine *engine, const Round *round); /* after a commit */
void budget_learn_load(Engine *engine, const Round *round, i64 waited_us, i64 worked_us); /* after each round */

/* outcome.c */
void outcome_committed(Engine *engine, Round *round);
void outcome_failed(Engine *engine, Round *round, const Error *err);
/* While storage refuses writes: one small write each half second decides whether it takes them again. */
bool outcome_probe(Engine *engine);
/* After a failed fsync nobody knows what is on the disk: the program ends, and the log says what was promised. */
void outcome_end_on_failed_sync(const Error *err);

/* set_back.c */
MUST_CHECK bool clock_open(Engine *engine, Error *err);
bool clock_was_set_back(const Engine *engine);
MUST_CHECK bool clock_follow(Cycle *cycle, Error *err); /* moves the jobs of paging when it was */

/* jobs.c */
MUST_CHECK bool jobs_open(Engine *engine, Error *err);
MUST_CHECK bool jobs_take_results(Cycle *cycle, Round *round, Error *err);
MUST_CHECK bool jobs_claim(Cycle *cycle, Round *round, Error *err);
void jobs_start_outside(Engine *engine, Round *round);
const JobKind *job_kind_find(const Engine *engine, Str name);

MUST_CHECK bool jobs_refresh_hold(Cycle *cycle, Error *err); /* another node may have released it */

/* node.c */
MUST_CHECK bool node_open(Engine *engine, Error *err); /* joins; before anything makes an id */
void node_close(Engine *engine);
MUST_CHECK bool node_turn(Cycle *cycle, Error *err); /* first in each round */
MUST_CHECK bool node_tell(Cycle *cycle, const Round *round, Error *err);
i64 node_true_ms(const Engine *engine); /* by the database's clock */

/* commit.c */
MUST_CHECK bool commit_begin(Engine *engine, Error *err);
MUST_CHECK bool commit_round(Engine *engine, Error *err);
/* After a round failed and was rolled back, for the n-th time: whether it is to be done again, from its start. */
bool commit_may_try_again(Engine *engine, Round *round, int tries, const Error *err);

/* copy.c */
void copy_step(Engine *engine); /* between rounds */
void copy_stop(Engine *engine);

/* live.c */
MUST_CHECK bool live_open(Engine *engine, Error *err);
MUST_CHECK bool live_write(Cycle *cycle, Round *round, Error *err);
MUST_CHECK bool live_catch_up(Cycle *cycle, i64 last, Error *err); /* publishes other nodes' events up to `last` */

/* fault.c */
void fault_free(Engine *engine);

#endif
