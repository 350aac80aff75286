/* A ring that grows up to its limit, a lock and a condition. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/queue.h"

typedef struct Slot {
  void *item;
  size_t bytes;
} Slot;

struct Queue {
  pthread_mutex_t lock; /* guards all below */
  pthread_cond_t ready;
  Slot *ring;
  size_t capacity, head, count, bytes, count_max, bytes_max;
  bool closed, woken;
};

Queue *queue_new(size_t count_max, size_t bytes_max) {
  Queue *queue = xcalloc(1, sizeof *queue);
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&queue->ready, &attr);
  pthread_condattr_destroy(&attr);
  pthread_mutex_init(&queue->lock, NULL);
  queue->count_max = count_max;
  queue->bytes_max = bytes_max;
  queue->capacity = 64;
  queue->ring = xcalloc(queue->capacity, sizeof(Slot));
  return queue;
}

void queue_free(Queue *queue) {
  if (!queue) return;
  pthread_cond_destroy(&queue->ready);
  pthread_mutex_destroy(&queue->lock);
  free(queue->ring);
  free(queue);
}

static void grow(Queue *queue) {
  Slot *ring = xcalloc(queue->capacity * 2, sizeof(Slot));
  for (size_t i = 0; i < queue->count; i++) ring[i] = queue->ring[(queue->head + i) % queue->capacity];
  free(queue->ring);
  queue->ring = ring;
  queue->head = 0;
  queue->capacity *= 2;
}

static bool push(Queue *queue, void *item, size_t bytes, bool always) {
  pthread_mutex_lock(&queue->lock);
  bool fits = always || (queue->count < queue->count_max && (queue->count == 0 || queue->bytes + bytes <= queue->bytes_max));
  bool taken = fits && !queue->closed;
  if (taken) {
    if (queue->count == queue->capacity) grow(queue);
    queue->ring[(queue->head + queue->count++) % queue->capacity] = (Slot){item, bytes};
    queue->bytes += bytes;
    pthread_cond_signal(&queue->ready);
  }
  pthread_mutex_unlock(&queue->lock);
  return taken;
}

bool queue_push(Queue *queue, void *item, size_t bytes) { return push(queue, item, bytes, false); }
bool queue_push_always(Queue *queue, void *item, size_t bytes) { return push(queue, item, bytes, true); }

static void wait_ready(Queue *queue, i64 wait_ms) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += (time_t)(wait_ms / 1000);
  until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  while (queue->count == 0 && !queue->closed && !queue->woken) {
    if (wait_ms < 0) pthread_cond_wait(&queue->ready, &queue->lock);
    else if (pthread_cond_timedwait(&queue->ready, &queue->lock, &until) == ETIMEDOUT) break;
  }
  queue->woken = false;
}

size_t queue_take(Queue *queue, void **out, size_t max, i64 wait_ms) {
  pthread_mutex_lock(&queue->lock);
  if (wait_ms != 0) wait_ready(queue, wait_ms);
  size_t taken = 0;
  while (taken < max && queue->count > 0) {
    Slot *slot = &queue->ring[queue->head];
    out[taken++] = slot->item;
    queue->bytes -= slot->bytes;
    queue->head = (queue->head + 1) % queue->capacity;
    queue->count--;
  }
  pthread_mutex_unlock(&queue->lock);
  return taken;
}

void queue_close(Queue *queue) {
  pthread_mutex_lock(&queue->lock);
  queue->closed = true;
  pthread_cond_broadcast(&queue->ready);
  pthread_mutex_unlock(&queue->lock);
}

void queue_wake(Queue *queue) {
  pthread_mutex_lock(&queue->lock);
  queue->woken = true;
  pthread_cond_signal(&queue->ready);
  pthread_mutex_unlock(&queue->lock);
}

size_t queue_count(Queue *queue) {
  pthread_mutex_lock(&queue->lock);
  size_t count = queue->count;
  pthread_mutex_unlock(&queue->lock);
  return count;
}
