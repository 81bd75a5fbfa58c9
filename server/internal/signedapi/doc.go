// Package signedapi owns the signatures by which other systems, and servers of this one, show
// that a request is theirs (SEC-1), and judges them. Package signing owns their form.
//
// A request counts within five minutes of its timestamp, and once: its nonce is remembered for
// as long. An app may have two secrets while one takes the other's place.
package signedapi
