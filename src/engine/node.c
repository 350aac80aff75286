/* Nodes that share a database (PostgreSQL). Each has a row with an epoch and a number for its ids. A round begins by
 * touching that row: if its epoch is another, somebody took over from this node while it was silent, and what it does
 * then is to join again. The same look brings what other nodes committed since the last one: changed configuration,
 * live events, a clock that a test turned. Rounds of different nodes take turns (db_begin), so whatever a round reads
 * is what the last one wrote.
 *
 * A node that was silent for NODE_SILENT_MS by the database's clock, or for NODE_GONE_MS when its session has ended (a
 * process that was killed), has its epoch raised and its inbox and leases taken over, in one transaction, by whoever
 * sees it first. Whoever has just lost the database itself does not conclude anything from the second. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/internal.h"

/* Held by a node's session as long as that lives, under the node's number. */
#define SESSION_LOCK "17690"
#define DB_NOW_MS    "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"

static const DbStmt NODE_TURN = {"node_turn", "SELECT 0, 0, 0, 0 WHERE $1 + $2 < 0",
                                 "UPDATE node SET seen_at = " DB_NOW_MS
                                 " WHERE id = $1 AND epoch = $2 AND ended_at = 0 RETURNING seen_at, "
                                 "COALESCE((SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'setup_version'), 0), "
                                 "COALESCE((SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'clock_turned'), 0), "
                                 "COALESCE((SELECT MAX(sequence) FROM live_event), 0), "
                                 "pg_try_advisory_lock(" SESSION_LOCK ", CAST(id AS INTEGER))"};
static const DbStmt NODE_REJOIN = {
    "node_rejoin",
    "UPDATE node SET epoch = epoch + 1, ended_at = 0 WHERE id = $1 AND name = $2 AND ended_at > 0 RETURNING epoch",
    NULL};
static const DbStmt NODE_IDS = {"node_ids", "SELECT id FROM node ORDER BY id", NULL};
static const DbStmt NODE_FORGET = {"node_forget", "DELETE FROM node WHERE ended_at > 0 AND ended_at < $1", NULL};
static const DbStmt NODE_END_NAME = {
    "node_end_name", "UPDATE node SET epoch = epoch + 1, ended_at = $2 WHERE name = $1 AND ended_at = 0", NULL};
static const DbStmt NODE_INSERT = {
    "node_insert",
    "INSERT INTO node (id, name, epoch, program, started_at, seen_at, ended_at) VALUES ($1, $2, 1, $3, $4, $4, 0)",
    NULL};
static const DbStmt NODE_LEAVE = {
    "node_leave", "UPDATE node SET ended_at = $3, epoch = epoch + 1 WHERE id = $1 AND epoch = $2", NULL};
static const DbStmt NODE_SILENT = {
    "node_silent",
    "UPDATE node SET epoch = epoch + 1, ended_at = $2 WHERE ended_at = 0 AND id <> $3 AND (seen_at < $1 OR seen_at < "
    "$4) "
    "RETURNING id, seen_at < $1",
    "UPDATE node SET epoch = epoch + 1, ended_at = $2 WHERE ended_at = 0 AND id <> $3 AND (seen_at < $1 OR (seen_at < "
    "$4 AND NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = " SESSION_LOCK
    " AND objid = CAST(node.id AS OID) AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = "
    "current_database())))) RETURNING id, seen_at < $1"};
static const DbStmt NODE_LAST_END = {"node_last_end", "SELECT MAX(ended_at) FROM node", NULL};
static const DbStmt INBOX_ADOPT = {"inbox_adopt",
                                   "UPDATE inbox SET node = $1, tries = tries + 1 WHERE state = 1 AND node NOT IN "
                                   "(SELECT id FROM node WHERE ended_at = 0)",
                                   NULL};
/* The token of a lease is an id: its node is in it. */
static const DbStmt JOB_ADOPT = {
    "job_adopt",
    "UPDATE job SET leased_until = 0, token = 0, due_at = $1 WHERE leased_until > 0 AND token > 0 AND "
    "(token / 4096) % 1024 NOT IN (SELECT id FROM node WHERE ended_at = 0)",
    NULL};
static const DbStmt DB_NOW = {"db_now", "SELECT 0", "SELECT " DB_NOW_MS};
static const DbStmt HIGHEST_ID = {"highest_id", "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'id_high_water'",
                                  NULL};
static const DbStmt META_ADD = {
    "meta_add",
    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET "
    "value = CAST(CAST(meta.value AS BIGINT) + CAST(excluded.value AS BIGINT) AS TEXT) RETURNING value",
    NULL};
static const DbStmt TELL = {"node_tell", "SELECT $1", "SELECT pg_notify('tocsin', $1)"};

enum {
  NODE_SILENT_MS = 10000,
  NODE_GONE_MS = 2000,
  STEADY_MS = 5000,
  NODE_LOOK_MS = 1000,
  CLOCK_DRIFT_MS = 500,
  CLOCK_WARN_MS = 5000,
  TRUST_MS = 5000
};

/* Joining --------------------------------------------------------------------------------------------------------- */

/* DIR/node-id: who this folder is. One program at a time holds the folder. */
static bool read_name(Engine *engine, Error *err) {
  char path[4096], text[64] = "";
  const char *folder = engine->options.data_folder;
  if (!folder) return fail(err, ERR_INTERNAL, "a node needs a data folder");
  snprintf(path, sizeof path, "%s/node-id", folder);
  FILE *file = fopen(path, "re");
  size_t got = file ? fread(text, 1, sizeof text, file) : 0;
  if (file) fclose(file);
  Str name = str_trim((Str){text, got});
  if (name.len == 0) {
    name = random_token(engine->arena, 20);
    file = fopen(path, "we");
    if (!file || fprintf(file, "%.*s\n", STR_ARG(name)) < 0 || fclose(file) != 0)
      return fail(err, ERR_STORAGE, "cannot write %s: %s", path, strerror(errno));
  }
  snprintf(engine->node_name, sizeof engine->node_name, "%.*s", STR_ARG(name));
  return true;
}

static bool take_free(const DbRow *row, void *ctx) {
  i64 *free_number = ctx;
  if (db_row_int(row, 0) != *free_number) return false;
  ++*free_number;
  return true;
}

static bool adopt(Engine *engine, i64 now_ms, Error *err) {
  engine->sources_stale = true;
  engine->next_due_ms = 0;
  return db_run(engine->db, &INBOX_ADOPT, err, db_int(engine->options.ids->node)) &&
         db_run(engine->db, &JOB_ADOPT, err, db_int(now_ms));
}

static bool join(Engine *engine, Error *err) {
  Db *db = engine->db;
  i64 now = 0, number = 0, highest = 0;
  bool found = false;
  Str name = str_from_c(engine->node_name);
  if (!db_query_int(db, &DB_NOW, 0, NULL, &now, &found, err) || !db_run(db, &NODE_FORGET, err, db_int(now - HOUR_MS)) ||
      !db_run(db, &NODE_END_NAME, err, db_text(name), db_int(now)) ||
      !db_query(db, &NODE_IDS, 0, NULL, take_free, &number, err))
    return false;
  if (number > 1023) return fail(err, ERR_UNAVAILABLE, "1,024 nodes were here within an hour; try again later");
  if (!db_run(db, &NODE_INSERT, err, db_int(number), db_text(name), db_text(S("tocsin")), db_int(now)) ||
      !db_query_int(db, &HIGHEST_ID, 0, NULL, &highest, &found, err))
    return false;
  id_gen_init(engine->options.ids, (u32)number, found ? highest : 0);
  engine->epoch = 1;
  return adopt(engine, clock_now(engine->options.clock), err);
}

static void told(void *ctx) {
  engine_wake(ctx);
}

bool node_open(Engine *engine, Error *err) {
  engine->shared = db_is_shared(engine->db);
  if (!engine->shared) return true;
  if (!read_name(engine, err) || !db_begin(engine->db, err)) return false;
  if (!join(engine, err) || !db_commit(engine->db, err)) {
    db_rollback(engine->db);
    return false;
  }
  atomic_store(&engine->heard_at_us, clock_monotonic_us());
  engine->config_version = -1; /* the picture was built before: it is built once more */
  Str own = str_format(engine->arena, "%u", engine->options.ids->node);
  log_info("engine", "this is node %u", engine->options.ids->node);
  return db_listen(engine->options.db_url, own, told, engine, &engine->listener, err);
}

/* The node's work is free for others at once. */
void node_close(Engine *engine) {
  Error err = {0};
  db_listen_stop(engine->listener);
  engine->listener = NULL;
  for (size_t i = 0; i < engine->kind_count; i++) free(engine->kinds[i]);
  if (!engine->shared || engine->epoch == 0) return;
  bool ok = db_begin(engine->db, &err) &&
            db_run(engine->db, &NODE_LEAVE, &err, db_int(engine->options.ids->node), db_int(engine->epoch),
                   db_int(node_true_ms(engine))) &&
            db_commit(engine->db, &err);
  if (!ok) db_rollback(engine->db);
}

/* Each round ------------------------------------------------------------------------------------------------------ */

typedef struct Turn {
  i64 now_ms, setup_version, turned_ms, last_sequence;
} Turn;

static bool read_turn(const DbRow *row, void *ctx) {
  *(Turn *)ctx = (Turn){db_row_int(row, 0), db_row_int(row, 1), db_row_int(row, 2), db_row_int(row, 3)};
  return false;
}

/* Somebody took over from us. What we held in memory is not ours any more; nothing of it was promised. */
static bool rejoin(Engine *engine, Error *err) {
  bool found = false;
  i64 epoch = 0;
  if (!db_query_int(engine->db, &NODE_REJOIN,
                    DB_ARGS(db_int(engine->options.ids->node), db_text(str_from_c(engine->node_name))), &epoch, &found,
                    err))
    return false;
  if (!found) {
    log_error("engine", "this node was silent for so long that its number was given away; it ends, start it again");
    _exit(4);
  }
  log_warn("engine", "this node was silent for too long, or lost its session, and others took its work over; it joins "
                     "again");
  engine->epoch = epoch;
  engine->sources_stale = true;
  engine->next_due_ms = 0;
  engine->config_version = -1;
  return true;
}

static bool touch(Engine *engine, Turn *turn, Error *err) {
  for (int tries = 0; tries < 2; tries++) {
    bool found = false;
    if (!db_query_one(engine->db, &NODE_TURN, DB_ARGS(db_int(engine->options.ids->node), db_int(engine->epoch)),
                      read_turn, turn, &found, err))
      return false;
    if (found) return true;
    if (!rejoin(engine, err)) return false;
  }
  return fail(err, ERR_STORAGE, "this node's row cannot be touched");
}

/* Due times and leases follow the database's clock, and what tests turned. */
static void follow_clock(Cycle *cycle, const Turn *turn) {
  Engine *engine = cycle->engine;
  i64 drift = turn->now_ms - clock_true_ms();
  if (drift - engine->clock_drift_ms > CLOCK_DRIFT_MS || engine->clock_drift_ms - drift > CLOCK_DRIFT_MS) {
    if (drift > CLOCK_WARN_MS || drift < -CLOCK_WARN_MS)
      log_warn("engine", "this machine's clock is %lld s from the database's, which is followed",
               (long long)drift / 1000);
    atomic_store(&engine->clock_drift_ms, drift);
  }
  atomic_store(&engine->options.clock->offset_ms, engine->clock_drift_ms + turn->turned_ms);
  cycle->now_ms = clock_now(engine->options.clock);
}

static bool count_silent(const DbRow *row, void *ctx) {
  if (db_row_int(row, 1))
    log_warn("engine", "node %lld was silent for over %d s: its work is taken over", (long long)db_row_int(row, 0),
             NODE_SILENT_MS / 1000);
  else
    log_warn("engine", "node %lld has ended without a word: its work is taken over", (long long)db_row_int(row, 0));
  ++*(int *)ctx;
  return true;
}

static bool look_for_silent(Cycle *cycle, i64 now_ms, Error *err) {
  Engine *engine = cycle->engine;
  int silent = 0;
  i64 last_end = 0;
  bool found = false;
  if (now_ms - engine->looked_ms < NODE_LOOK_MS) return true;
  engine->looked_ms = now_ms;
  bool steady = clock_monotonic_us() - engine->failed_at_us > (i64)STEADY_MS * 1000;
  if (!db_query(cycle->db, &NODE_SILENT,
                DB_ARGS(db_int(now_ms - NODE_SILENT_MS), db_int(now_ms), db_int(cycle->ids->node),
                        db_int(now_ms - (steady ? NODE_GONE_MS : NODE_SILENT_MS))),
                count_silent, &silent, err) ||
      !db_query_int(cycle->db, &NODE_LAST_END, 0, NULL, &last_end, &found, err))
    return false;
  if (last_end == engine->last_end_ms) return true;
  engine->last_end_ms = last_end;
  engine->config_version = -1; /* it may have changed something and not told */
  return adopt(engine, cycle->now_ms, err);
}

/* What the domain keeps in memory and others may have changed, beside the configuration. */
static bool follow_others(Cycle *cycle, i64 now_ms, Error *err) {
  Engine *engine = cycle->engine;
  if (!engine->others_acted || now_ms - engine->others_ms < NODE_LOOK_MS) return true;
  engine->others_acted = false;
  engine->others_ms = now_ms;
  return !engine->options.hooks.others || engine->options.hooks.others(cycle, err);
}

bool node_turn(Cycle *cycle, Error *err) {
  Engine *engine = cycle->engine;
  Turn turn = {0};
  if (!engine->shared) return true;
  if (!touch(engine, &turn, err)) return false;
  follow_clock(cycle, &turn);
  if (!look_for_silent(cycle, turn.now_ms, err)) return false;
  if (turn.setup_version != engine->config_version) {
    engine->options.hooks.undone(engine->options.app);
    engine->config_version = turn.setup_version;
  }
  if (turn.last_sequence >= engine->next_sequence) {
    engine->others_acted = true;
    if (!live_catch_up(cycle, turn.last_sequence, err)) return false;
  }
  return follow_others(cycle, turn.now_ms, err);
}

bool node_tell(Cycle *cycle, const Round *round, Error *err) {
  Engine *engine = cycle->engine;
  if (!engine->shared || (round->live_count == 0 && !round->tell)) return true;
  return db_query(cycle->db, &TELL, DB_ARGS(db_text(str_format(cycle->arena, "%u", cycle->ids->node))), NULL, NULL,
                  err);
}

static bool add_meta(Cycle *cycle, const char *name, i64 by, i64 *out, Error *err) {
  bool found = false;
  cycle->engine->round->tell = true;
  return db_query_int(cycle->db, &META_ADD,
                      DB_ARGS(db_text(str_from_c(name)), db_text(str_format(cycle->arena, "%lld", (long long)by))), out,
                      &found, err);
}

bool cycle_config_changed(Cycle *cycle, Error *err) {
  return !cycle->engine->shared || add_meta(cycle, "setup_version", 1, &cycle->engine->config_version, err);
}

bool cycle_turn_clock(Cycle *cycle, i64 by_ms, Error *err) {
  i64 turned = 0;
  clock_turn(cycle->engine->options.clock, by_ms);
  return !cycle->engine->shared || add_meta(cycle, "clock_turned", by_ms, &turned, err);
}

/* For others ------------------------------------------------------------------------------------------------------ */

i64 node_true_ms(const Engine *engine) {
  return clock_true_ms() + engine->clock_drift_ms;
}

bool engine_is_shared(Engine *engine) {
  return engine->shared;
}

bool engine_trusted(Engine *engine) {
  return !engine->shared || clock_monotonic_us() - atomic_load(&engine->heard_at_us) < (i64)TRUST_MS * 1000;
}
