/*
 * Draws pictures with text on them: the captioner of memed, for programs in other languages.
 *
 * It has no thread, no socket and no queue of its own. A request is read, which takes microseconds and may be done on
 * any thread, and gives either an answer or a job; a job is drawn, which takes milliseconds, on a thread that may block.
 *
 * Who frees what. Every pointer that a function returns, and every answer or text that it fills, belongs to the caller,
 * who gives it back exactly once: captioner_close, captioner_free_job, captioner_free_answer, captioner_free_text.
 * What the caller passes in is borrowed until the function returns: what a job needs of it, it has copied. Only
 * out-parameters and what is said to be NULL may be NULL. Bytes that go with a length need not end in NUL, and may be
 * NULL if the length is 0.
 *
 * Threads. A captioner may be used by any number of threads at once. A job belongs to one thread at a time, but for
 * captioner_cancel, which any thread may call while another one draws it. Answers and texts are plain memory.
 *
 * A panic in Rust ends no thread and no process: it is an answer with status 500.
 */
#ifndef CAPTIONER_H
#define CAPTIONER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Templates, fonts, and pictures that are kept. */
typedef struct captioner captioner;

/* Something to draw, or to list. */
typedef struct captioner_job captioner_job;

/* Text in UTF-8. */
typedef struct captioner_text {
    const char *bytes;
    size_t length;
} captioner_text;

/* What memed's command line says, as far as a server has to know it. Times are in seconds. */
typedef struct captioner_settings {
    const char *address; /* "127.0.0.1:1337", "[::]:8080"; ends in NUL; lives as long as the captioner */
    size_t render_threads;
    size_t queue; /* requests that may wait for one of these threads */
    size_t max_connections;
    size_t max_body;   /* bytes of a JSON body */
    size_t max_upload; /* bytes of a client's own picture */
    double request_timeout; /* for a body, and then for a picture */
    double shutdown_timeout;
    double header_timeout;
    double keep_alive_timeout;
    double write_timeout;
} captioner_settings;

/* An answer, in the terms of HTTP: a picture, a list, or an error as JSON. */
typedef struct captioner_answer {
    uint16_t status;
    const char *content_type; /* ends in NUL; NULL for a 304 */
    const char *etag;         /* ends in NUL, with its quotes; NULL if it is no picture of a template */
    const uint8_t *body;      /* NULL if it is empty */
    size_t body_length;
    void *owner; /* of the three above */
} captioner_answer;

/*
 * Reads memed's command line (without the name of the program), and opens a captioner with it, which fills settings.
 *
 * Without one, it fills text, and returns NULL: with exit_code 0 it is the help that was asked for, for standard
 * output; otherwise it is a line for each mistake, for standard error.
 */
captioner *captioner_open(const char *const *arguments, size_t count, captioner_settings *settings, int *exit_code,
                          captioner_text *text);

/* Not before all its jobs have been freed. */
void captioner_close(captioner *);

/*
 * What a query string asks for. A job that is to be drawn; or NULL, and the answer is filled: 200 with a picture that
 * was kept, 304 if the If-None-Match field (NULL if there is none) names it, 400 or 404.
 */
captioner_job *captioner_read_query(const captioner *, const char *query, size_t query_length, const char *if_none_match,
                                    size_t if_none_match_length, captioner_answer *);

/* The same for a JSON body. */
captioner_job *captioner_read_json(const captioner *, const uint8_t *body, size_t length, captioner_answer *);

/*
 * The same for a body that is a client's own picture: a JPEG, a PNG or a GIF, whose captions are in the query string. The
 * job has a copy of the body, which the caller may free at once. The picture has no ETag and is never kept. The answer is
 * 400 or 415 if the body is none; that it is damaged or has too many pixels is found out when the job is drawn.
 */
captioner_job *captioner_read_picture(const captioner *, const char *query, size_t query_length, const uint8_t *body,
                                      size_t length, captioner_answer *);

/* Jobs with lists for answers. Never NULL. */
captioner_job *captioner_list_templates(void);
captioner_job *captioner_list_fonts(void);
captioner_job *captioner_describe_template(const char *name, size_t length);

/*
 * Does the job, and fills the answer. A job that is cancelled, before or meanwhile, ends within milliseconds, with
 * an answer that nobody waits for. To be called once for each job: the answer is a 500 the second time.
 */
void captioner_draw(const captioner *, captioner_job *, captioner_answer *);

/* Asks a job to stop. Any thread may, at any time before captioner_free_job, and any number of times. */
void captioner_cancel(const captioner_job *);

/* Not while another thread draws or cancels it. NULL is allowed, and does nothing. */
void captioner_free_job(captioner_job *);

/* Frees what an answer points to, and empties it: again, it does nothing. */
void captioner_free_answer(captioner_answer *);

/* The same for a text. */
void captioner_free_text(captioner_text *);

#ifdef __cplusplus
}
#endif

#endif
