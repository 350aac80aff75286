/* Keeps patterns to the syntax of RE2, which CEL demands: PCRE2 knows more, and what it knows more can take for ever.
 */
#include <string.h>

#include "lang/cel/regex.h"

typedef struct Scan {
  Str pattern;
  size_t at;
  Error *err;
} Scan;

static bool refused(Scan *s, const char *what) {
  return regex_refuse(s->pattern, s->at, what, " (the syntax is RE2's)", s->err);
}

static char ahead(const Scan *s, size_t n) {
  return s->at + n < s->pattern.len ? s->pattern.ptr[s->at + n] : 0;
}

static bool scan_escape(Scan *s, bool in_class) {
  char c = ahead(s, 1);
  if (c == 0 && s->at + 1 >= s->pattern.len) return refused(s, "a backslash stands at the end");
  if (c >= '1' && c <= '9') return refused(s, "back references are not supported");
  if (c == 'Q' && !in_class) {
    size_t end = str_find(s->pattern, S("\\E"), s->at + 2);
    s->at = end == SIZE_MAX ? s->pattern.len : end + 2;
    return true;
  }
  bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const char *known = in_class ? "aftnrvdDsSwWpPx" : "aftnrvdDsSwWpPxAbBzQE";
  if (letter && !strchr(known, c)) return refused(s, "unknown escape");
  s->at += 2;
  return true;
}

/* "(?" groups: (?:, (?flags), (?flags:, (?P<name>, (?<name>. */
static bool scan_group(Scan *s) {
  if (ahead(s, 1) == '*') return refused(s, "verbs are not supported");
  if (ahead(s, 1) != '?') {
    s->at++;
    return true;
  }
  size_t i = 2;
  if (ahead(s, i) == 'P') {
    if (ahead(s, i + 1) != '<') return refused(s, "this kind of group is not supported");
    i++;
  }
  if (ahead(s, i) == '<') {
    if (ahead(s, i + 1) == '=' || ahead(s, i + 1) == '!') return refused(s, "looking behind is not supported");
  } else {
    while (ahead(s, i) && strchr("imsU-", ahead(s, i))) i++;
    if (ahead(s, i) == '=' || ahead(s, i) == '!') return refused(s, "looking ahead is not supported");
    if (ahead(s, i) != ':' && ahead(s, i) != ')') return refused(s, "this kind of group is not supported");
  }
  s->at += 2;
  return true;
}

static bool scan_class(Scan *s) {
  s->at++;
  if (ahead(s, 0) == '^') s->at++;
  if (ahead(s, 0) == ']') s->at++;
  while (s->at < s->pattern.len && ahead(s, 0) != ']') {
    if (ahead(s, 0) == '\\') {
      if (!scan_escape(s, true)) return false;
    } else if (ahead(s, 0) == '[' && ahead(s, 1) == ':') {
      size_t end = str_find(s->pattern, S(":]"), s->at + 2);
      s->at = end == SIZE_MAX ? s->at + 1 : end + 2;
    } else {
      s->at++;
    }
  }
  s->at++;
  return true;
}

/* "{2,3}" at the reading place: its length, 0 when it is no repeat. */
static size_t repeat_length(const Scan *s) {
  size_t i = 1;
  while (ahead(s, i) >= '0' && ahead(s, i) <= '9') i++;
  if (i == 1) return 0;
  if (ahead(s, i) == ',') i++;
  while (ahead(s, i) >= '0' && ahead(s, i) <= '9') i++;
  return ahead(s, i) == '}' ? i + 1 : 0;
}

/* Behind a repeat may stand one '?'; a '+' would make it possessive, which RE2 does not know. */
static bool scan_repeat(Scan *s, size_t length) {
  s->at += length;
  if (ahead(s, 0) == '+') return refused(s, "a repeat of a repeat is not supported");
  if (ahead(s, 0) == '?') s->at++;
  return true;
}

bool regex_syntax_check(Str pattern, Error *err) {
  Scan s = {pattern, 0, err};
  while (s.at < pattern.len) {
    char c = pattern.ptr[s.at];
    size_t repeat = c == '*' || c == '+' || c == '?' ? 1 : c == '{' ? repeat_length(&s) : 0;
    bool ok = c == '\\'  ? scan_escape(&s, false)
              : c == '(' ? scan_group(&s)
              : c == '[' ? scan_class(&s)
              : repeat   ? scan_repeat(&s, repeat)
                         : (s.at++, true);
    if (!ok) return false;
  }
  return true;
}
