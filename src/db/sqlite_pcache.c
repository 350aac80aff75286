/* See sqlite_pcache.h. A shim around the default cache: each of ours holds one of theirs and the number that is
 * replaced. The page of that number holds SQLite's lock bytes in each file that is so large, so it is never read or
 * written: whoever asks for it wants to park a page. */
#include "db/sqlite_pcache.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/base.h"

enum { LOCK_BYTES_AT = 1 << 30, PARKED = 0 };

/* Theirs. Filled once, before any thread opens a connection; SQLite has no other way to hand it to us. */
static sqlite3_pcache_methods2 theirs;

typedef struct Cache {
  sqlite3_pcache *real;
  unsigned parking; /* number of the page with the lock bytes */
} Cache;

static Cache *of(sqlite3_pcache *cache) {
  return (Cache *)(void *)cache;
}
static unsigned number_of(const Cache *cache, unsigned number) {
  return number == cache->parking ? PARKED : number;
}

static sqlite3_pcache *cache_create(int page_bytes, int extra_bytes, int purgeable) {
  Cache *cache = xmalloc(sizeof *cache);
  *cache = (Cache){.real = theirs.xCreate(page_bytes, extra_bytes, purgeable),
                   .parking = (unsigned)(LOCK_BYTES_AT / page_bytes) + 1};
  if (cache->real) return (sqlite3_pcache *)(void *)cache;
  free(cache);
  return NULL;
}

static void cache_destroy(sqlite3_pcache *cache) {
  theirs.xDestroy(of(cache)->real);
  free(cache);
}

static void cache_size(sqlite3_pcache *cache, int pages) {
  theirs.xCachesize(of(cache)->real, pages);
}
static int cache_count(sqlite3_pcache *cache) {
  return theirs.xPagecount(of(cache)->real);
}
static void cache_shrink(sqlite3_pcache *cache) {
  theirs.xShrink(of(cache)->real);
}
static void cache_truncate(sqlite3_pcache *cache, unsigned limit) {
  theirs.xTruncate(of(cache)->real, limit);
}

static sqlite3_pcache_page *cache_fetch(sqlite3_pcache *cache, unsigned number, int create) {
  return theirs.xFetch(of(cache)->real, number_of(of(cache), number), create);
}

static void cache_unpin(sqlite3_pcache *cache, sqlite3_pcache_page *page, int discard) {
  theirs.xUnpin(of(cache)->real, page, discard);
}

static void cache_rekey(sqlite3_pcache *cache, sqlite3_pcache_page *page, unsigned from, unsigned to) {
  theirs.xRekey(of(cache)->real, page, number_of(of(cache), from), number_of(of(cache), to));
}

void sqlite_pcache_install(void) {
  if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &theirs) != SQLITE_OK || !theirs.xCreate) return;
  sqlite3_pcache_methods2 ours = theirs; /* its version, its own beginning and end */
  ours.xCreate = cache_create;
  ours.xCachesize = cache_size;
  ours.xPagecount = cache_count;
  ours.xFetch = cache_fetch;
  ours.xUnpin = cache_unpin;
  ours.xRekey = cache_rekey;
  ours.xTruncate = cache_truncate;
  ours.xDestroy = cache_destroy;
  ours.xShrink = cache_shrink;
  sqlite3_config(SQLITE_CONFIG_PCACHE2, &ours);
}
