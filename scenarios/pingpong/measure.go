package pingpong

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"oalab/scenarios/history"
)

// batches is how many equal parts each measurement has, for its intervals.
const batches = 5

// Sizes are the messages that are measured: 1 B to 1 MiB, each four times the last.
func Sizes() []int {
	var sizes []int
	for size := 1; size <= MaxSize; size *= 4 {
		sizes = append(sizes, size)
	}
	return sizes
}

// Measure measures with every size, in both modes, each batch for so long. An error says
// with which size it failed; what was measured until then is lost.
func Measure(ctx context.Context, addr string, each time.Duration) ([]history.NetworkBatch, error) {
	var out []history.NetworkBatch
	for _, size := range Sizes() {
		for _, m := range []struct {
			mode byte
			do   func(net.Conn, []byte, time.Duration) (history.NetworkBatch, error)
		}{{modePingPong, exchange}, {modeStream, stream}} {
			for range batches {
				b, err := measure(ctx, addr, m.mode, size, func(conn net.Conn, message []byte) (history.NetworkBatch, error) {
					return m.do(conn, message, each)
				})
				if err != nil {
					return nil, fmt.Errorf("measure the network to %s with messages of %d bytes: %w", addr, size, err)
				}
				b.Size = size
				out = append(out, b)
			}
		}
	}
	return out, nil
}

// measure makes one batch over a connection of its own.
func measure(ctx context.Context, addr string, mode byte, size int, do func(net.Conn, []byte) (history.NetworkBatch, error)) (_ history.NetworkBatch, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return history.NetworkBatch{}, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return history.NetworkBatch{}, err
	}
	head := binary.BigEndian.AppendUint32([]byte{mode}, uint32(size))
	if _, err := conn.Write(head); err != nil {
		return history.NetworkBatch{}, err
	}
	message := make([]byte, size)
	for i := range message {
		message[i] = byte(i)
	}
	return do(conn, message)
}

// exchange sends the message and waits for it, over and over.
func exchange(conn net.Conn, message []byte, each time.Duration) (history.NetworkBatch, error) {
	b := history.NetworkBatch{Mode: history.NetworkPingPong}
	back := make([]byte, len(message))
	one := func() (time.Duration, error) {
		begun := time.Now()
		if _, err := conn.Write(message); err != nil {
			return 0, err
		}
		_, err := io.ReadFull(conn, back)
		return time.Since(begun), err
	}
	if _, err := one(); err != nil { // opens the window
		return b, err
	}
	var took []time.Duration
	begun := time.Now()
	for len(took) == 0 || time.Since(begun) < each {
		d, err := one()
		if err != nil {
			return b, err
		}
		took = append(took, d)
	}
	b.Seconds, b.Messages, b.Received = time.Since(begun).Seconds(), len(took), int64(len(took))*int64(len(message))
	slices.Sort(took)
	half := func(share float64) float64 { return took[int(share*float64(len(took)-1))].Seconds() / 2 }
	b.P50S, b.P99S = half(0.5), half(0.99)
	if !slices.Equal(message, back) {
		return b, errors.New("the message came back changed")
	}
	return b, nil
}

// stream sends messages without waiting, and asks in the end how much came.
func stream(conn net.Conn, message []byte, each time.Duration) (history.NetworkBatch, error) {
	b := history.NetworkBatch{Mode: history.NetworkStream}
	begun := time.Now()
	for b.Messages == 0 || time.Since(begun) < each {
		if _, err := conn.Write(message); err != nil {
			return b, err
		}
		b.Messages++
	}
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		return b, errors.New("the connection has no half to close")
	}
	if err := half.CloseWrite(); err != nil {
		return b, err
	}
	var answer [8]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return b, err
	}
	b.Seconds, b.Received = time.Since(begun).Seconds(), int64(binary.BigEndian.Uint64(answer[:]))
	return b, nil
}
