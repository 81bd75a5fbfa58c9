// Package pingpong owns the measurement of a network between two hosts (SCN-4), as
// NetPIPE makes it: messages of growing size over one TCP connection, there and back for
// latency, one after the other for throughput. One host serves, the other measures.
package pingpong

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// The head of a connection: the mode, and the size of a message, 4 bytes big endian. A
// stream ends when the sender closes its half; the answer is the bytes received, 8 bytes.
const (
	modePingPong = 'p'
	modeStream   = 's'
	headSize     = 5
)

// MaxSize is the largest message.
const MaxSize = 1 << 20

// limit bounds one connection: both sides give up what hangs.
const limit = time.Minute

// Serve answers measurements on a listener until ctx ends, which is no error.
func Serve(ctx context.Context, ln net.Listener) error {
	defer context.AfterFunc(ctx, func() { _ = ln.Close() })()
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := ln.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept a measurement: %w", err)
		}
		open.Go(func() {
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			// The measuring side sees an error on its own connection.
			_ = errors.Join(answer(conn), conn.Close())
		})
	}
}

// answer serves one connection.
func answer(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	var head [headSize]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size < 1 || size > MaxSize {
		return fmt.Errorf("a message of %d bytes; 1 to %d are allowed", size, MaxSize)
	}
	message := make([]byte, size)
	switch head[0] {
	case modePingPong:
		for {
			if _, err := io.ReadFull(conn, message); err != nil {
				return err // also the end
			}
			if _, err := conn.Write(message); err != nil {
				return err
			}
		}
	case modeStream:
		n, err := io.CopyBuffer(onlyWriter{io.Discard}, conn, make([]byte, max(size, 64<<10)))
		if err != nil {
			return err
		}
		_, err = conn.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
		return err
	}
	return fmt.Errorf("unknown mode %q", head[0])
}

// onlyWriter hides that a writer can read by itself, in pieces of its own choice.
type onlyWriter struct{ io.Writer }
