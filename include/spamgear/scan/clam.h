/* clam - ClamAV in process: libclamav, loaded only when used.
 *
 * libclamav says "clean" when it cannot scan (no temporary folder, a limit, a time-out), so
 * nothing it says is believed without the guards: a canary at the start, every CLAM_CANARY files
 * and at the end; its error messages; sizes and times compared by ourselves; a folder and a random
 * seed of each worker's own; and two passes, since its HTML parser hides the raw text from raw
 * signatures. An engine that cannot scan gives UNKNOWN.
 */
#ifndef SPAMGEAR_SCAN_CLAM_H
#define SPAMGEAR_SCAN_CLAM_H

#include "spamgear/scan/rule.h"
#include "spamgear/scan/verdict.h"

#define CLAM_CANARY 500

struct clam;

/* Loads the library and every database of the folder (YARA too; *.ndb, *.hdb, ...). In the parent:
 * forked workers share the memory. why also gets warnings (rules that libclamav left out). NULL
 * with why. */
struct clam *clam_open(const char *database_folder, struct strbuf *why);
void clam_close(struct clam *clam);
unsigned clam_signatures(const struct clam *clam);
/* "ClamAV 1.4.6, 5 signatures from /var/lib/clamav" */
void clam_describe(const struct clam *clam, struct strbuf *out);
/* Hash of what decides: versions, sizes and times of the database files. */
uint64_t clam_fingerprint(const struct clam *clam);

/* In a worker, before its sandbox is closed: its own scratch folder below parent (made, removed
 * by clam_leave in the parent), its own random seed, and the first canary. 0, or -1 with why. */
int clam_enter(const struct clam *clam, const char *folder, struct strbuf *why);
/* Both passes over fd; findings and UNKNOWN go to verdict. */
void clam_scan(const struct clam *clam, int fd, uint64_t size, const struct rules *rules,
               struct verdict *verdict);

#endif
