/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_file.c - a stream that becomes a file at once, or standard output
 */
#include "text_file.h"

#include <stdlib.h>

#include "exit_code.h"
#include "report.h"

static int report(int code, const char *message)
{
    if (code != EXIT_OK)
        report_error("%s", message);
    return code;
}

int text_file_open(struct text_file *file, const char *path)
{
    char message[REPORT_CAPACITY];

    *file = (struct text_file){stdout, NULL, 0, ATOMIC_FILE_CLOSED};
    if (path == NULL)
        return EXIT_OK;
    file->stream = open_memstream(&file->text, &file->bytes);
    if (file->stream == NULL)
        return report(EXIT_MEMORY, "no memory for the text");
    return report(atomic_file_open(&file->file, path, message, sizeof message), message);
}

int text_file_commit(struct text_file *file)
{
    char message[REPORT_CAPACITY];

    if (file->stream == stdout)
        return EXIT_OK;
    const int lost = ferror(file->stream), unclosed = fclose(file->stream);

    file->stream = NULL;
    if (lost || unclosed)
        return report(EXIT_MEMORY, "no memory for the text");
    int code =
        atomic_file_write(&file->file, file->text, file->bytes, message, sizeof message);
    if (code == EXIT_OK)
        code = atomic_file_commit(&file->file, message, sizeof message);
    return report(code, message);
}

void text_file_abandon(struct text_file *file)
{
    if (file->stream != NULL && file->stream != stdout)
        fclose(file->stream);
    atomic_file_abandon(&file->file);
    free(file->text);
    *file = (struct text_file)TEXT_FILE_CLOSED;
}
