package main

import (
	"context"
	"errors"
	"log"
	"runtime"
	"syscall"

	"historical/go/captioner"
)

// niceness is by how much the threads that draw give way to those that serve, as with the other contestants.
const niceness = 10

var errBusy = errors.New("all render threads are busy and the queue is full: try again in a second")

// renderer limits how many requests draw at a time, and how many more wait.
type renderer struct {
	// places holds one element for each request that draws or waits.
	places chan struct{}
	// drawings is not buffered: a request that waits is a goroutine that sends, and can be given up.
	drawings chan drawing
}

type drawing struct {
	job  *captioner.Job
	done chan<- *captioner.Answer
}

func newRenderer(threads, queue int) *renderer {
	r := &renderer{places: make(chan struct{}, threads+queue), drawings: make(chan drawing)}
	for i := 0; i < threads; i++ {
		go r.work()
	}
	return r
}

// work is the life of a thread that draws. It is locked to its goroutine because its priority is lower; otherwise a
// semaphore would do, and each request would draw in its own goroutine.
func (r *renderer) work() {
	runtime.LockOSThread()
	// On Linux 0 is the calling thread, though POSIX means the process.
	if runtime.GOOS == "linux" {
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness); err != nil {
			log.Printf("cannot lower the priority of a thread: %v", err)
		}
	}
	for d := range r.drawings {
		d.done <- d.job.Draw()
	}
}

// draw does a job and closes it. It returns errBusy at once if nothing more may wait. If the context ends before the job
// does, it returns the context's error, and the job is cancelled: its place is free again only once it has stopped.
func (r *renderer) draw(ctx context.Context, job *captioner.Job) (*captioner.Answer, error) {
	defer job.Close()
	select {
	case r.places <- struct{}{}:
		defer func() { <-r.places }()
	default:
		return nil, errBusy
	}
	done := make(chan *captioner.Answer, 1)
	select {
	case r.drawings <- drawing{job, done}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case answer := <-done:
		return answer, nil
	case <-ctx.Done():
		job.Cancel()
		// Within milliseconds.
		(<-done).Close()
		return nil, ctx.Err()
	}
}
