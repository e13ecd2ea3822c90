package server

import (
	"net"
	"sync"
)

// bounded takes no more connections than it has room for. (netutil.LimitListener does as well, but its
// connections cannot be closed for writing alone, and net/http then resets them where it would rather explain.)
type bounded struct {
	net.Listener
	room   chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newBounded(l net.Listener, most int) *bounded {
	return &bounded{Listener: l, room: make(chan struct{}, most), closed: make(chan struct{})}
}

// Accept waits until there is room, and then for a connection.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.room <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	conn, err := b.Listener.Accept()
	if err != nil {
		<-b.room
		return nil, err
	}
	return &guest{Conn: conn, leave: sync.OnceFunc(func() { <-b.room })}, nil
}

// Close implements net.Listener.
func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// guest is a connection that makes room when it ends.
type guest struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (g *guest) Close() error {
	defer g.leave()
	return g.Conn.Close()
}

// CloseWrite says that nothing more will come, and lets the other side finish reading.
func (g *guest) CloseWrite() error {
	if tcp, ok := g.Conn.(*net.TCPConn); ok {
		return tcp.CloseWrite()
	}
	return nil
}
