package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Direction is the way of the bytes that a toxic touches.
type Direction string

// The directions, seen from the client of a link.
const (
	Up   Direction = "upstream"   // client to server: requests
	Down Direction = "downstream" // server to client: answers
)

// Toxic is one disturbance of a link, made by the functions of this package. Its
// zero value is refused by Inject.
type Toxic struct {
	kind       string
	direction  Direction
	attributes map[string]any
	err        error // what is wrong with its figures

	down   bool // no toxic at all: the listener goes
	bounce bool // existing connections must be cut for it to reach them
}

// String is its kind and direction.
func (t Toxic) String() string {
	if t.down {
		return "down"
	}
	return fmt.Sprintf("%s %s", t.kind, t.direction)
}

func (t Toxic) validate() error {
	switch {
	case t.err != nil:
		return fmt.Errorf("%v: %w", t, t.err)
	case t.down:
		return nil
	case t.kind == "":
		return errors.New("an empty toxic; make one by a function of this package")
	case t.direction != Up && t.direction != Down:
		return fmt.Errorf("%v: the direction is neither up nor down", t)
	}
	return nil
}

// body is the toxic in Toxiproxy's own form.
func (t Toxic) body(name string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"name": name, "type": t.kind, "stream": t.direction, "toxicity": 1, "attributes": t.attributes,
	})
}

func newToxic(kind string, d Direction, attributes map[string]any, ok bool, problem string) Toxic {
	t := Toxic{kind: kind, direction: d, attributes: attributes}
	if !ok {
		t.err = errors.New(problem)
	}
	return t
}

// Latency delays every chunk by latency ± jitter, uniformly drawn; the draws
// follow the seed given to Start and the order of connections. Jitter may not
// exceed latency. Chunks keep their order.
func Latency(d Direction, latency, jitter time.Duration) Toxic {
	return newToxic(latencyType, d, map[string]any{"latency_ns": latency, "jitter_ns": jitter},
		latency > 0 && jitter >= 0 && jitter <= latency, "needs latency > 0 and 0 <= jitter <= latency")
}

// Bandwidth lets through so many kB (1000 bytes) a second and connection.
func Bandwidth(d Direction, kBPerS int64) Toxic {
	return newToxic("bandwidth", d, map[string]any{"rate": kBPerS}, kBPerS > 0, "needs a rate > 0 kB/s")
}

// SlowClose lets the end of a connection arrive late. Resolution is 1 ms.
func SlowClose(d Direction, delay time.Duration) Toxic {
	return newToxic("slow_close", d, map[string]any{"delay": delay.Milliseconds()}, delay >= time.Millisecond, "needs a delay of at least 1 ms")
}

// Timeout swallows all bytes and closes the connection after the given time; 0
// keeps it open and silent for as long as the fault lasts (a black hole for
// connections that were accepted). Recovery closes the connections it touched,
// since bytes are missing in them. Resolution is 1 ms.
func Timeout(d Direction, after time.Duration) Toxic {
	return newToxic("timeout", d, map[string]any{"timeout": after.Milliseconds()},
		after == 0 || after >= time.Millisecond, "needs a time of 0 or at least 1 ms")
}

// ResetPeer resets (RST) each connection the given time after its first bytes in
// the direction: Up before the server saw the request, Down after the server did
// its work and before the client hears of it. Existing connections are cut when
// the fault begins and when it ends, the link refusing new ones for that
// millisecond. Resolution is 1 ms.
func ResetPeer(d Direction, after time.Duration) Toxic {
	t := newToxic("reset_peer", d, map[string]any{"timeout": after.Milliseconds()}, after >= 0, "needs a time >= 0")
	t.bounce = true
	return t
}

// Slice cuts the bytes into pieces of the average size ± variation with a pause
// after each. Its variation is not seeded: Toxiproxy draws it.
func Slice(d Direction, average, variation int, pause time.Duration) Toxic {
	return newToxic("slicer", d,
		map[string]any{"average_size": average, "size_variation": variation, "delay": pause.Microseconds()},
		average > 0 && variation >= 0 && variation < average && pause >= 0, "needs average > variation >= 0 and pause >= 0")
}

// LimitData closes each connection after so many bytes.
func LimitData(d Direction, bytes int64) Toxic {
	return newToxic("limit_data", d, map[string]any{"bytes": bytes}, bytes > 0, "needs a limit > 0 bytes")
}

// Cut closes the link: its connections end and new ones are refused.
func Cut() Toxic { return Toxic{down: true} }
