package main

import (
	"context"
	"net"
	"sync"
)

// limitedListener accepts no more connections than there may be at a time; others wait in the kernel. It is what
// golang.org/x/net/netutil has, without that module.
type limitedListener struct {
	*net.TCPListener
	places    chan struct{}
	closed    chan struct{}
	closeOnce sync.Once
}

func listen(address string, most int) (*limitedListener, error) {
	// Without TCP's keep-alive probes, which cost three system calls for each connection, and which none of the others has.
	config := net.ListenConfig{KeepAlive: -1}
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	places, closed := make(chan struct{}, most), make(chan struct{})
	return &limitedListener{TCPListener: listener.(*net.TCPListener), places: places, closed: closed}, nil
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.AcceptTCP()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &limitedConn{TCPConn: conn, release: func() { <-l.places }}, nil
}

// Close implements net.Listener.
func (l *limitedListener) Close() error {
	l.closeOnce.Do(func() { close(l.closed) })
	return l.TCPListener.Close()
}

// limitedConn gives its place back when it is closed. It embeds no interface, because net/http uses CloseWrite.
type limitedConn struct {
	*net.TCPConn
	release     func()
	releaseOnce sync.Once
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	err := c.TCPConn.Close()
	c.releaseOnce.Do(c.release)
	return err
}
