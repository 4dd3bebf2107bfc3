/* sandbox - what a worker that reads attackers' bytes may still do: next to nothing.
 *
 * Each measure is optional, since kernels and containers differ; what is in force can be told.
 * In this order: no new privileges, another user, no capabilities, an end together with the parent,
 * a memory limit, Landlock (no file system but the folder named), other resource limits, seccomp
 * (only the calls listed in sandbox.c; any other is answered by killing the process). Builds with
 * a sanitizer leave out the memory limit.
 */
#ifndef SPAMGEAR_BASE_SANDBOX_H
#define SPAMGEAR_BASE_SANDBOX_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Is this a build with a sanitizer that needs memory and calls of its own? */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

struct sandbox {
    uid_t uid; /* becomes this user and group when started as root; 0 = stays */
    gid_t gid;
    uint64_t memory_bytes; /* address space on top of what it has already; 0 = no limit */
    const char *folder;    /* the one folder whose files may be made, read and removed (the
                              scratch folder of libclamav); NULL: no file can be opened at all */
};

enum sandbox_part {
    SANDBOX_USER = 1,     /* runs as another user */
    SANDBOX_LANDLOCK = 2, /* no file system */
    SANDBOX_SECCOMP = 4,  /* no sockets, no exec, no new descriptors */
    SANDBOX_MEMORY = 8
};

/* Loads what the sandbox needs (libseccomp); in the parent, before the fork. A machine without
 * it is no error: why then says what is missing. */
void sandbox_prepare(struct strbuf *why);

/* Shuts this process in. Returns the parts in force (enum sandbox_part). A measure that the
 * kernel has but that fails is an error: -1 with why; nothing attackers wrote may be read
 * then. */
int sandbox_enter(const struct sandbox *sandbox, struct strbuf *why);

/* "user 65534, Landlock ABI 5, seccomp, memory 512 MiB" or "nothing". Appends. */
void sandbox_describe(const struct sandbox *sandbox, unsigned parts, struct strbuf *out);

#endif
