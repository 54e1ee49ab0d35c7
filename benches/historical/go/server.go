package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"historical/go/captioner"
)

// maxHead is the size of a request's head, at most.
const maxHead = 64 << 10

// server answers requests. It is an http.Handler.
type server struct {
	captioner  *captioner.Captioner
	renderer   *renderer
	counts     counts
	isStopping atomic.Bool
}

// connKey is for the connection in the context of its requests.
type connKey struct{}

// httpServer has the limits of what clients may do.
func (s *server) httpServer() *http.Server {
	settings := s.captioner.Settings
	return &http.Server{
		Handler:           s,
		MaxHeaderBytes:    maxHead,
		ReadHeaderTimeout: settings.HeaderTimeout,
		IdleTimeout:       settings.KeepAliveTimeout,
		// net/http has one clock from the end of the head to the end of the answer: for the body, the picture, and
		// the client that reads it.
		WriteTimeout: 2*settings.RequestTimeout + settings.WriteTimeout,
		// ReadTimeout would be over while a picture is drawn, and net/http would take that for a hang-up. So a body has a
		// deadline of its own.
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
	}
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.counts.inFlight.Add(1)
	isCounted := false
	defer func() {
		if !isCounted { // It panics, which net/http survives.
			s.counts.inFlight.Add(-1)
		}
	}()
	if r.Body != http.NoBody {
		s.setReadDeadline(r, time.Now().Add(s.captioner.Settings.RequestTimeout))
	}
	reply := s.reply(w, r)
	defer reply.Close()
	isStopping := s.isStopping.Load()
	// net/http ends the context if the client hangs up, which it notices once it has read the whole request.
	isCounted = true
	if r.Context().Err() != nil {
		s.counts.hangUp()
		panic(http.ErrAbortHandler)
	}
	s.counts.end(reply.Status, isStopping)
	if isStopping {
		reply = reply.closing()
	}
	reply.write(w, r.Method)
}

func (s *server) health() reply {
	if s.isStopping.Load() {
		return jsonReply(http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
	}
	return jsonReply(http.StatusOK, map[string]string{"status": "ok"})
}

func (s *server) caption(r *http.Request) reply {
	job, answer := s.captioner.ReadQuery(r.URL.RawQuery, r.Header.Get("If-None-Match"))
	if answer != nil {
		return reply{Answer: answer}
	}
	return s.draw(r, job)
}

func (s *server) postedCaption(w http.ResponseWriter, r *http.Request) reply {
	settings := s.captioner.Settings
	mime := mimeType(r.Header)
	switch {
	case mime == "image/jpeg" || mime == "image/png" || mime == "image/gif":
		return s.posted(w, r, settings.MaxUpload, func(body []byte) (*captioner.Job, *captioner.Answer) {
			return s.captioner.ReadPicture(r.URL.RawQuery, body)
		})
	case r.URL.RawQuery != "":
		return errorReply(http.StatusBadRequest,
			"POST takes its fields from the JSON body: leave the query string empty, or send a GET").closing()
	case mime == "application/json":
		return s.posted(w, r, settings.MaxBody, s.captioner.ReadJSON)
	default:
		return errorReply(http.StatusUnsupportedMediaType,
			"the body must be JSON, with \"Content-Type: application/json\", or a picture: a JPEG, a PNG or a GIF, "+
				"with \"image/jpeg\", \"image/png\" or \"image/gif\"").closing()
	}
}

// posted reads a body of limit bytes at most, and then what it asks for.
func (s *server) posted(w http.ResponseWriter, r *http.Request, limit int64,
	read func([]byte) (*captioner.Job, *captioner.Answer)) reply {
	body, refusal := readBody(w, r, limit)
	if refusal != nil {
		return *refusal
	}
	// Or a drawing that takes longer would be taken for a hang-up.
	s.setReadDeadline(r, time.Time{})
	job, answer := read(body)
	if answer != nil {
		return reply{Answer: answer}
	}
	return s.draw(r, job)
}

// setReadDeadline gives a body its time, whether it is read or, after an answer that needs none of it, skipped by
// net/http, which sets another deadline for the next request. From Go 1.20 on it would be http.ResponseController's.
func (s *server) setReadDeadline(r *http.Request, deadline time.Time) {
	conn := r.Context().Value(connKey{}).(net.Conn)
	if err := conn.SetReadDeadline(deadline); err != nil {
		log.Printf("cannot limit the time for a body: %v", err)
	}
}

// readBody reads the whole body. One that says that it is too large is refused before a byte of it is read.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *reply) {
	refused := func(status int, format string, arguments ...any) ([]byte, *reply) {
		refusal := errorReply(status, format, arguments...).closing()
		return nil, &refusal
	}
	const tooLarge = "the body is larger than %d bytes"
	if r.ContentLength > limit {
		return refused(http.StatusRequestEntityTooLarge, tooLarge, limit)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var maxBytes *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &maxBytes):
		return refused(http.StatusRequestEntityTooLarge, tooLarge, limit)
	default:
		// Not if it is late: net/http takes that for a hang-up, and sends nothing.
		return refused(http.StatusBadRequest, "the body is not framed as HTTP has it")
	}
}

// draw does a job under the deadline, which is over the wait for a thread, too.
func (s *server) draw(r *http.Request, job *captioner.Job) reply {
	ctx, cancel := context.WithTimeout(r.Context(), s.captioner.Settings.RequestTimeout)
	defer cancel()
	answer, err := s.renderer.draw(ctx, job)
	switch {
	case err == nil:
		return reply{Answer: answer}
	case errors.Is(err, errBusy):
		return errorReply(http.StatusServiceUnavailable, "%v", err).with("Retry-After", "1")
	default:
		// If the client has gone, nobody will read it.
		return errorReply(http.StatusGatewayTimeout, "the picture was not done in time: ask for less, or try again")
	}
}
