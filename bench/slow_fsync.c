/* Preloaded into mysqld: a disk whose fsync takes a millisecond longer, as that of many a cloud machine. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_a_millisecond(void)
{
    struct timespec millisecond = {0, 1000000};
    nanosleep(&millisecond, NULL);
}

int fsync(int file)
{
    wait_a_millisecond();
    return (int) syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    wait_a_millisecond();
    return (int) syscall(SYS_fdatasync, file);
}
