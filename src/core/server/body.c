/* Request bodies as they are kept: small ones plain, the rest with zstd level 1. */
#include <pthread.h>
#include <zstd.h>

#include "core/server/inbound.h"

enum { PLAIN_BYTES = 400, BODY_BYTES_MAX = 64 * 1024 * 1024 };

/* One context a thread: making one costs more than compressing a small body. Freed when its thread ends. */
static pthread_key_t compressors;
static pthread_once_t compressors_once = PTHREAD_ONCE_INIT;

static void free_compressor(void *context) {
  ZSTD_freeCCtx(context);
}
static void make_compressors(void) {
  ASSERT(pthread_key_create(&compressors, free_compressor) == 0);
}

static ZSTD_CCtx *compressor(void) {
  pthread_once(&compressors_once, make_compressors);
  ZSTD_CCtx *context = pthread_getspecific(compressors);
  if (!context) {
    context = ZSTD_createCCtx();
    ASSERT(context != NULL);
    pthread_setspecific(compressors, context);
  }
  return context;
}

Str body_pack(Arena *arena, Str body) {
  if (body.len == 0) return STR_NONE;
  size_t bound = body.len <= PLAIN_BYTES ? body.len : ZSTD_compressBound(body.len);
  char *out = arena_alloc(arena, bound + 1);
  if (body.len > PLAIN_BYTES) {
    size_t packed = ZSTD_compressCCtx(compressor(), out + 1, bound, body.ptr, body.len, 1);
    if (!ZSTD_isError(packed)) {
      out[0] = 1;
      return (Str){out, packed + 1};
    }
    out = arena_alloc(arena, body.len + 1);
  }
  out[0] = 0;
  for (size_t i = 0; i < body.len; i++) out[i + 1] = body.ptr[i];
  return (Str){out, body.len + 1};
}

bool body_unpack(Arena *arena, Str stored, Str *out) {
  *out = STR_NONE;
  if (stored.len == 0) return true;
  Str rest = str_slice(stored, 1, stored.len);
  if (stored.ptr[0] == 0) return *out = rest, true;
  unsigned long long size = ZSTD_getFrameContentSize(rest.ptr, rest.len);
  if (size > BODY_BYTES_MAX) return false;
  char *text = arena_alloc(arena, (size_t)size + 1);
  size_t got = ZSTD_decompress(text, (size_t)size, rest.ptr, rest.len);
  if (ZSTD_isError(got)) return false;
  *out = (Str){text, got};
  return true;
}
