package main

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
)

// counts are behind /stats: since the start, but for inFlight.
type counts struct {
	answered, refused, timedOut, hungUp, inFlight atomic.Int64
}

// end counts a request that has its answer, or as a hang-up one that needs none any more.
func (c *counts) end(status int, isStopping bool) {
	switch {
	// The other 503 is that of /health.
	case status == http.StatusServiceUnavailable && !isStopping:
		c.refused.Add(1)
	case status == http.StatusGatewayTimeout:
		c.timedOut.Add(1)
	}
	c.answered.Add(1)
	c.inFlight.Add(-1)
}

func (c *counts) hangUp() {
	c.hungUp.Add(1)
	c.inFlight.Add(-1)
}

// MarshalJSON implements json.Marshaler.
func (c *counts) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]int64{
		"answered":  c.answered.Load(),
		"refused":   c.refused.Load(),
		"timed_out": c.timedOut.Load(),
		"hung_up":   c.hungUp.Load(),
		"in_flight": c.inFlight.Load(),
	})
}
