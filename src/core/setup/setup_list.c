/* The lists of a picture that a patch changes: copied with one row more, less or other, and shared by all pictures in
 * which they are the same. Cost: the list's bytes, once. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/setup/internal.h"

/* What every SORTED list is. */
typedef struct AnyList {
  char *items;
  size_t count, capacity;
} AnyList;

static const struct {
  size_t at, item_bytes;
} LISTS[LIST_COUNT] = {
    [LIST_ORGS] = {offsetof(Setup, orgs), sizeof(SetupOrg)},
    [LIST_INTEGRATIONS] = {offsetof(Setup, integrations), sizeof(SetupIntegration)},
    [LIST_USERS] = {offsetof(Setup, users_list), sizeof(SetupUser)},
    [LIST_TEAMS] = {offsetof(Setup, teams), sizeof(SetupTeam)},
    [LIST_SERVICES] = {offsetof(Setup, services), sizeof(SetupService)},
    [LIST_POLICIES] = {offsetof(Setup, policies), sizeof(SetupPolicy)},
    [LIST_SCHEDULES] = {offsetof(Setup, schedules), sizeof(SetupSchedule)},
    [LIST_KEYS] = {offsetof(Setup, keys), sizeof(SetupKey)},
    [LIST_SERVICE_NAMES] = {offsetof(Setup, service_names), sizeof(SetupName)},
    [LIST_INTEGRATION_KEYS] = {offsetof(Setup, integration_keys), sizeof(SetupName)},
    [LIST_KEY_HASHES] = {offsetof(Setup, key_hashes), sizeof(SetupName)},
};

static AnyList *list_at(Setup *setup, SetupList list) {
  return (AnyList *)(void *)((char *)setup + LISTS[list].at);
}

static void block_give(SetupBlock *block) {
  if (block && atomic_fetch_sub(&block->users, 1) == 1) free(block);
}

void setup_blocks_take(Setup *setup) {
  for (size_t i = 0; i < LIST_COUNT; i++)
    if (setup->blocks[i]) atomic_fetch_add(&setup->blocks[i]->users, 1);
}

void setup_blocks_give(Setup *setup) {
  for (size_t i = 0; i < LIST_COUNT; i++) block_give(setup->blocks[i]);
}

/* Makes `count` items the list; filled by the caller, who may still read the old ones until block_give. */
static char *renew(Setup *fresh, SetupList list, size_t count, SetupBlock **out_old) {
  SetupBlock *block = xmalloc(sizeof *block + count * LISTS[list].item_bytes);
  atomic_store(&block->users, 1);
  *out_old = fresh->blocks[list];
  fresh->blocks[list] = block;
  *list_at(fresh, list) = (AnyList){.items = (char *)(block + 1)};
  return (char *)(block + 1);
}

void setup_list_put(Setup *fresh, SetupList list, i64 id, const void *item) {
  AnyList old = *list_at(fresh, list);
  size_t bytes = LISTS[list].item_bytes, kept = 0;
  bool placed = item == NULL;
  SetupBlock *given = NULL;
  char *items = renew(fresh, list, old.count + 1, &given);
  for (size_t i = 0; i < old.count; i++) {
    const char *here = old.items + i * bytes;
    i64 here_id = *(const i64 *)(const void *)here;
    if (here_id == id) continue;
    if (!placed && here_id > id) {
      memcpy(items + kept++ * bytes, item, bytes);
      placed = true;
    }
    memcpy(items + kept++ * bytes, here, bytes);
  }
  if (!placed) memcpy(items + kept++ * bytes, item, bytes);
  list_at(fresh, list)->count = kept;
  block_give(given);
}

/* Indexes --------------------------------------------------------------------------------------------------------- */

static int by_hash(const void *a, const void *b) {
  const SetupName *left = a, *right = b;
  if (left->hash != right->hash) return left->hash < right->hash ? -1 : 1;
  return (left->id > right->id) - (left->id < right->id);
}

void setup_index_sort(SetupName *names, size_t count) {
  if (count) qsort(names, count, sizeof *names, by_hash);
}

void setup_index_put(Setup *fresh, SetupList list, i64 id, const SetupName *names, size_t count) {
  AnyList old = *list_at(fresh, list);
  const SetupName *have = (const SetupName *)(const void *)old.items;
  size_t kept = 0, next = 0;
  SetupBlock *given = NULL;
  SetupName *out = (SetupName *)(void *)renew(fresh, list, old.count + count, &given);
  for (size_t i = 0; i < old.count; i++) {
    if (have[i].id == id) continue;
    while (next < count && by_hash(&names[next], &have[i]) < 0) out[kept++] = names[next++];
    out[kept++] = have[i];
  }
  while (next < count) out[kept++] = names[next++];
  list_at(fresh, list)->count = kept;
  block_give(given);
}

const SetupName *setup_index_find(const SetupName *names, size_t count, u64 hash, size_t *out_count) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (names[middle].hash < hash)
      low = middle + 1;
    else
      high = middle;
  }
  size_t end = low;
  while (end < count && names[end].hash == hash) end++;
  *out_count = end - low;
  return count ? names + low : names;
}

u64 setup_service_hash(i64 org_id, Str name) {
  char key[sizeof org_id + 512];
  size_t bytes = MIN(name.len, (size_t)512);
  memcpy(key, &org_id, sizeof org_id);
  for (size_t i = 0; i < bytes; i++) {
    char c = name.ptr[i];
    key[sizeof org_id + i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
  }
  return hash_keyed((Str){key, sizeof org_id + bytes});
}

SetupName *setup_service_names(Arena *arena, const SetupService *service, size_t *out_count) {
  size_t aliases = value_is(&service->aliases, VALUE_LIST) ? service->aliases.size : 0, count = 0;
  SetupName *names = ARENA_ARRAY(arena, SetupName, aliases + 2);
  for (size_t i = 0; i < aliases + 2; i++) {
    Str name = i == 0   ? service->name
               : i == 1 ? service->slug
                        : value_text_or(value_at(&service->aliases, i - 2), STR_NONE);
    if (name.len) names[count++] = (SetupName){setup_service_hash(service->org_id, name), service->id};
  }
  setup_index_sort(names, count);
  *out_count = count;
  return names;
}
