/* postlog_check - is the configuration sound, as far as the daemon uses it?
 *
 * Beyond single values: the URL and the query of [store], the INI file of postlog-sa, the sources
 * of [watch] with the sections they stand for, the methods of [react].
 */
#ifndef SPAMGEAR_APPLETS_POSTLOG_CHECK_H
#define SPAMGEAR_APPLETS_POSTLOG_CHECK_H

#include "postlog_settings.h"

/* Tells remarks and everything that is wrong, by diag; problems: what was found so far. */
void postlog_check(const struct postlog_plan *plan, const struct run *run, struct texts *problems);
/* The same of a configuration that somebody else has read; run: for its list of applets. */
void postlog_check_config(const struct config *config, const struct run *run);

#endif
