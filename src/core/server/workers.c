/* A few threads that may block. */
#include <pthread.h>
#include <stdlib.h>

#include "core/server/server.h"

typedef struct Task {
  void (*fn)(void *ctx);
  void *ctx;
} Task;

struct Workers {
  Queue *queue;
  pthread_t *threads;
  size_t count;
};

enum { TASKS_MAX = 20000 };

static void *worker_main(void *ctx) {
  Workers *workers = ctx;
  void *item = NULL;
  while (queue_take(workers->queue, &item, 1, -1) == 1) {
    Task *task = item;
    task->fn(task->ctx);
    free(task);
  }
  return NULL;
}

bool workers_new(size_t threads, Workers **out) {
  Workers *workers = xcalloc(1, sizeof *workers);
  workers->queue = queue_new(TASKS_MAX, SIZE_MAX);
  workers->threads = xcalloc(threads, sizeof(pthread_t));
  for (; workers->count < threads; workers->count++)
    if (pthread_create(&workers->threads[workers->count], NULL, worker_main, workers) != 0) break;
  *out = workers;
  return workers->count > 0;
}

void workers_free(Workers *workers) {
  if (!workers) return;
  queue_close(workers->queue);
  for (size_t i = 0; i < workers->count; i++) pthread_join(workers->threads[i], NULL);
  queue_free(workers->queue);
  free(workers->threads);
  free(workers);
}

bool workers_do(Workers *workers, void (*fn)(void *ctx), void *ctx) {
  Task *task = xcalloc(1, sizeof *task);
  *task = (Task){fn, ctx};
  if (queue_push(workers->queue, task, 1)) return true;
  free(task);
  return false;
}
