/* How many events a round may apply, learnt from the rounds before: the larger of 5 ms and four times the commit, at
 * the smoothed cost of one event. Two surprises. The commit of a round grows with what it applied, so only its floor
 * (the sync) counts, else the budget would feed itself. And while the thread has had no rest and requests still come,
 * taking them has half of the time: what is taken is safe, what is refused may be lost. When the oldest has waited for
 * long, applying has the full budget again and the senders feel it. */
#include "engine/internal.h"

enum {
  DIRECT_US = 25000,
  BUDGET_US = 5000,
  COMMITS = 4,
  STORM_US_MIN = 1000,
  STORM_AGE_MS = 5000,
  DRAIN_US = 100000,
  SHARED_DRAIN_US = 20000,
  LOAD_WINDOW_US = 100000
};
enum { EVENTS_MIN = 16, EVENTS_MAX = 100000 };

static bool is_storm(Engine *engine, const Round *round) {
  return round->arrivals && engine->busy_share > 0.9 && engine->accept_us > 0 &&
         engine_inbox_age_ms(engine) < STORM_AGE_MS;
}

static size_t events_in(const Engine *engine, double us) {
  double events = us / MAX(engine->event_us, 1.0);
  return events < EVENTS_MIN ? EVENTS_MIN : events > EVENTS_MAX ? EVENTS_MAX : (size_t)events;
}

size_t budget_direct(const Engine *engine) {
  return events_in(engine, DIRECT_US);
}

size_t budget_waiting(Engine *engine, const Round *round) {
  double us = MAX(BUDGET_US, COMMITS * engine->commit_floor_us);
  return events_in(engine, is_storm(engine, round) ? MIN(us, MAX(engine->accept_us, STORM_US_MIN)) : us);
}

i64 budget_drain_us(const Engine *engine) {
  return engine->shared ? SHARED_DRAIN_US : DRAIN_US; /* other nodes wait for their turn */
}

void budget_init(Engine *engine) {
  engine->event_us = 50;
  engine->commit_floor_us = 1000;
}

void budget_learn_cost(Engine *engine, const Round *round) {
  double commit_us = (double)db_last_commit_us(engine->db);
  engine->commit_floor_us = MIN(commit_us, engine->commit_floor_us * 1.02 + 1);
  if (round->applied_events == 0) return;
  double us = (double)round->applied_us / (double)round->applied_events;
  engine->event_us = engine->event_us * 0.8 + us * 0.2;
  metric_observe(engine->batch_events, (double)round->applied_events);
}

void budget_learn_load(Engine *engine, const Round *round, i64 waited_us, i64 worked_us) {
  double total = (double)(waited_us + worked_us), weight = MIN(total / LOAD_WINDOW_US, 1.0);
  double busy = total > 0 ? (double)worked_us / total : 0;
  engine->busy_share += (busy - engine->busy_share) * weight;
  if (round->arrival_count) engine->accept_us += ((double)(worked_us - round->applied_us) - engine->accept_us) * 0.2;
}
