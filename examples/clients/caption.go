// Asks memed for a picture: go run caption.go URL TEMPLATE TEXT FILE
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

// One client for all requests: it keeps connections and uses them again.
var client = &http.Client{Timeout: 30 * time.Second}

// caption returns the bytes of the picture. A 503 is tried again when its Retry-After says.
func caption(url string, request map[string]any) ([]byte, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	for tries := 3; ; tries-- {
		answer, err := client.Post(url+"/caption", "application/json", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		switch {
		case err != nil:
			return nil, err
		case answer.StatusCode == http.StatusOK:
			return content, nil
		case answer.StatusCode == http.StatusServiceUnavailable && tries > 1:
			seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
			if err != nil {
				seconds = 1
			}
			time.Sleep(time.Duration(seconds) * time.Second)
		default:
			// A proxy in between may answer with something else than memed's JSON.
			said := struct{ Error string }{answer.Status}
			_ = json.Unmarshal(content, &said)
			return nil, fmt.Errorf("%d: %s", answer.StatusCode, said.Error)
		}
	}
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: caption URL TEMPLATE TEXT FILE")
		os.Exit(64)
	}
	url, template, text, file := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	picture, err := caption(url, map[string]any{"template": template, "top_text": text})
	if err == nil {
		err = os.WriteFile(file, picture, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "caption.go:", err)
		os.Exit(1)
	}
}
