package web

import (
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// States of a TCP connection, as the kernel numbers them.
const (
	tcpEstablished = 1
	tcpLast        = 12
)

// mostWaited is more than any request waits for its turn; what the kernel says beyond it is
// not believed.
const mostWaited = 30 * time.Second

// Peer says of the connection that a request came by how long ago its last bytes arrived at
// this host, and whether its sender has closed it. Both are the kernel's word: a server
// that has no time to read a request does not know of either. Of a request without a TCP
// connection it says 0 and false.
func Peer(r *http.Request) (waited time.Duration, gone bool) {
	c := connectionOf(r)
	if c == nil {
		return 0, false
	}
	conn, ok := c.Conn.(*net.TCPConn)
	if !ok {
		return 0, false
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, false
	}
	return kernelsWord(raw)
}

func kernelsWord(raw syscall.RawConn) (waited time.Duration, gone bool) {
	var info *unix.TCPInfo
	var asking error
	err := raw.Control(func(fd uintptr) {
		info, asking = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	})
	if err != nil {
		return 0, true // this side has closed it
	}
	if asking != nil || info.State < tcpEstablished || info.State > tcpLast {
		return 0, false
	}
	waited = time.Duration(info.Last_data_recv) * time.Millisecond
	if waited > mostWaited {
		waited = 0
	}
	return waited, info.State != tcpEstablished
}
