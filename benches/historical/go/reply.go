package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"historical/go/captioner"
)

// Header fields of all answers, and of some. net/http only reads the slices, so all answers share them.
var (
	forAll = http.Header{
		"Access-Control-Allow-Origin":   {"*"},
		"Access-Control-Expose-Headers": {"Allow, ETag, Retry-After"},
		"Cross-Origin-Resource-Policy":  {"cross-origin"},
	}
	cached    = []string{"public, max-age=300"}
	notCached = []string{"no-store"}
)

// reply is an answer of the captioner, or of this server itself.
type reply struct {
	*captioner.Answer
	// fields are those that other replies do not have.
	fields map[string]string
}

// jsonReply ends with a newline, for terminals.
func jsonReply(status int, value any) reply {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // Only maps of strings and numbers come here.
	}
	answer := captioner.Answer{Status: status, ContentType: "application/json", Body: body.Bytes()}
	return reply{Answer: &answer}
}

func errorReply(status int, format string, arguments ...any) reply {
	return jsonReply(status, map[string]string{"error": fmt.Sprintf(format, arguments...)})
}

func (r reply) with(name, value string) reply {
	fields := map[string]string{name: value}
	for name, value := range r.fields {
		fields[name] = value
	}
	r.fields = fields
	return r
}

// closing ends the connection after it, because it is unknown where the next request begins.
func (r reply) closing() reply { return r.with("Connection", "close") }

// allowing names the methods that there are, for clients and for pages of other origins.
func (r reply) allowing(methods string) reply {
	r.fields = map[string]string{
		"Allow":                        methods,
		"Access-Control-Allow-Methods": methods,
		"Access-Control-Allow-Headers": "Content-Type, If-None-Match",
		"Access-Control-Max-Age":       "86400",
	}
	return r
}

// write sends it, without the body if the method is HEAD.
func (r reply) write(w http.ResponseWriter, method string) {
	header := w.Header()
	for name, values := range forAll {
		header[name] = values
	}
	header["Cache-Control"] = notCached
	if r.Status == http.StatusNotModified || r.ETag != "" {
		header["Cache-Control"] = cached
		header.Set("ETag", r.ETag)
	}
	for name, value := range r.fields {
		header.Set(name, value)
	}
	if r.ContentType != "" {
		header.Set("Content-Type", r.ContentType)
		// net/http would know it of short bodies, and not for HEAD.
		header.Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
	w.WriteHeader(r.Status)
	if method != http.MethodHead && len(r.Body) > 0 {
		// It fails if the client has gone.
		_, _ = w.Write(r.Body)
	}
}
