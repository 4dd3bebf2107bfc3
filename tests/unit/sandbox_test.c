/* sandbox - what a process may still do when it is shut in, asked of the kernel in a child of its
 * own for each row. Where the kernel lacks a measure, the rows that need it are left out and
 * said to be. */
#include "spamgear/base/sandbox.h"

#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* What a probe came to, besides a signal. */
enum { DONE = 10, REFUSED, NOT_SHUT_IN };

static char folder[] = "/tmp/sandbox_test.XXXXXX";
static int file; /* open for reading */

static int did(bool ok)
{
    return ok ? DONE : REFUSED;
}

static int read_descriptor(void)
{
    char byte;
    struct stat st;
    return did(pread(file, &byte, 1, 0) == 1 && fstat(file, &st) == 0 && st.st_size > 0);
}

static int allocate(void)
{
    char *memory = malloc(8 << 20);
    if (memory == NULL)
        return REFUSED;
    memset(memory, 1, 8 << 20);
    int result = did(memory[12345] == 1);
    free(memory);
    return result;
}

/* What PCRE2's JIT does. */
static int make_code(void)
{
    void *at =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return did(at != MAP_FAILED);
}

static int write_descriptor(void)
{
    return did(write(2, "", 0) == 0);
}

static int take_much(void)
{
    void *at = mmap(NULL, 200 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return did(at != MAP_FAILED);
}

static int open_file(void)
{
    return did(open("/etc/passwd", O_RDONLY) >= 0);
}

static int make_socket(void)
{
    return did(socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

static int run_program(void)
{
    char *const arguments[] = {"true", NULL};
    execv("/bin/true", arguments);
    return REFUSED;
}

static int make_process(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return did(child > 0);
}

static int signal_parent(void)
{
    return did(kill(getppid(), 0) == 0);
}

static int change_mode(void)
{
    return did(fchmod(file, 0777) == 0);
}

static int trace(void)
{
    return did(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static int abort_now(void)
{
    abort();
}

static int become_root(void)
{
    return did(geteuid() == 0);
}

static int many_descriptors(void)
{
    struct rlimit limit;
    return did(getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max > 256);
}

static int scratch_path(char *path, size_t size, const char *name)
{
    return snprintf(path, size, "%s/%s", folder, name);
}

static int scratch(void)
{
    char path[100];
    scratch_path(path, sizeof path, "sub");
    if (mkdir(path, 0700) != 0)
        return REFUSED;
    scratch_path(path, sizeof path, "sub/x");
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    bool ok = fd >= 0 && write(fd, "x", 1) == 1 && unlink(path) == 0;
    scratch_path(path, sizeof path, "sub");
    return did(ok && rmdir(path) == 0);
}

static int link_out(void)
{
    char path[100];
    scratch_path(path, sizeof path, "link");
    return did(symlink("/etc/passwd", path) == 0);
}

enum need {
    NOTHING = 0,
    CALLS = SANDBOX_SECCOMP,
    FILES = SANDBOX_LANDLOCK,
    USER = SANDBOX_USER,
    MEMORY = SANDBOX_MEMORY
};

static const struct probe {
    const char *name;
    int (*run)(void);
    bool folder;
    unsigned needs; /* parts without which the row says nothing */
    int signal;     /* it is killed by this */
    int status;     /* or ends so */
} probes[] = {
    {"reads a descriptor", read_descriptor, false, NOTHING, 0, DONE},
    {"writes a descriptor", write_descriptor, false, NOTHING, 0, DONE},
    {"allocates", allocate, false, NOTHING, 0, DONE},
    {"allocates within a folder's sandbox", allocate, true, NOTHING, 0, DONE},
    {"makes code, as a JIT does", make_code, false, NOTHING, 0, DONE},
    {"no more memory than said", take_much, false, MEMORY, 0, REFUSED},
    {"aborts by the right signal", abort_now, false, NOTHING, SIGABRT, 0},
    {"opens nothing", open_file, false, CALLS, SANDBOX_SANITIZED ? 0 : SIGSYS, REFUSED},
    {"opens nothing outside of its folder", open_file, true, FILES, 0, REFUSED},
    {"uses its folder", scratch, true, NOTHING, 0, DONE},
    {"makes no link", link_out, true, CALLS, SIGSYS, 0},
    {"no socket", make_socket, false, CALLS, SIGSYS, 0},
    {"no socket with a folder", make_socket, true, CALLS, SIGSYS, 0},
    {"no program", run_program, false, CALLS, SIGSYS, 0},
    {"no process", make_process, false, CALLS, SANDBOX_SANITIZED ? 0 : SIGSYS, REFUSED},
    {"no process with a folder", make_process, true, CALLS, SIGSYS, 0},
    {"no signal to others", signal_parent, false, CALLS, SIGSYS, 0},
    {"no change of modes", change_mode, false, CALLS, SIGSYS, 0},
    {"no tracing", trace, false, CALLS, SIGSYS, 0},
    {"is not root", become_root, false, USER, 0, REFUSED},
    {"few descriptors", many_descriptors, false, NOTHING, 0, REFUSED},
};

static struct sandbox settings(bool with_folder)
{
    return (struct sandbox){.uid = NOBODY,
                            .gid = NOBODY,
                            .memory_bytes = 64 << 20,
                            .folder = with_folder ? folder : NULL};
}

/* The status of a child that was shut in and then ran the probe; *parts gets what was in force. */
static int run_shut_in(const struct probe *probe, unsigned *parts)
{
    int pipes[2], status = -1;
    if (pipe(pipes) != 0)
        return -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct sandbox sandbox = settings(probe->folder);
        struct strbuf why = {0};
        int got = sandbox_enter(&sandbox, &why);
        if (got < 0) {
            printf("%s\n", strbuf_text(&why));
            fflush(stdout);
            _exit(NOT_SHUT_IN);
        }
        ssize_t written = write(pipes[1], &got, sizeof got);
        _exit(written == sizeof got ? probe->run() : NOT_SHUT_IN);
    }
    close(pipes[1]);
    if (read(pipes[0], parts, sizeof *parts) != sizeof *parts)
        *parts = 0;
    close(pipes[0]);
    waitpid(child, &status, 0);
    return status;
}

static unsigned all_parts;

static void test_probes(void)
{
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        const struct probe *p = &probes[i];
        unsigned parts = 0;
        int status = run_shut_in(p, &parts);
        all_parts |= parts;
        if ((parts & p->needs) != p->needs)
            printf("not tested here: %s\n", p->name);
        else if (p->signal != 0)
            test_number(p->name, WIFSIGNALED(status) ? WTERMSIG(status) : -1, p->signal);
        else
            test_number(p->name, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
                        p->status);
    }
}

/* What a container's filter does: some calls fail as on a kernel without them. */
static int forbid(const int *calls, size_t len, int error)
{
    struct sock_filter code[20];
    unsigned short n = 0;
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < len; i++)
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i],
                                                 (unsigned char)(len - i), 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error);
    struct sock_fprog program = {n, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                   prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0
               ? 0
               : -1;
}

/* Lesser machines: what is missing there is said to be, and the rest is in force. */
static const struct lesser {
    const char *name;
    int calls[4];
    size_t len;
    int error;
    unsigned missing;
} lesser[] = {
    {"kernel without Landlock", {SYS_landlock_create_ruleset}, 1, ENOSYS, SANDBOX_LANDLOCK},
    {"Landlock switched off", {SYS_landlock_create_ruleset}, 1, EOPNOTSUPP, SANDBOX_LANDLOCK},
    {"Landlock forbidden", {SYS_landlock_create_ruleset}, 1, EPERM, SANDBOX_LANDLOCK},
    {"kernel without seccomp", {SYS_seccomp}, 1, ENOSYS, SANDBOX_SECCOMP},
    {"seccomp forbidden", {SYS_seccomp}, 1, EPERM, SANDBOX_SECCOMP},
    {"neither",
     {SYS_seccomp, SYS_landlock_create_ruleset},
     2,
     ENOSYS,
     SANDBOX_SECCOMP | SANDBOX_LANDLOCK},
    {"root that may become nobody else", {SYS_setgroups}, 1, EPERM, SANDBOX_USER},
    {"a namespace with one user", {SYS_setresgid}, 1, EINVAL, SANDBOX_USER},
    {"the same for users only", {SYS_setresuid}, 1, EINVAL, SANDBOX_USER},
};

/* The parts in force there; -1: it failed. */
static int parts_of(const struct lesser *machine)
{
    int pipes[2], parts = -1;
    if (pipe(pipes) != 0)
        return -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct sandbox sandbox = settings(false);
        struct strbuf why = {0};
        if (forbid(machine->calls, machine->len, machine->error) != 0)
            _exit(1);
        parts = sandbox_enter(&sandbox, &why);
        if (parts < 0)
            printf("%s: %s\n", machine->name, strbuf_text(&why));
        fflush(stdout);
        _exit(write(pipes[1], &parts, sizeof parts) != sizeof parts);
    }
    close(pipes[1]);
    if (read(pipes[0], &parts, sizeof parts) != sizeof parts)
        parts = -1;
    close(pipes[0]);
    waitpid(child, NULL, 0);
    return parts;
}

static void test_lesser(void)
{
    for (size_t i = 0; i < sizeof lesser / sizeof *lesser; i++)
        test_number(lesser[i].name, parts_of(&lesser[i]), all_parts & ~lesser[i].missing);
}

/* A worker whose parent is killed goes with it, also after it became another user. */
static int outlive(void)
{
    int pipes[2], end[2];
    char byte;
    if (pipe(pipes) != 0 || pipe(end) != 0)
        return NOT_SHUT_IN;
    fflush(stdout);
    pid_t parent = fork();
    if (parent == 0) {
        if (fork() == 0) {
            struct sandbox sandbox = settings(false);
            if (sandbox_enter(&sandbox, NULL) < 0 || write(pipes[1], "x", 1) != 1)
                _exit(1);
            for (;;) /* holds the write end of `end` */
                usleep(100000);
        }
        for (;;)
            pause();
    }
    close(end[1]);
    bool started = read(pipes[0], &byte, 1) == 1;
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    int result = did(!started || read(end[0], &byte, 1) != 0); /* 0 once nobody holds it */
    close(end[0]);
    close(pipes[0]);
    close(pipes[1]);
    return result;
}

static void test_failure(void)
{
    struct strbuf why = {0};
    fflush(stdout);
    pid_t child = fork();
    int status = -1;
    if (child == 0) {
        struct sandbox sandbox = settings(true);
        sandbox.folder = "/nonexistent/folder";
        int got = sandbox_enter(&sandbox, &why);
        strbuf_clear(&why);
        _exit(got < 0 ? DONE : NOT_SHUT_IN);
    }
    waitpid(child, &status, 0);
    if (all_parts & SANDBOX_LANDLOCK)
        test_number("a folder that is not there is a failure", WEXITSTATUS(status), DONE);
}

static const struct {
    unsigned parts;
    const char *want;
} descriptions[] = {
    {0, "nothing"},
    {SANDBOX_USER, "user 65534"},
    {SANDBOX_SECCOMP | SANDBOX_MEMORY, "seccomp, memory 64 MiB"},
    {SANDBOX_USER | SANDBOX_SECCOMP | SANDBOX_MEMORY, "user 65534, seccomp, memory 64 MiB"},
};

static void test_describe(void)
{
    struct sandbox sandbox = settings(false);
    for (size_t i = 0; i < sizeof descriptions / sizeof *descriptions; i++) {
        struct strbuf out = {0};
        strbuf_add_text(&out, "in force: ");
        sandbox_describe(&sandbox, descriptions[i].parts, &out);
        test_bytes("described", out.data + 10, out.len - 10, descriptions[i].want,
                   strlen(descriptions[i].want));
        test_number("ends", out.data[out.len], 0);
        strbuf_clear(&out);
    }
}

int main(void)
{
    struct strbuf why = {0};
    file = memfd_create("file", MFD_CLOEXEC);
    if (mkdtemp(folder) == NULL || file < 0 || write(file, "x", 1) != 1)
        return 1;
    if (geteuid() == 0 && chown(folder, NOBODY, NOBODY) != 0)
        printf("root of a namespace without other users\n");
    sandbox_prepare(&why);
    printf("%s\n", why.len > 0 ? strbuf_text(&why) : "libseccomp is loaded");
    test_probes();
    test_lesser();
    test_number("does not outlive its parent", outlive(), REFUSED);
    test_failure();
    test_describe();
    struct sandbox sandbox = settings(false);
    strbuf_reset(&why);
    sandbox_describe(&sandbox, all_parts, &why);
    printf("in force here: %s\n", strbuf_text(&why));
    strbuf_clear(&why);
    rmdir(folder);
    return test_end();
}
