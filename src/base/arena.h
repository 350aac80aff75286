/* Arena: memory with one lifetime. Everything taken from it goes at once, at arena_clear or arena_free.
 * Not thread-safe: an arena belongs to one thread at a time and may be handed over. Allocation never fails (it aborts);
 * sizes are therefore bounded by the caller before they come from input. */
#ifndef TOCSIN_BASE_ARENA_H
#define TOCSIN_BASE_ARENA_H

#include "base/types.h"

typedef struct Arena Arena;

/* Heap helpers that abort with a message instead of returning NULL. */
void *xmalloc(size_t bytes);
void *xcalloc(size_t count, size_t bytes);
void *xrealloc(void *ptr, size_t bytes);
char *xstrdup(const char *text);

Arena *arena_new(void);
/* Runs deferred functions (newest first), frees all. Accepts NULL. */
void arena_free(Arena *arena);
/* For CLEANUP(arena_freep). */
void arena_freep(Arena **arena);
/* Runs deferred functions and forgets all, keeping the first block for use again. */
void arena_clear(Arena *arena);
/* Bytes handed out since the last clear. */
size_t arena_bytes(const Arena *arena);

/* Uninitialised, 16-byte aligned memory. `bytes` may be 0. */
void *arena_alloc(Arena *arena, size_t bytes);
/* Zeroed memory for `count` things. */
void *arena_zero(Arena *arena, size_t count, size_t bytes);
/* Grows the newest allocation in place when it can, else copies. */
void *arena_grow(Arena *arena, void *old, size_t old_bytes, size_t new_bytes);
/* Calls fn(ptr) when the arena is cleared or freed. */
void arena_defer(Arena *arena, void (*fn)(void *), void *ptr);

/* A place to roll back to: memory taken after the mark is given back (deferred functions since then run). */
typedef struct ArenaMark {
  void *block;
  size_t used;
  void *defers;
} ArenaMark;
ArenaMark arena_mark(Arena *arena);
void arena_rewind(Arena *arena, ArenaMark mark);

#define ARENA_NEW(arena, type)          ((type *)arena_zero((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_zero((arena), (count), sizeof(type)))

/* A growing array of T in an arena: VEC(Event) events = {0}; *VEC_PUSH(arena, &events) = event; */
#define VEC(T)                                                                                                         \
  struct {                                                                                                             \
    T *items;                                                                                                          \
    size_t count;                                                                                                      \
    size_t capacity;                                                                                                   \
  }
void *vec_reserve(Arena *arena, void *items, size_t count, size_t *capacity, size_t item_bytes);
#define VEC_PUSH(arena, vec)                                                                                           \
  ((vec)->items = vec_reserve((arena), (vec)->items, (vec)->count, &(vec)->capacity, sizeof(*(vec)->items)),           \
   &(vec)->items[(vec)->count++])

#endif
