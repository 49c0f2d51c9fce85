/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs every file of the directory given through a fuzz target, for builds without libFuzzer. The
 * bytes are copied to a block of exactly their size, so that the address sanitizer sees reading
 * past them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 20 };

static uint8_t input[INPUT_MAX];

static void replay(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int replay_file(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, input, sizeof(input));
    close(fd);
    if (n < 0) {
        perror(name);
        return 1;
    }
    replay(input, (size_t)n);
    return 0;
}

static int replay_directory(DIR *dir)
{
    int failed = 0;
    int files = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        failed += replay_file(dirfd(dir), entry->d_name);
        files++;
    }
    printf("%d inputs\n", files);
    return failed || files == 0;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
        return 2;
    }
    int result = replay_directory(dir);
    closedir(dir);
    return result;
}
