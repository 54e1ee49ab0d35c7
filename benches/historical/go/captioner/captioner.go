// Package captioner draws pictures with text on them. It binds captioner.h, which says what each function does.
package captioner

/*
#cgo CFLAGS: -I${SRCDIR}/../../captioner-ffi
#cgo LDFLAGS: -lcaptioner

#include <stdlib.h>
#include "captioner.h"

// Go strings are passed as they are; C.CString would copy them.
static captioner_job *read_query(const captioner *c, _GoString_ query, _GoString_ field, captioner_answer *answer) {
	const char *start = _GoStringLen(field) > 0 ? _GoStringPtr(field) : NULL;
	return captioner_read_query(c, _GoStringPtr(query), _GoStringLen(query), start, _GoStringLen(field), answer);
}

static captioner_job *read_picture(const captioner *c, _GoString_ query, const uint8_t *body, size_t length,
                                   captioner_answer *answer) {
	return captioner_read_picture(c, _GoStringPtr(query), _GoStringLen(query), body, length, answer);
}

static captioner_job *describe_template(_GoString_ name) {
	return captioner_describe_template(_GoStringPtr(name), _GoStringLen(name));
}
*/
import "C"

import (
	"time"
	"unsafe"
)

// Settings are what memed's command line says, as far as a server has to know it.
type Settings struct {
	Address          string
	RenderThreads    int
	Queue            int
	MaxConnections   int
	MaxBody          int64 // bytes of a JSON body
	MaxUpload        int64 // bytes of a client's own picture
	RequestTimeout   time.Duration
	ShutdownTimeout  time.Duration
	HeaderTimeout    time.Duration
	KeepAliveTimeout time.Duration
	WriteTimeout     time.Duration
}

// Refusal is the error of a command line that asks for no server.
type Refusal struct {
	// ExitCode is 0 if the text is the help that was asked for.
	ExitCode int
	Text     string
}

func (r *Refusal) Error() string { return r.Text }

// Captioner has templates, fonts, and pictures that are kept. Any number of goroutines may use it.
type Captioner struct {
	Settings Settings
	c        *C.captioner
}

// Open reads memed's command line, without the name of the program. It fails with a *Refusal.
func Open(arguments []string) (*Captioner, error) {
	// One more than there are: a pointer to the first must exist.
	list := make([]*C.char, len(arguments)+1)
	for i, argument := range arguments {
		list[i] = C.CString(argument)
		defer C.free(unsafe.Pointer(list[i]))
	}
	var (
		settings C.captioner_settings
		exitCode C.int
		text     C.captioner_text
	)
	c := C.captioner_open(&list[0], C.size_t(len(arguments)), &settings, &exitCode, &text)
	if c == nil {
		defer C.captioner_free_text(&text)
		return nil, &Refusal{int(exitCode), C.GoStringN(text.bytes, C.int(text.length))}
	}
	seconds := func(s C.double) time.Duration { return time.Duration(float64(s) * float64(time.Second)) }
	return &Captioner{
		Settings: Settings{
			Address:          C.GoString(settings.address),
			RenderThreads:    int(settings.render_threads),
			Queue:            int(settings.queue),
			MaxConnections:   int(settings.max_connections),
			MaxBody:          int64(settings.max_body),
			MaxUpload:        int64(settings.max_upload),
			RequestTimeout:   seconds(settings.request_timeout),
			ShutdownTimeout:  seconds(settings.shutdown_timeout),
			HeaderTimeout:    seconds(settings.header_timeout),
			KeepAliveTimeout: seconds(settings.keep_alive_timeout),
			WriteTimeout:     seconds(settings.write_timeout),
		},
		c: c,
	}, nil
}

// Answer is a picture, a list, or an error as JSON, in the terms of HTTP.
type Answer struct {
	Status int
	// ContentType is empty for a 304.
	ContentType string
	// ETag is empty if it is no picture of a template.
	ETag string
	// Body is memory of the library, and is gone after Close.
	Body []byte

	c C.captioner_answer
}

// Close frees the body. It does nothing for an answer that the server has made itself.
func (a *Answer) Close() {
	if a.c.owner != nil {
		C.captioner_free_answer(&a.c)
	}
}

func answerOf(c C.captioner_answer) *Answer {
	answer := &Answer{Status: int(c.status), Body: unsafe.Slice((*byte)(c.body), int(c.body_length)), c: c}
	if c.content_type != nil {
		answer.ContentType = C.GoString(c.content_type)
	}
	if c.etag != nil {
		answer.ETag = C.GoString(c.etag)
	}
	return answer
}

// Job is something to draw, or to list.
type Job struct {
	captioner *Captioner
	c         *C.captioner_job
}

// ReadQuery finds out what a query string asks for: a job that is to be drawn; or, without one, an answer, for instance
// a picture that was kept, or a 304 if the If-None-Match field names it.
func (c *Captioner) ReadQuery(query, ifNoneMatch string) (*Job, *Answer) {
	var answer C.captioner_answer
	return c.jobOrAnswer(C.read_query(c.c, query, ifNoneMatch, &answer), &answer)
}

// ReadJSON does the same for a JSON body.
func (c *Captioner) ReadJSON(body []byte) (*Job, *Answer) {
	var answer C.captioner_answer
	return c.jobOrAnswer(C.captioner_read_json(c.c, first(body), C.size_t(len(body)), &answer), &answer)
}

// ReadPicture does the same for a body that is a client's own picture, with its captions in the query string. The job has
// a copy of the body: C must not keep what Go's collector may free.
func (c *Captioner) ReadPicture(query string, body []byte) (*Job, *Answer) {
	var answer C.captioner_answer
	return c.jobOrAnswer(C.read_picture(c.c, query, first(body), C.size_t(len(body)), &answer), &answer)
}

// first points to the first byte; it is nil if there is none.
func first(bytes []byte) *C.uint8_t {
	if len(bytes) == 0 {
		return nil
	}
	return (*C.uint8_t)(&bytes[0])
}

func (c *Captioner) jobOrAnswer(job *C.captioner_job, answer *C.captioner_answer) (*Job, *Answer) {
	if job == nil {
		return nil, answerOf(*answer)
	}
	return &Job{c, job}, nil
}

// ListTemplates is a job.
func (c *Captioner) ListTemplates() *Job { return &Job{c, C.captioner_list_templates()} }

// ListFonts is a job.
func (c *Captioner) ListFonts() *Job { return &Job{c, C.captioner_list_fonts()} }

// DescribeTemplate is a job.
func (c *Captioner) DescribeTemplate(name string) *Job { return &Job{c, C.describe_template(name)} }

// Draw does the job, which takes milliseconds of this thread. It may be called once.
func (j *Job) Draw() *Answer {
	var answer C.captioner_answer
	C.captioner_draw(j.captioner.c, j.c, &answer)
	return answerOf(answer)
}

// Cancel asks the job to stop, while another goroutine draws it or before. Draw then returns within milliseconds.
func (j *Job) Cancel() { C.captioner_cancel(j.c) }

// Close frees the job, which nobody may draw or cancel any more.
func (j *Job) Close() { C.captioner_free_job(j.c) }
