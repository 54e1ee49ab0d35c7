package main

import (
	"net/http"
	"net/url"
	"strings"

	"historical/go/captioner"
)

const (
	// maxTarget is the size of a request's target, at most.
	maxTarget = 32 << 10

	toRead       = "GET, HEAD, OPTIONS"
	toReadOrPost = "GET, HEAD, POST, OPTIONS"
)

// reply finds the answer. A ServeMux would clean paths and redirect, and takes %2F for a slash.
func (s *server) reply(w http.ResponseWriter, r *http.Request) reply {
	if len(r.RequestURI) > maxTarget {
		return errorReply(http.StatusRequestURITooLong,
			"the URL is longer than %d bytes: POST /caption takes JSON", maxTarget).closing()
	}
	allowed := toRead
	var get func() reply
	switch r.URL.Path {
	case "/caption":
		allowed = toReadOrPost
		get = func() reply { return s.caption(r) }
	case "/templates":
		get = func() reply { return s.draw(r, s.captioner.ListTemplates()) }
	case "/fonts":
		get = func() reply { return s.draw(r, s.captioner.ListFonts()) }
	case "/stats":
		get = func() reply { return jsonReply(http.StatusOK, &s.counts) }
	case "/health":
		get = s.health
	default:
		name, isTemplate := templateName(r.URL)
		if !isTemplate {
			return notFound(r)
		}
		get = func() reply { return s.draw(r, s.captioner.DescribeTemplate(name)) }
	}
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return get()
	case r.Method == http.MethodPost && allowed == toReadOrPost:
		return s.postedCaption(w, r)
	case r.Method == http.MethodOptions:
		// What a browser asks before it lets a page post JSON to another origin.
		return reply{Answer: &captioner.Answer{Status: http.StatusNoContent}}.allowing(allowed)
	default:
		return errorReply(http.StatusMethodNotAllowed,
			"%.20s is not possible here, only %s", r.Method, allowed).allowing(allowed)
	}
}

// templateName is the last part of /templates/{name}.
func templateName(url *url.URL) (name string, ok bool) {
	path := url.EscapedPath()
	escaped := strings.TrimPrefix(path, "/templates/")
	if escaped == path || escaped == "" || strings.Contains(escaped, "/") {
		return "", false
	}
	// Unescaped only now: an escaped slash is part of a name.
	name, err := unescape(escaped)
	return name, err == nil
}

func notFound(r *http.Request) reply {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	return errorReply(http.StatusNotFound, "there is nothing at %.60q: the paths are /caption, /templates, "+
		"/templates/{name}, /fonts, /stats and /health", path)
}

// mimeType takes a missing type for JSON. Parameters do not matter, well formed or not.
func mimeType(header http.Header) string {
	fields := header["Content-Type"]
	if len(fields) == 0 {
		return "application/json"
	}
	contentType, _, _ := strings.Cut(fields[0], ";")
	return strings.ToLower(strings.TrimSpace(contentType))
}

// unescape replaces what is not UTF-8, so that it is a name that nothing has.
func unescape(escaped string) (string, error) {
	text, err := url.PathUnescape(escaped)
	return strings.ToValidUTF8(text, "\uFFFD"), err
}
