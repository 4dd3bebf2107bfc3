/* sandbox - privileges given up one after another, each step a row of a table.
 *
 * A step answers: in force, not to be had here, or failed. "Not to be had" is what kernels and
 * containers without the feature say (ENOSYS, EOPNOTSUPP, EINVAL of an unknown call, and EPERM or
 * EINVAL for users that the user namespace does not know); anything else is a failure.
 *
 * The list of system calls is what reading, searching, answering and, with a folder, libclamav
 * were seen to need. What is not listed kills the process: a worker that wants a socket was taken
 * over. A sanitizer's runtime asks for more when it reports: those calls fail instead, so that the
 * report is still written.
 */
#include "spamgear/base/sandbox.h"

#include "spamgear/base/lazy.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 256            /* two a job, and what libclamav unpacks into */
#define FILE_MAX        (16u << 20)    /* bytes of a file that is written: the cleaned text */
#define SCRATCH_MAX     (512ull << 20) /* the same with a folder: what libclamav unpacks */

enum step { STEP_FAILED = -1, STEP_MISSING, STEP_IN_FORCE };

/* -- No way back -- */

/* A worker never outlives its parent. The kernel forgets this when the user changes, so it comes
 * after that. */
static enum step bind_to_parent(const struct sandbox *sandbox, struct strbuf *why)
{
    (void)sandbox;
    pid_t parent = getppid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return strbuf_why(why, "prctl: %s", strerror(errno));
    if (getppid() != parent)
        return strbuf_why(why, "the parent process has ended");
    if (!SANDBOX_SANITIZED && prctl(PR_SET_DUMPABLE, 0) != 0)
        return strbuf_why(why, "prctl: %s", strerror(errno));
    return STEP_IN_FORCE;
}

static enum step no_new_privileges(const struct sandbox *sandbox, struct strbuf *why)
{
    (void)sandbox;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return strbuf_why(why, "no_new_privs: %s", strerror(errno));
    return STEP_IN_FORCE;
}

/* -- Another user -- */

/* Root of a user namespace that knows no other user, or without the capability. */
static enum step user_refused(struct strbuf *why, const char *call)
{
    if (errno == EPERM || errno == EINVAL)
        return STEP_MISSING;
    return strbuf_why(why, "%s: %s", call, strerror(errno));
}

static enum step change_user(const struct sandbox *sandbox, struct strbuf *why)
{
    uid_t uid = sandbox->uid, real, effective, saved;
    gid_t gid = sandbox->gid;
    if (geteuid() != 0 || uid == 0)
        return STEP_MISSING;
    if (setgroups(0, NULL) != 0)
        return user_refused(why, "setgroups");
    if (setresgid(gid, gid, gid) != 0)
        return user_refused(why, "setresgid");
    if (setresuid(uid, uid, uid) != 0)
        return user_refused(why, "setresuid");
    if (getresuid(&real, &effective, &saved) != 0 || real != uid || effective != uid ||
        saved != uid || setresuid(-1, 0, -1) == 0)
        return strbuf_why(why, "user %u: could become root again", (unsigned)uid);
    return STEP_IN_FORCE;
}

/* Root that stays root loses what makes it more than a user. */
static enum step drop_capabilities(const struct sandbox *sandbox, struct strbuf *why)
{
    (void)sandbox;
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capset, &header, none) == 0)
        return STEP_IN_FORCE;
    if (errno == ENOSYS)
        return STEP_MISSING;
    return strbuf_why(why, "capset: %s", strerror(errno));
}

/* -- Landlock -- */

/* linux/landlock.h of the build may be older than the kernel that runs this. */
struct ruleset {
    uint64_t files, network, scoped;
};
#define FILES_OF_ABI_1   0x1fffull
#define FILES_REFER      0x2000ull /* ABI 2 */
#define FILES_TRUNCATE   0x4000ull /* ABI 3 */
#define FILES_IOCTL      0x8000ull /* ABI 5 */
#define NETWORK_OF_ABI_4 0x3ull    /* bind, connect of TCP */
#define SCOPED_OF_ABI_6  0x3ull    /* abstract sockets, signals */
#define FILES_OF_A_FOLDER                                                                          \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR |  \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                              \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | FILES_TRUNCATE)

static int landlock_abi(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static struct ruleset ruleset_of(int abi)
{
    return (struct ruleset){
        .files = FILES_OF_ABI_1 | (abi >= 2 ? FILES_REFER : 0) | (abi >= 3 ? FILES_TRUNCATE : 0) |
                 (abi >= 5 ? FILES_IOCTL : 0),
        .network = abi >= 4 ? NETWORK_OF_ABI_4 : 0,
        .scoped = abi >= 6 ? SCOPED_OF_ABI_6 : 0,
    };
}

static int allow_folder(int ruleset, uint64_t files, const char *folder, struct strbuf *why)
{
    int fd = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return strbuf_why(why, "%s: %s", folder, strerror(errno));
    struct landlock_path_beneath_attr beneath = {.allowed_access = FILES_OF_A_FOLDER & files,
                                                 .parent_fd = fd};
    int failed =
        (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    if (failed)
        strbuf_why(why, "Landlock: %s: %s", folder, strerror(errno));
    close(fd);
    return failed ? -1 : 0;
}

static enum step landlock(const struct sandbox *sandbox, struct strbuf *why)
{
    int abi = landlock_abi();
    if (abi < 1) /* ENOSYS: too old; EOPNOTSUPP: switched off; EPERM: a container's filter */
        return STEP_MISSING;
    struct ruleset attributes = ruleset_of(abi);
    int fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (fd < 0)
        return strbuf_why(why, "Landlock: %s", strerror(errno));
    enum step step = STEP_IN_FORCE;
    if (sandbox->folder != NULL && allow_folder(fd, attributes.files, sandbox->folder, why) != 0)
        step = STEP_FAILED;
    else if (syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        step = strbuf_why(why, "Landlock: %s", strerror(errno));
    close(fd);
    return step;
}

/* -- Resource limits -- */

static int limit(int what, const char *name, uint64_t value, struct strbuf *why)
{
    struct rlimit now, lower = {value, value};
    if (getrlimit(what, &now) == 0 && now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
        lower.rlim_cur = lower.rlim_max = now.rlim_max;
    if (setrlimit(what, &lower) == 0)
        return 0;
    return strbuf_why(why, "limit of %s: %s", name, strerror(errno));
}

static enum step bound_files(const struct sandbox *sandbox, struct strbuf *why)
{
    uint64_t file_max = sandbox->folder != NULL ? SCRATCH_MAX : FILE_MAX;
    signal(SIGXFSZ, SIG_IGN); /* a write fails then */
    if (limit(RLIMIT_CORE, "core files", 0, why) != 0 ||
        limit(RLIMIT_NPROC, "processes", 0, why) != 0 ||
        limit(RLIMIT_NOFILE, "descriptors", DESCRIPTORS_MAX, why) != 0 ||
        limit(RLIMIT_FSIZE, "file size", file_max, why) != 0)
        return STEP_FAILED;
    return STEP_IN_FORCE;
}

/* Bytes of address space in use; 0 = there is no /proc to ask. */
static uint64_t address_space(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%llu", &pages) != 1)
        pages = 0;
    fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* What the process already has (a virus database of a gigabyte, shared with its parent) comes on
 * top. */
static enum step bound_memory(const struct sandbox *sandbox, struct strbuf *why)
{
    uint64_t has = SANDBOX_SANITIZED || sandbox->memory_bytes == 0 ? 0 : address_space();
    if (has == 0)
        return STEP_MISSING;
    if (limit(RLIMIT_AS, "memory", has + sandbox->memory_bytes, why) != 0)
        return STEP_FAILED;
    return STEP_IN_FORCE;
}

/* -- System calls -- */

#ifdef HAVE_SECCOMP
#include <seccomp.h>

#define SECCOMP_FUNCTIONS(F)                                                                       \
    F(seccomp_init) F(seccomp_attr_set) F(seccomp_rule_add_array) F(seccomp_load) F(seccomp_release)

SECCOMP_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {SECCOMP_FUNCTIONS(LAZY_SYMBOL){0}};

/* Reading, memory, time, answering, dying. */
static const int always[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(lseek),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(fadvise64),
    SCMP_SYS(mincore),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockopt),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(getrusage),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getrandom),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* What libclamav does in its scratch folder. */
static const int with_folder[] = {
    SCMP_SYS(open),      SCMP_SYS(openat),     SCMP_SYS(mkdir),    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),     SCMP_SYS(unlink),     SCMP_SYS(unlinkat), SCMP_SYS(getdents64),
    SCMP_SYS(getdents),  SCMP_SYS(stat),       SCMP_SYS(lstat),    SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
    SCMP_SYS(ftruncate), SCMP_SYS(dup),        SCMP_SYS(umask),    SCMP_SYS(getcwd),
    SCMP_SYS(fsync),
};

/* Calls that fail instead of killing: libraries ask and can do without. */
static const struct {
    int call, error;
    bool only_sanitized, only_folder;
} refused[] = {
    {SCMP_SYS(ioctl), ENOTTY, false, false},
    {451, ENOSYS, false, false}, /* cachestat, which is newer than libseccomp 2.5 */
    /* Landlock cannot bound these, and the scratch files need no other modes: nothing is done. */
    {SCMP_SYS(chmod), 0, false, true},
    {SCMP_SYS(fchmod), 0, false, true},
    {SCMP_SYS(fchmodat), 0, false, true},
    {SCMP_SYS(open), EACCES, true, false},
    {SCMP_SYS(openat), EACCES, true, false},
    {SCMP_SYS(readlink), EACCES, true, false},
    {SCMP_SYS(readlinkat), EACCES, true, false},
    {SCMP_SYS(access), EACCES, true, false},
    {SCMP_SYS(stat), EACCES, true, false},
    {SCMP_SYS(pipe), EPERM, true, false},
    {SCMP_SYS(pipe2), EPERM, true, false},
    {SCMP_SYS(clone), EPERM, true, false},
    {SCMP_SYS(clone3), ENOSYS, true, false},
    {SCMP_SYS(vfork), EPERM, true, false},
    {SCMP_SYS(prctl), EPERM, true, false},
};

static int allow_list(scmp_filter_ctx filter, const int *calls, size_t len)
{
    int failed = 0;
    for (size_t i = 0; i < len && !failed; i++)
        failed = p_seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, calls[i], 0, NULL);
    return failed;
}

static int refuse(scmp_filter_ctx filter, bool folder)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof refused / sizeof *refused && !failed; i++) {
        if ((refused[i].only_sanitized && (!SANDBOX_SANITIZED || folder)) ||
            (refused[i].only_folder && !folder))
            continue;
        uint32_t action = SCMP_ACT_ERRNO((uint32_t)refused[i].error);
        failed = p_seccomp_rule_add_array(filter, action, refused[i].call, 0, NULL);
    }
    return failed;
}

/* Calls that depend on an argument: abort() sends a signal to itself, flags are asked for, limits
 * are read. */
static int allow_some(scmp_filter_ctx filter)
{
    const struct {
        int call;
        struct scmp_arg_cmp argument;
    } some[] = {
        {SCMP_SYS(tgkill), {0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0}},
        {SCMP_SYS(fcntl), {1, SCMP_CMP_EQ, F_GETFL, 0}},
        {SCMP_SYS(fcntl), {1, SCMP_CMP_EQ, F_GETFD, 0}},
        {SCMP_SYS(prlimit64), {2, SCMP_CMP_EQ, 0, 0}},
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof some / sizeof *some && !failed; i++)
        failed =
            p_seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, some[i].call, 1, &some[i].argument);
    return failed;
}

static int fill(scmp_filter_ctx filter, bool folder)
{
    int failed = p_seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (!failed)
        failed = allow_list(filter, always, sizeof always / sizeof *always);
    if (!failed && folder)
        failed = allow_list(filter, with_folder, sizeof with_folder / sizeof *with_folder);
    if (!failed)
        failed = allow_some(filter);
    return failed ? failed : refuse(filter, folder);
}

static enum step filter_calls(const struct sandbox *sandbox, struct strbuf *why)
{
    uint32_t kill_process = SECCOMP_RET_KILL_PROCESS;
    if (p_seccomp_init == NULL ||
        syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill_process) != 0)
        return STEP_MISSING;
    scmp_filter_ctx filter = p_seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return strbuf_why(why, "seccomp: cannot start");
    int failed = fill(filter, sandbox->folder != NULL);
    if (!failed)
        failed = p_seccomp_load(filter);
    p_seccomp_release(filter);
    if (failed)
        return strbuf_why(why, "seccomp: %s", strerror(-failed));
    return STEP_IN_FORCE;
}

static int load_seccomp(struct strbuf *why)
{
    if (p_seccomp_init != NULL)
        return 0;
    return lazy_open((const char *const[]){"libseccomp.so.2", NULL}, symbols, why);
}

#else

static enum step filter_calls(const struct sandbox *sandbox, struct strbuf *why)
{
    (void)sandbox;
    (void)why;
    return STEP_MISSING;
}

static int load_seccomp(struct strbuf *why)
{
    return strbuf_why(why, "built without libseccomp");
}

#endif

/* -- All of it -- */

static const struct {
    enum step (*take)(const struct sandbox *sandbox, struct strbuf *why);
    unsigned part; /* 0: goes without saying */
} steps[] = {
    {no_new_privileges, 0},
    {change_user, SANDBOX_USER},
    {drop_capabilities, 0},
    {bind_to_parent, 0},
    {bound_memory, SANDBOX_MEMORY},
    {landlock, SANDBOX_LANDLOCK}, /* /proc is gone then */
    {bound_files, 0},
    {filter_calls, SANDBOX_SECCOMP},
};

void sandbox_prepare(struct strbuf *why)
{
    struct strbuf reason = {0};
    if (load_seccomp(&reason) != 0)
        strbuf_why(why, "system calls are not filtered: %s", strbuf_text(&reason));
    strbuf_clear(&reason);
}

int sandbox_enter(const struct sandbox *sandbox, struct strbuf *why)
{
    unsigned parts = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        enum step step = steps[i].take(sandbox, why);
        if (step == STEP_FAILED)
            return -1;
        if (step == STEP_IN_FORCE)
            parts |= steps[i].part;
    }
    return (int)parts;
}

void sandbox_describe(const struct sandbox *sandbox, unsigned parts, struct strbuf *out)
{
    size_t start = out->len;
    if (parts & SANDBOX_USER)
        strbuf_format(out, ", user %u", (unsigned)sandbox->uid);
    if (parts & SANDBOX_LANDLOCK)
        strbuf_format(out, ", Landlock ABI %d", landlock_abi());
    if (parts & SANDBOX_SECCOMP)
        strbuf_add_text(out, ", seccomp");
    if (parts & SANDBOX_MEMORY)
        strbuf_format(out, ", memory %llu MiB", (unsigned long long)sandbox->memory_bytes >> 20);
    if (out->len == start) {
        strbuf_add_text(out, "nothing");
        return;
    }
    memmove(out->data + start, out->data + start + 2, out->len - start - 1); /* the first ", " */
    out->len -= 2;
}
