/* Queue: hands pointers from many threads to one, limited in count and bytes. The lock guards the ring and the byte
 * count. */
#ifndef TOCSIN_BASE_QUEUE_H
#define TOCSIN_BASE_QUEUE_H

#include "base/types.h"

typedef struct Queue Queue;

Queue *queue_new(size_t count_max, size_t bytes_max);
void queue_free(Queue *queue);
/* False when full or closed: the caller keeps the item. */
MUST_CHECK bool queue_push(Queue *queue, void *item, size_t bytes);
/* Like push, but over the limits too: for answers that must not be dropped. False only when closed. */
bool queue_push_always(Queue *queue, void *item, size_t bytes);
/* Takes up to `max` items, waiting at most `wait_ms` for the first (-1: for ever). 0 on timeout, or when closed and
 * empty. */
size_t queue_take(Queue *queue, void **out, size_t max, i64 wait_ms);
void queue_close(Queue *queue);
/* Wakes the taker without an item. */
void queue_wake(Queue *queue);
size_t queue_count(Queue *queue);

#endif
