/* Queue: a ring under one lock. queue_push_always may widen the ring past `count_max`: what it carries are answers, of
 * which there are never more than questions taken. */
#include "base/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"

enum { FIRST_CAPACITY = 64 };

typedef struct Item {
  void *ptr;
  size_t bytes;
} Item;

struct Queue {
  pthread_mutex_t lock; /* guards all below */
  pthread_cond_t changed;
  size_t count_max;
  size_t bytes_max;
  Item *ring; /* `capacity` is a power of two */
  size_t capacity;
  size_t first;
  size_t count;
  size_t bytes;
  bool closed;
  bool woken;
};

Queue *queue_new(size_t count_max, size_t bytes_max) {
  Queue *queue = xcalloc(1, sizeof(Queue));
  queue->count_max = count_max;
  queue->bytes_max = bytes_max;
  queue->capacity = FIRST_CAPACITY;
  queue->ring = xcalloc(queue->capacity, sizeof(Item));
  pthread_mutex_init(&queue->lock, NULL);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&queue->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  return queue;
}

void queue_free(Queue *queue) {
  if (!queue) return;
  pthread_cond_destroy(&queue->changed);
  pthread_mutex_destroy(&queue->lock);
  free(queue->ring);
  free(queue);
}

static void widen(Queue *queue) {
  Item *ring = xcalloc(queue->capacity * 2, sizeof(Item));
  for (size_t i = 0; i < queue->count; i++) ring[i] = queue->ring[(queue->first + i) & (queue->capacity - 1)];
  free(queue->ring);
  queue->ring = ring;
  queue->first = 0;
  queue->capacity *= 2;
}

static void append(Queue *queue, Item item) {
  if (queue->count == queue->capacity) widen(queue);
  queue->ring[(queue->first + queue->count) & (queue->capacity - 1)] = item;
  queue->count++;
  queue->bytes += item.bytes;
  pthread_cond_signal(&queue->changed);
}

/* A single item may be larger than `bytes_max` when it comes alone: its maker has limits of its own. */
static bool is_full_for(const Queue *queue, size_t bytes) {
  if (queue->count >= queue->count_max) return true;
  if (queue->count == 0) return false;
  return queue->bytes > queue->bytes_max || bytes > queue->bytes_max - queue->bytes;
}

bool queue_push(Queue *queue, void *item, size_t bytes) {
  pthread_mutex_lock(&queue->lock);
  bool taken = !queue->closed && !is_full_for(queue, bytes);
  if (taken) append(queue, (Item){item, bytes});
  pthread_mutex_unlock(&queue->lock);
  return taken;
}

bool queue_push_always(Queue *queue, void *item, size_t bytes) {
  pthread_mutex_lock(&queue->lock);
  bool taken = !queue->closed;
  if (taken) append(queue, (Item){item, bytes});
  pthread_mutex_unlock(&queue->lock);
  return taken;
}

static struct timespec deadline_after(i64 wait_ms) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  i64 ns = at.tv_nsec + wait_ms % 1000 * 1000000;
  at.tv_sec += (time_t)(wait_ms / 1000 + ns / 1000000000);
  at.tv_nsec = (long)(ns % 1000000000);
  return at;
}

/* Returns when there is something to see, or at the deadline. */
static void wait_for_change(Queue *queue, i64 wait_ms) {
  struct timespec deadline = deadline_after(MAX(wait_ms, 0));
  int rc = 0;
  while (queue->count == 0 && !queue->closed && !queue->woken && rc == 0)
    rc = wait_ms < 0 ? pthread_cond_wait(&queue->changed, &queue->lock)
                     : pthread_cond_timedwait(&queue->changed, &queue->lock, &deadline);
}

size_t queue_take(Queue *queue, void **out, size_t max, i64 wait_ms) {
  pthread_mutex_lock(&queue->lock);
  if (wait_ms != 0) wait_for_change(queue, wait_ms);
  queue->woken = false;
  size_t count = MIN(max, queue->count);
  for (size_t i = 0; i < count; i++) {
    Item item = queue->ring[queue->first];
    out[i] = item.ptr;
    queue->bytes -= item.bytes;
    queue->first = (queue->first + 1) & (queue->capacity - 1);
  }
  queue->count -= count;
  pthread_mutex_unlock(&queue->lock);
  return count;
}

void queue_close(Queue *queue) {
  pthread_mutex_lock(&queue->lock);
  queue->closed = true;
  pthread_cond_broadcast(&queue->changed);
  pthread_mutex_unlock(&queue->lock);
}

void queue_wake(Queue *queue) {
  pthread_mutex_lock(&queue->lock);
  queue->woken = true;
  pthread_cond_signal(&queue->changed);
  pthread_mutex_unlock(&queue->lock);
}

size_t queue_count(Queue *queue) {
  pthread_mutex_lock(&queue->lock);
  size_t count = queue->count;
  pthread_mutex_unlock(&queue->lock);
  return count;
}
