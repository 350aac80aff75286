/* Arena: a pointer moves through a list of blocks, each twice the size of the last up to 1 MiB; larger wishes get a
 * block of their own size. The arena itself lies in its first block, so that a small arena is one malloc.
 * Under AddressSanitizer all that was not handed out is poisoned, and a red zone follows each allocation. */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(ptr, bytes)   ASAN_POISON_MEMORY_REGION((ptr), (bytes))
#define UNPOISON(ptr, bytes) ASAN_UNPOISON_MEMORY_REGION((ptr), (bytes))
enum { RED_ZONE_BYTES = 16 };
#else
#define POISON(ptr, bytes)   ((void)(ptr), (void)(bytes))
#define UNPOISON(ptr, bytes) ((void)(ptr), (void)(bytes))
enum { RED_ZONE_BYTES = 0 };
#endif

enum { ALIGN_BYTES = 16, VEC_FIRST_CAPACITY = 8 };
#define BLOCK_BYTES_FIRST KIB(4)
#define BLOCK_BYTES_MAX   MIB(1)
/* Nobody asks for this much on purpose: a size that was computed wrongly. */
#define ALLOC_BYTES_MAX ((size_t)1 << 40)

typedef struct Block {
  struct Block *older;
  size_t bytes;        /* of room, without this header */
  size_t used;         /* while this is the newest block, the arena's cursor counts instead */
  size_t bytes_before; /* handed out from older blocks */
} Block;

typedef struct Defer {
  struct Defer *older;
  void (*fn)(void *);
  void *ptr;
} Defer;

struct Arena {
  char *cursor; /* next free byte of the newest block, always aligned */
  char *end;
  Block *newest;
  Defer *defers;
};

_Static_assert(sizeof(Block) % ALIGN_BYTES == 0, "a block's room starts aligned");

static size_t align_up(size_t bytes) {
  return (bytes + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
}

static char *block_room(Block *block) {
  return (char *)(block + 1);
}

/* What an allocation takes from its block. */
static size_t footprint(size_t bytes) {
  return align_up(bytes) + RED_ZONE_BYTES;
}

/* Where the first block's room begins for users: after the arena itself. */
static size_t first_used(void) {
  return align_up(sizeof(Arena));
}

NORETURN static void out_of_memory(size_t bytes) {
  fprintf(stderr, "tocsin: out of memory: could not get %zu bytes\n", bytes);
  abort();
}

void *xmalloc(size_t bytes) {
  void *ptr = malloc(bytes ? bytes : 1);
  if (!ptr) out_of_memory(bytes);
  return ptr;
}

void *xcalloc(size_t count, size_t bytes) {
  void *ptr = calloc(count ? count : 1, bytes ? bytes : 1);
  if (!ptr) out_of_memory(bytes);
  return ptr;
}

void *xrealloc(void *ptr, size_t bytes) {
  void *grown = realloc(ptr, bytes ? bytes : 1);
  if (!grown) out_of_memory(bytes);
  return grown;
}

char *xstrdup(const char *text) {
  size_t bytes = strlen(text) + 1;
  return memcpy(xmalloc(bytes), text, bytes);
}

static Block *block_new(size_t room_bytes) {
  Block *block = xmalloc(sizeof(Block) + room_bytes);
  *block = (Block){.bytes = room_bytes};
  POISON(block_room(block), room_bytes);
  return block;
}

static void block_free(Block *block) {
  UNPOISON(block_room(block), block->bytes);
  free(block);
}

Arena *arena_new(void) {
  Block *block = block_new(BLOCK_BYTES_FIRST - sizeof(Block));
  Arena *arena = (Arena *)block_room(block);
  UNPOISON(arena, sizeof(Arena));
  *arena = (Arena){
      .cursor = block_room(block) + first_used(),
      .end = block_room(block) + block->bytes,
      .newest = block,
  };
  return arena;
}

/* A deferred function may use what is in the arena; it must not allocate from it. */
static void run_defers(Arena *arena, const Defer *until) {
  while (arena->defers != until) {
    Defer *defer = arena->defers;
    ASSERT(defer); /* else the mark belongs to another arena */
    arena->defers = defer->older;
    defer->fn(defer->ptr);
  }
}

static void take_back(Arena *arena, Block *block, size_t used) {
  while (arena->newest != block) {
    Block *dead = arena->newest;
    arena->newest = dead->older;
    ASSERT(arena->newest); /* else the mark belongs to another arena */
    block_free(dead);
  }
  arena->cursor = block_room(block) + used;
  arena->end = block_room(block) + block->bytes;
  POISON(arena->cursor, block->bytes - used);
}

static Block *block_first(const Arena *arena) {
  Block *block = arena->newest;
  while (block->older) block = block->older;
  return block;
}

void arena_clear(Arena *arena) {
  run_defers(arena, NULL);
  take_back(arena, block_first(arena), first_used());
}

void arena_free(Arena *arena) {
  if (!arena) return;
  arena_clear(arena);
  block_free(arena->newest);
}

void arena_freep(Arena **arena) {
  arena_free(*arena);
  *arena = NULL;
}

size_t arena_bytes(const Arena *arena) {
  Block *newest = arena->newest;
  return newest->bytes_before + (size_t)(arena->cursor - block_room(newest)) - first_used();
}

/* Rarely called: opens a block with room for `bytes` more. What is left of the old block stays unused. */
static void add_block(Arena *arena, size_t bytes) {
  Block *old = arena->newest;
  old->used = (size_t)(arena->cursor - block_room(old));
  size_t room = MIN((old->bytes + sizeof(Block)) * 2, BLOCK_BYTES_MAX) - sizeof(Block);
  Block *block = block_new(MAX(room, bytes));
  block->older = old;
  block->bytes_before = old->bytes_before + old->used;
  arena->newest = block;
  arena->cursor = block_room(block);
  arena->end = arena->cursor + block->bytes;
}

void *arena_alloc(Arena *arena, size_t bytes) {
  if (bytes > ALLOC_BYTES_MAX) out_of_memory(bytes);
  size_t taken = footprint(bytes);
  if (taken > (size_t)(arena->end - arena->cursor)) add_block(arena, taken);
  char *ptr = arena->cursor;
  arena->cursor += taken;
  UNPOISON(ptr, bytes);
  return ptr;
}

void *arena_zero(Arena *arena, size_t count, size_t bytes) {
  size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) out_of_memory(SIZE_MAX);
  return memset(arena_alloc(arena, total), 0, total);
}

void *arena_grow(Arena *arena, void *old, size_t old_bytes, size_t new_bytes) {
  if (!old) return arena_alloc(arena, new_bytes);
  if (new_bytes > ALLOC_BYTES_MAX) out_of_memory(new_bytes);
  char *start = old;
  bool is_newest = start + footprint(old_bytes) == arena->cursor;
  if (is_newest && footprint(new_bytes) <= (size_t)(arena->end - start)) {
    arena->cursor = start + footprint(new_bytes);
    POISON(start, MAX(footprint(old_bytes), footprint(new_bytes)));
    UNPOISON(start, new_bytes);
    return old;
  }
  if (new_bytes <= old_bytes) return old;
  void *grown = arena_alloc(arena, new_bytes);
  memcpy(grown, old, old_bytes);
  return grown;
}

void arena_defer(Arena *arena, void (*fn)(void *), void *ptr) {
  Defer *defer = arena_alloc(arena, sizeof(Defer));
  *defer = (Defer){.older = arena->defers, .fn = fn, .ptr = ptr};
  arena->defers = defer;
}

ArenaMark arena_mark(Arena *arena) {
  Block *newest = arena->newest;
  return (ArenaMark){.block = newest, .used = (size_t)(arena->cursor - block_room(newest)), .defers = arena->defers};
}

void arena_rewind(Arena *arena, ArenaMark mark) {
  run_defers(arena, mark.defers);
  take_back(arena, mark.block, mark.used);
}

void *vec_reserve(Arena *arena, void *items, size_t count, size_t *capacity, size_t item_bytes) {
  if (count < *capacity) return items;
  size_t wider = *capacity ? *capacity * 2 : VEC_FIRST_CAPACITY;
  size_t bytes;
  if (__builtin_mul_overflow(wider, item_bytes, &bytes)) out_of_memory(SIZE_MAX);
  void *grown = arena_grow(arena, items, *capacity * item_bytes, bytes);
  *capacity = wider;
  return grown;
}
