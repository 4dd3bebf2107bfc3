/* timeit - how long do commands take, compared with each other in one run.
 *
 *     timeit [-n RUNS] NAME COMMAND [ARG...] -- NAME[@GOAL] COMMAND [ARG...] -- ...
 *
 * The commands take turns, so that what else the machine does meets all of them. Told are
 * the medians of wall time and processor time of the whole process, the largest resident size, and
 * how the first command compares with each of the others (first / other), beside the goal when one
 * is named. Standard output of the commands goes to a file in memory: some programs stop
 * early when they write to /dev/null. A status above 1 is told, since the time of a command
 * that failed means nothing.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_COMMANDS 8
#define MOST_RUNS     101

extern char **environ;

struct command {
    char *name, *goal; /* goal = NULL without one */
    char **argv;
    double seconds[MOST_RUNS], processor[MOST_RUNS];
    long rss_kib;
    int status;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Starts a command with nothing to read and its output going to out; complaints are heard once. */
static int command_spawn(char **argv, int out, bool quiet, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (quiet)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* One run, remembered as number `run`. */
static void command_run(struct command *c, int run, bool quiet)
{
    int out = memfd_create("output", MFD_CLOEXEC);
    pid_t pid;
    struct rusage usage;
    int status;
    double start = now();
    int error = command_spawn(c->argv, out, quiet, &pid);
    if (error != 0 || wait4(pid, &status, 0, &usage) < 0) {
        fprintf(stderr, "timeit: %s: %s\n", c->argv[0], strerror(error));
        exit(2);
    }
    c->seconds[run] = now() - start;
    c->processor[run] = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    close(out);
    c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (usage.ru_maxrss > c->rss_kib)
        c->rss_kib = usage.ru_maxrss;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *numbers, int count)
{
    qsort(numbers, (size_t)count, sizeof *numbers, by_size);
    return count % 2 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
}

static void report(struct command *commands, int count, int runs)
{
    double first = median(commands[0].seconds, runs);
    for (int i = 0; i < count; i++) {
        struct command *c = &commands[i];
        double seconds = i > 0 ? median(c->seconds, runs) : first;
        printf("  %-12s %9.2f ms %9.2f cpu %7.1f MB", c->name, seconds * 1e3,
               median(c->processor, runs) * 1e3, (double)c->rss_kib / 1024);
        if (i > 0)
            printf("   ratio %.4f (1/%.1f)", first / seconds, seconds / first);
        if (c->goal && commands[0].status <= 1 && c->status <= 1)
            printf("  goal %s: %s", c->goal,
                   first / seconds <= strtod(c->goal, NULL) ? "met" : "MISSED");
        if (c->status > 1)
            printf("  status %d!", c->status);
        putchar('\n');
    }
}

/* Splits the arguments at "--". */
static int commands_split(char **argv, struct command *commands)
{
    int count = 0;
    while (*argv && count < MOST_COMMANDS) {
        struct command *c = &commands[count++];
        c->name = *argv++;
        c->goal = strchr(c->name, '@');
        if (c->goal)
            *c->goal++ = '\0';
        c->argv = argv;
        while (*argv && strcmp(*argv, "--") != 0)
            argv++;
        if (c->argv == argv)
            return 0;
        if (*argv)
            *argv++ = NULL;
    }
    return *argv ? 0 : count;
}

int main(int argc, char **argv)
{
    static struct command commands[MOST_COMMANDS];
    int runs = 7, first = 1;
    if (argc > 2 && strcmp(argv[1], "-n") == 0) {
        runs = (int)strtol(argv[2], NULL, 10);
        first = 3;
    }
    int count = runs >= 1 && runs <= MOST_RUNS ? commands_split(argv + first, commands) : 0;
    if (count == 0) {
        fputs("usage: timeit [-n RUNS] NAME[@GOAL] COMMAND [ARG...] -- ...\n", stderr);
        return 2;
    }
    for (int i = 0; i < count; i++)
        command_run(&commands[i], 0, false);
    for (int run = 0; run < runs; run++)
        for (int i = 0; i < count; i++)
            command_run(&commands[i], run, true);
    report(commands, count, runs);
    return 0;
}
