/* Values as parts of events: texts, labels, links, keys; cleaned, and cut to their limits at a character. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "catalog/internal.h"
#include "lang/json.h"

enum { LINKS_MAX = 32, LINK_BYTES_MAX = 8192, LABEL_NAME_BYTES_MAX = 512 };

Str part_clean(Arena *arena, const Value *value) {
  Str text = value_display(arena, value);
  return value->kind == VALUE_BYTES || str_find_char(text, '\0', 0) != SIZE_MAX ? utf8_clean(arena, text) : text;
}

Str part_text(Arena *arena, const Value *value, size_t bytes_max, bool *cut) {
  Str text = str_trim(part_clean(arena, value));
  if (text.len > bytes_max) {
    text = utf8_cut(text, bytes_max);
    *cut = true;
  }
  return text.len ? text : STR_NONE;
}

/* Labels ---------------------------------------------------------------------------------------------------------- */

/* What identifies, ranks and routes is kept before the rest when there are too many. */
static const char *const LABELS_FIRST[] = {"alertname",   "name",     "instance", "host",  "hostname",
                                           "device",      "severity", "priority", "level", "service",
                                           "application", "app",      "job"};

static size_t label_rank(Str name) {
  for (size_t i = 0; i < COUNT(LABELS_FIRST); i++)
    if (str_equal_c(name, LABELS_FIRST[i])) return i;
  return COUNT(LABELS_FIRST);
}

static int compare_labels(const void *a, const void *b) {
  Str left = value_text(&((const Member *)a)->key), right = value_text(&((const Member *)b)->key);
  size_t left_rank = label_rank(left), right_rank = label_rank(right);
  if (left_rank != right_rank) return left_rank < right_rank ? -1 : 1;
  return str_compare(left, right);
}

static Str label_text(Arena *arena, const Value *v, size_t bytes_max, bool *cut) {
  Str text = part_clean(arena, v);
  if (text.len <= bytes_max) return text;
  *cut = true;
  return utf8_cut(text, bytes_max);
}

Value part_labels(Arena *arena, const Value *value, const EventLimits *limits, bool *cut) {
  Value none = {.kind = VALUE_MAP};
  if (value->kind != VALUE_MAP) return none;
  Member *members = ARENA_ARRAY(arena, Member, value->size + 1);
  size_t count = 0;
  for (u32 i = 0; i < value->size; i++) {
    const Member *m = &value->members[i];
    if (m->value.kind == VALUE_NULL) continue;
    Str name = str_trim(part_clean(arena, &m->key));
    if (name.len == 0) continue;
    if (name.len > LABEL_NAME_BYTES_MAX) *cut = true;
    name = utf8_cut(name, LABEL_NAME_BYTES_MAX);
    Str text = label_text(arena, &m->value, limits->label_bytes, cut);
    members[count++] = (Member){value_string(name), text.len ? value_string(text) : value_c("")};
  }
  if (count > limits->labels_max) {
    qsort(members, count, sizeof *members, compare_labels);
    count = limits->labels_max;
    *cut = true;
  }
  return map_of(arena, members, count, NULL);
}

/* Links ----------------------------------------------------------------------------------------------------------- */

static Str member_text(const Value *map, const char *const *names) {
  for (; *names; names++) {
    Str text = str_trim(value_text_or(value_get_c(map, *names), STR_NONE));
    if (text.len) return text;
  }
  return STR_NONE;
}

/* Only what a browser may open: no javascript:, no relative path, no template that was not filled. */
static bool is_web_address(Str url) {
  if (url.len > LINK_BYTES_MAX || !(str_starts_with(url, S("https://")) || str_starts_with(url, S("http://"))))
    return false;
  for (size_t i = 0; i < url.len; i++)
    if ((u8)url.ptr[i] <= ' ' || url.ptr[i] == '<' || url.ptr[i] == '>' || url.ptr[i] == '"') return false;
  return url.ptr[url.len - 1] != '/' || url.ptr[url.len - 2] != '/';
}

static bool read_link(Arena *arena, const Value *v, Value *out) {
  static const char *const HREF[] = {"href", "url", "src", "link", NULL};
  static const char *const TITLE[] = {"title", "text", "label", "alt", "name", NULL};
  Str href = v->kind == VALUE_STRING ? str_trim(value_text(v)) : member_text(v, HREF);
  Str title = member_text(v, TITLE);
  if (!is_web_address(href)) return false;
  MapBuilder link = map_builder(arena);
  (void)map_put_c(&link, "href", value_string(href));
  (void)map_put_c(&link, "title",
                  value_string(title.len ? utf8_cut(utf8_clean(arena, title), EVENT_TITLE_BYTES) : S("")));
  *out = map_done(&link);
  return true;
}

static bool is_there(const ValueVec *links, const Value *link) {
  for (size_t i = 0; i < links->count; i++)
    if (value_equal(value_get_c(&links->items[i], "href"), value_get_c(link, "href"))) return true;
  return false;
}

Value part_links(Arena *arena, const Value *value) {
  ValueVec links = {0};
  Value link;
  if (value->kind == VALUE_STRING || value->kind == VALUE_MAP)
    return part_links(arena, &(Value){.kind = VALUE_LIST, .size = 1, .items = value});
  for (u32 i = 0; value->kind == VALUE_LIST && i < value->size && links.count < LINKS_MAX; i++)
    if (read_link(arena, &value->items[i], &link) && !is_there(&links, &link)) *VEC_PUSH(arena, &links) = link;
  return links.count ? list_done(&links) : value_null();
}

/* Keys ------------------------------------------------------------------------------------------------------------ */

Str key_sha256(Arena *arena, Str bytes) {
  u8 digest[EVP_MAX_MD_SIZE];
  unsigned int len = 0;
  ASSERT(EVP_Digest(bytes.ptr ? bytes.ptr : "", bytes.len, digest, &len, EVP_sha256(), NULL) == 1);
  return hex_encode(arena, digest, len);
}

Str key_given(Arena *arena, const Value *value, size_t bytes_max) {
  Str key = STR_NONE;
  if (value->kind == VALUE_LIST || value->kind == VALUE_MAP) {
    Buf buf = buf_new(arena, MIB(4));
    if (value->size) json_write_canonical(&buf, value);
    key = buf_str(&buf);
  } else {
    key = part_clean(arena, value);
  }
  if (str_is_blank(key)) return STR_NONE;
  return key.len <= bytes_max ? key : str_format(arena, "sha256:%.*s", STR_ARG(key_sha256(arena, key)));
}

static bool is_volatile(const Spec *spec, Str name) {
  for (size_t i = 0; i < spec->volatile_count; i++)
    if (str_equal(spec->volatile_labels[i], name)) return true;
  return false;
}

static Value lasting_labels(Arena *arena, const Spec *spec, const Value *labels) {
  MapBuilder map = map_builder(arena);
  for (u32 i = 0; labels->kind == VALUE_MAP && i < labels->size; i++) {
    const Member *m = &labels->members[i];
    bool empty = m->value.kind == VALUE_NULL || (m->value.kind == VALUE_STRING && m->value.size == 0);
    if (!empty && !is_volatile(spec, value_text_or(&m->key, STR_NONE))) (void)map_put_value(&map, m->key, m->value);
  }
  return map_done(&map);
}

/* A list as canonical JSON keeps the parts apart, whatever they hold. */
Str key_of_identity(Arena *arena, const Spec *spec, const Identity *identity) {
  const Value parts[] = {value_int(identity->integration_id),
                         value_bool(identity->change),
                         identity->title,
                         identity->source,
                         identity->service,
                         lasting_labels(arena, spec, &identity->labels),
                         identity->kind,
                         identity->revision,
                         identity->environment};
  Value list = list_of(arena, parts, COUNT(parts));
  Buf buf = buf_new(arena, MIB(64));
  json_write_canonical(&buf, &list);
  return str_format(arena, "hash:%.*s", STR_ARG(str_slice(key_sha256(arena, buf_str(&buf)), 0, 32)));
}
