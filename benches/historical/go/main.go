// Command go-server is the same service as memed, in Go: net/http with a goroutine for each connection, and threads that
// draw with the captioner of the other contestants, called through cgo.
//
// The files: server.go answers requests, render.go draws, listener.go limits connections; routes.go, reply.go and
// counts.go are what the files of these names in src/carried are for the contestants in Rust.
//
// Facts that come with net/http:
//   - A head that is late, malformed or too large is answered by net/http itself: with nothing, or with plain text.
//   - At the end a new connection that has sent nothing is waited for, up to five seconds, and the end is noticed by
//     polling, at intervals of up to half a second.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"historical/go/captioner"
)

// lastCall is how long the server goes on accepting requests after a signal to stop, for requests that are already on
// their way.
const lastCall = 100 * time.Millisecond

func main() {
	log.SetFlags(0)
	c, err := captioner.Open(os.Args[1:])
	var refusal *captioner.Refusal
	if errors.As(err, &refusal) {
		if refusal.ExitCode == 0 {
			fmt.Print(refusal.Text)
		} else {
			fmt.Fprint(os.Stderr, refusal.Text)
		}
		os.Exit(refusal.ExitCode)
	}
	if err := serve(c); err != nil {
		log.Fatal(err)
	}
}

// serve serves until SIGINT or SIGTERM, then finishes what is in flight.
func serve(c *captioner.Captioner) error {
	settings := c.Settings
	listener, err := listen(settings.Address, settings.MaxConnections)
	if err != nil {
		return err
	}
	signalled, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &server{captioner: c, renderer: newRenderer(settings.RenderThreads, settings.Queue)}
	httpServer := s.httpServer()
	log.Printf("listening on http://%v", listener.Addr())

	failed := make(chan error, 1)
	go func() { failed <- httpServer.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-signalled.Done():
	}
	// Meanwhile all goes on, but each answer is the last one of its connection.
	s.isStopping.Store(true)
	time.Sleep(lastCall)
	ctx, cancel := context.WithTimeout(context.Background(), settings.ShutdownTimeout)
	defer cancel()
	err = httpServer.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		log.Print("some requests were not finished in time and were cut off")
		return nil
	}
	return err
}
