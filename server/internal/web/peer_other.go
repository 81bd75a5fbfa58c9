//go:build !linux

package web

import (
	"net/http"
	"time"
)

// Peer knows nothing of the connection on this system.
func Peer(*http.Request) (waited time.Duration, gone bool) { return 0, false }
