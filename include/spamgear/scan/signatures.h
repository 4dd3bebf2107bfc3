/* signatures - the folders in which signatures stand.
 *
 * A signature folder holds any of: fingerprints.txt, backdoors.re, shelldetect.db,
 * *.rules, *.weights and *.hashes. Every file is read whole (at most 64 MiB), and refused when
 * others than root and the user who runs this may write it, or the folder. One bad entry refuses
 * that entry only, with file:line; the others are loaded, and the problem makes the run end with
 * trouble.
 */
#ifndef SPAMGEAR_SCAN_SIGNATURES_H
#define SPAMGEAR_SCAN_SIGNATURES_H

#include "spamgear/base/vec.h"
#include "spamgear/scan/rule.h"

/* Bits of the detectors that are switched on: 1 << enum rule_source. */
#define SIGNATURES_ALL      ((1u << RULE_SOURCES) - 1)
#define SIGNATURES_FILE_MAX (64 << 20) /* bytes */

/* Adds everything that stands in folder, by sources. Problems ("file:line: why") are added to
 * problems. Returns how many signature files there were; -1 when the folder cannot be read (why
 * in problems, except when it is not there and must_exist is false: then 0). */
int signatures_load(struct rules *rules, const char *folder, unsigned sources, bool must_exist,
                    struct texts *problems);

/* Whose signatures does a file of this name hold? RULE_SOURCES: no signature file has this name. */
enum rule_source signatures_source(const char *name);

/* Adds the signatures of one file, by its name, which must be that of a signature file. file is
 * what problems call it. */
void signatures_load_text(struct rules *rules, const char *name, struct span text, const char *file,
                          struct texts *problems);

/* The loaders, one a format; text is the whole file. Each adds what is right and tells what is
 * not. known.c: */
void known_fingerprints(struct rules *rules, struct span text, const char *file,
                        struct texts *problems);
void known_backdoors(struct rules *rules, struct span text, const char *file,
                     struct texts *problems);
/* shelldb.c: base64 of serialize() of an array signature => "name[n][class][language]" */
void shelldb_load(struct rules *rules, struct span text, const char *file, struct texts *problems);
/* rule_file.c: the text format of docs/rules.md */
void rule_file_load(struct rules *rules, struct span text, const char *file,
                    struct texts *problems);
/* php_judge.c: points of what is seen in PHP; the first file that is right is used */
void php_weights_load(struct rules *rules, struct span text, const char *file,
                      struct texts *problems);
/* known_bad.c: lists of hashes */
void known_bad_load(struct rules *rules, struct span text, const char *file,
                    struct texts *problems);

#endif
