/* SPDX-License-Identifier: Apache-2.0
 *
 * The arena that password hashes run in. Its pages are faulted in once and then kept, as huge pages
 * where the kernel has them: page faults and TLB misses cost a stock hash as much as the hashing.
 *
 * The libraries have no hook for it, but call mmap and munmap through their PLT, so definitions in
 * the executable come first. Ours hand everything to the kernel except the one map that a hash on
 * this very thread is about to ask for: the flag, the size, private, anonymous, anywhere. glibc's
 * own maps (malloc, thread stacks, the loader) never pass here.
 *
 * Between two hashes the arena stays as the first one left it: argon2 and scrypt write every block
 * before they read it, so wiping in between would be a tenth of a hash for nothing. It is wiped
 * when the thread has no further hash to compute.
 *
 * Needs a kernel whose mmap takes bytes (64-bit Linux). Sanitizers own mmap; there the arena does
 * not exist (hash_arena_none.c).
 */
#include "crypto/hash_arena.h"
#include "crypto/hash_arena_possible.h"

#if HASH_ARENA_POSSIBLE
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

enum {
    HUGE_PAGE = 2 << 20,
    ARENA_SIZE = 32 << 20, /* what our dearest hash takes: scrypt with N=2^15, r=8 */
};

static bool enabled;

static _Thread_local struct {
    char *map;       /* what the kernel gave us, ARENA_SIZE + HUGE_PAGE bytes */
    char *base;      /* its first huge page */
    size_t expected; /* size of the map to answer; 0 = no hash is running */
    bool taken;
    size_t dirty; /* so many bytes from base hold what hashes left behind */
} arena;

static void *kernel_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    /* the system call's return is the address, or -1 with errno set: MAP_FAILED */
    return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

static bool is_ours(const void *at, size_t n, int prot, int flags, int fd)
{
    return arena.expected == n && n > 0 && !arena.taken && !at && fd == -1 &&
           prot == (PROT_READ | PROT_WRITE) &&
           (flags & (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)) == (MAP_PRIVATE | MAP_ANONYMOUS);
}

__attribute__((visibility("default"))) void *mmap(void *at, size_t n, int prot, int flags, int fd,
                                                  off_t offset)
{
    if (!is_ours(at, n, prot, flags, fd))
        return kernel_mmap(at, n, prot, flags, fd, offset);
    arena.taken = true;
    return arena.base;
}

__attribute__((visibility("default"), alias("mmap"))) void *
mmap64(void *at, size_t n, int prot, int flags, int fd, off64_t offset);

__attribute__((visibility("default"))) int munmap(void *at, size_t n)
{
    if (arena.taken && at == arena.base)
        return 0; /* hash_arena_wipe wipes it */
    return (int)syscall(SYS_munmap, at, n);
}

/* False when there is no memory: the hash then gets its own, or fails as it would have. */
static bool arena_is_mapped(void)
{
    if (arena.map)
        return true;
    void *map = kernel_mmap(NULL, ARENA_SIZE + HUGE_PAGE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return false;
    arena.map = map;
    arena.base = arena.map + (-(uintptr_t)map & (HUGE_PAGE - 1));
    madvise(arena.base, ARENA_SIZE, MADV_HUGEPAGE); /* advice only: without it, merely slower */
    madvise(arena.base, ARENA_SIZE, MADV_DONTDUMP);
    return true;
}

void hash_arena_enable(bool wish)
{
    enabled = wish;
}

void hash_arena_begin(size_t size)
{
    if (enabled && size <= ARENA_SIZE && arena_is_mapped())
        arena.expected = size;
}

bool hash_arena_end(void)
{
    bool taken = arena.taken;
    if (taken && arena.dirty < arena.expected)
        arena.dirty = arena.expected;
    arena.expected = 0;
    arena.taken = false;
    return taken;
}

void hash_arena_wipe(void)
{
    if (arena.dirty)
        bytes_wipe(arena.base, arena.dirty);
    arena.dirty = 0;
}

void hash_arena_release(void)
{
    hash_arena_wipe();
    if (arena.map)
        syscall(SYS_munmap, arena.map, (size_t)ARENA_SIZE + HUGE_PAGE);
    arena.map = NULL;
    arena.base = NULL;
}
#endif
