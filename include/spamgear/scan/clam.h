/* clam - ClamAV in process: libclamav, loaded only when used.
 *
 * libclamav says "clean" when it cannot scan (no temporary folder, a limit, a time-out), so
 * nothing it says is believed without the guards: a canary when a worker starts and every
 * CLAM_CANARY files; its error messages; sizes and times compared by ourselves; a folder and a
 * random seed of each worker's own; and a second pass over HTML, since the HTML parser hides the
 * raw text from raw signatures. An engine that cannot scan gives UNKNOWN.
 *
 * The files since the last canary are vouched for by the messages: all ways of not scanning
 * that are known (no folder, a full one, no inode, no memory) send one while the file is scanned.
 */
#ifndef SPAMGEAR_SCAN_CLAM_H
#define SPAMGEAR_SCAN_CLAM_H

#include "spamgear/scan/rule.h"
#include "spamgear/scan/verdict.h"

#define CLAM_CANARY   500
#define CLAM_SIZE_MAX (1ull << 30) /* bytes: larger files are UNKNOWN */
#define CLAM_SCAN_MS  120000       /* a pass that took that long is UNKNOWN */

struct clam;

/* Loads the library and every database of the folder (YARA too; *.ndb, *.hdb, ...). In the parent:
 * forked workers share the memory. Folder and files may be changed by nobody but root, the user who
 * runs this, and an account called clamav or clamupdate (freshclam's): a line in an *.ign2 or *.fp
 * switches a signature off. A folder without signatures is an error. NULL with why. When it is not
 * NULL, why (empty before) gets a line for each thing that libclamav left out (a YARA rule that it
 * does not understand). */
struct clam *clam_open(const char *database_folder, struct strbuf *why);
void clam_close(struct clam *clam); /* NULL is fine */
unsigned clam_signatures(const struct clam *clam);
/* "ClamAV 1.4.6, 5 signatures from /var/lib/clamav" */
void clam_describe(const struct clam *clam, struct strbuf *out);
/* Hash of what decides: versions, sizes and times of the database files. */
uint64_t clam_fingerprint(const struct clam *clam);
/* The same of a folder from which clamd loads, and when something in it changed last (seconds since
 * 1970). 0, or -1 with errno: it cannot be read. */
int clam_folder_fingerprint(const char *folder, uint64_t *fingerprint, int64_t *newest);

/* In a worker, before its sandbox is closed and before any scan: folder is its own scratch folder,
 * which the caller has made (writable by the user who will scan) and removes afterwards, best on
 * a tmpfs; the worker gets its own random seed, and the canaries must be found. What libclamav
 * and its libraries open late is opened by that, so that the sandbox needs only
 * this folder. 0, or -1 with why. */
int clam_enter(const struct clam *clam, const char *folder, struct strbuf *why);
/* Is nothing believed any more in this process (or never was)? A fresh one may have more luck. */
bool clam_is_lost(const struct clam *clam);
/* Examines fd (whatever its offset, which changes); findings and UNKNOWN go to verdict. One
 * thread of a process at a time. */
void clam_scan(const struct clam *clam, int fd, uint64_t size, const struct rules *rules,
               struct verdict *verdict);

#endif
