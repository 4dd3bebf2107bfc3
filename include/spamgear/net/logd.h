/* logd - one line to the log daemon of this machine (RFC 3164, section 4, by its local socket).
 *
 * Not syslog(3), which waits as long as the daemon likes: who writes here must not be held up by
 * it. journald answers on the same socket, and notes who wrote: _UID, _EXE.
 */
#ifndef SPAMGEAR_NET_LOGD_H
#define SPAMGEAR_NET_LOGD_H

#include "spamgear/base/strbuf.h"

#define LOGD_SOCKET "/dev/log"

/* Sends text, which must hold no control bytes, as mail.info with the tag "TAG[PID]: ". Waits at
 * most wait_ms for a daemon that is busy. 0, or -1 with why. */
int logd_send(const char *socket_path, const char *tag, struct span text, int wait_ms,
              struct strbuf *why);

#endif
