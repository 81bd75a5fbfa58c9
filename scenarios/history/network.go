package history

// NetworkEvidence is what was measured between two hosts before the load. Only an arm that
// measures it has it (SCN-4).
var NetworkEvidence = declare[NetworkBatch]("network")

// The ways of measuring a network.
const (
	// NetworkPingPong sends a message and waits until it comes back, over and over.
	NetworkPingPong = "ping-pong"
	// NetworkStream sends messages without waiting; the receiver tells at the end how many
	// bytes it got.
	NetworkStream = "stream"
)

// NetworkBatch is one of several equal parts of a measurement with one size of message.
type NetworkBatch struct {
	Mode     string  `json:"mode"`
	Size     int     `json:"size"`     // of a message, bytes
	Messages int     `json:"messages"` // sent; of a ping-pong those that came back
	Received int64   `json:"received"` // bytes that the receiver got
	Seconds  float64 `json:"seconds"`
	// Of a ping-pong half of the time that a message took there and back.
	P50S float64 `json:"p50_s,omitempty"`
	P99S float64 `json:"p99_s,omitempty"`
}
