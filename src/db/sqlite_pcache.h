/* SQLite's own page cache, with one key replaced. While a B-tree puts the pages of one balancing in order, it parks a
 * page under the number of the page at 1 GiB (3.40, balance_nonroot), and the cache remembers the greatest number that
 * it ever saw: the commit then looks for pages beyond the file's end in all of its slots, 16,384 at the writer's 64
 * MiB. Under number 0, which no page has, the page is parked as well and the cache remembers nothing. */
#ifndef TOCSIN_DB_SQLITE_PCACHE_H
#define TOCSIN_DB_SQLITE_PCACHE_H

/* Before any connection is opened, once. Without effect when SQLite runs already. */
void sqlite_pcache_install(void);

#endif
