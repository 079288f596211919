/* Reads words, one on a line, and prints their phonemes: `echo compiler | ./g2p`.
 *
 * `in_c.py` writes this program's `g2p.c`, which is the network, and `tables.h`, its letters and phonemes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "g2p.h"
#include "tables.h"

enum { LONGEST = 4096 };

/* The number of a character that takes one byte; 0 for a byte in the middle of another one. */
static int64_t letter_of(unsigned char byte) {
    if ((byte & 0xc0) == 0x80) return 0;
    for (int64_t i = 0; i < LETTERS; i++)
        if (strlen(letters[i]) == 1 && letters[i][0] == (char)byte) return i;
    return UNKNOWN;
}

int main(int argc, char **argv) {
    const char *weights = argc > 1 ? argv[1] : "g2p.weights";
    g2p *model;
    sc_workspace *ws = calloc(1, sizeof *ws);
    int status = ws ? g2p_open(&model, weights) : g2p_no_memory;
    if (status) {
        fprintf(stderr, "%s: %s\n", weights, g2p_message(status));
        free(ws);
        return 1;
    }
    char line[LONGEST];
    while (!status && fgets(line, sizeof line, stdin)) {
        int64_t numbers[LONGEST];
        sc_tensor word = {0}, found = {0};
        line[strcspn(line, "\r\n")] = 0;
        for (const char *c = line; *c; c++) {
            const int64_t number = letter_of((unsigned char)*c);
            if (number) numbers[word.shape[0]++] = number;
        }
        numbers[word.shape[0]++] = END;
        word.data = numbers;
        word.strides[0] = 1;
        status = g2p_run(model, ws, &word, &found);
        if (status) {
            fprintf(stderr, "%s: %s %s\n", line, g2p_message(status), ws->message);
            break;
        }
        for (int64_t i = 0; i < found.shape[0]; i++)
            printf(i ? " %s" : "%s", phonemes[((const int64_t *)found.data)[i * found.strides[0]]]);
        putchar('\n');
        free(found.allocation);
    }
    g2p_close(model);
    sc_workspace_free(ws);
    free(ws);
    return status != 0;
}
