/* nagios - what all plugins of Nagios have in common (the Monitoring Plugins guidelines). */
#ifndef SPAMGEAR_REPORT_NAGIOS_H
#define SPAMGEAR_REPORT_NAGIOS_H

#include "spamgear/base/strbuf.h"

/* Exit statuses of a plugin. */
enum nagios { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

const char *nagios_name(enum nagios status); /* "OK" */

/* Appends text as strangers wrote it: escaped, and without the pipe sign, behind which Nagios reads
 * figures. */
void nagios_escape(struct strbuf *out, struct span text);

#endif
