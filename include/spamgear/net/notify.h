/* notify - tells the service manager how the daemon is (sd_notify(3): a datagram to NOTIFY_SOCKET).
 */
#ifndef SPAMGEAR_NET_NOTIFY_H
#define SPAMGEAR_NET_NOTIFY_H

#include "spamgear/base/strbuf.h"
#include <stdint.h>

/* "READY=1", "STATUS=...", "STOPPING=1", "WATCHDOG=1", "RELOADING=1\nMONOTONIC_USEC=..": lines. 0:
 * sent, or nobody wants to know; -1 with why. */
int notify_send(const char *lines, struct strbuf *why);
/* Half of WATCHDOG_USEC, in ms, when this process is meant; 0: no watchdog. */
int64_t notify_watchdog_ms(void);

#endif
