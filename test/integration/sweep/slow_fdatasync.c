// A disk that is late, for one redis-server (LD_PRELOAD): while the file named by SLOW_DISK exists, each fdatasync
// takes three seconds. Redis then counts aof_delayed_fsync as on a real slow disk, since its own code does the
// counting.
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int fdatasync(int descriptor) {
  const char* flag = getenv("SLOW_DISK");
  if (flag != NULL && access(flag, F_OK) == 0) sleep(3);
  return (int)syscall(SYS_fdatasync, descriptor);
}
