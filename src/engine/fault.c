/* Fault points: named places at each border of the cycle, of a job and of a send, where a test can kill the process or
 * make the step fail. Unarmed they cost one pointer compare. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/internal.h"

static const char *const FAULT_NAMES[] = {
    "cycle.begin",         "cycle.after_commands", "cycle.after_results", "cycle.after_append", "cycle.after_apply",
    "cycle.before_commit", "cycle.after_commit",   "cycle.after_answers", "apply.decided",      "apply.written",
    "apply.poison",        "job.before_claim",     "job.after_claim",     "job.before_outside", "job.before_finish",
    "job.after_finish",    "send.before_provider", "send.after_provider", "quiet.release",      NULL,
};

typedef struct FaultArm {
  pthread_mutex_t lock; /* guards armed */
  struct {
    u32 nth; /* fires when it reaches 0; 0: not armed */
    FaultAction action;
  } armed[COUNT(FAULT_NAMES)];
} FaultArm;

const char *const *engine_fault_names(void) {
  return FAULT_NAMES;
}

static int fault_index(Str name) {
  for (int i = 0; FAULT_NAMES[i]; i++)
    if (str_equal_c(name, FAULT_NAMES[i])) return i;
  return -1;
}

static pthread_mutex_t make_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the making of engine->faults */

bool engine_fault_arm(Engine *engine, Str name, u32 nth, FaultAction action) {
  int index = fault_index(name);
  if (index < 0 || nth == 0 || !engine->options.test_control) return false;
  pthread_mutex_lock(&make_lock);
  if (!engine->faults) {
    FaultArm *made = xcalloc(1, sizeof(FaultArm));
    pthread_mutex_init(&made->lock, NULL);
    engine->faults = made;
  }
  FaultArm *faults = (FaultArm *)engine->faults;
  pthread_mutex_unlock(&make_lock);
  pthread_mutex_lock(&faults->lock);
  faults->armed[index].nth = nth;
  faults->armed[index].action = action;
  pthread_mutex_unlock(&faults->lock);
  return true;
}

bool engine_fault(Engine *engine, const char *name) {
  FaultArm *faults = (FaultArm *)engine->faults;
  if (!faults) return false;
  int index = fault_index(str_from_c(name));
  ASSERT(index >= 0);
  pthread_mutex_lock(&faults->lock);
  bool fires = faults->armed[index].nth > 0 && --faults->armed[index].nth == 0;
  FaultAction action = faults->armed[index].action;
  pthread_mutex_unlock(&faults->lock);
  if (fires && action == FAULT_KILL) {
    kill(getpid(), SIGKILL);
    pause();
  }
  return fires;
}

void fault_free(Engine *engine) {
  if (!engine->faults) return;
  pthread_mutex_destroy(&((FaultArm *)engine->faults)->lock);
  free(engine->faults);
  engine->faults = NULL;
}
