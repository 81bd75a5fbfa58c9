package callback

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// leaveHeader gives a try leave to be answered by what this server keeps in memory although
// it may be too old (STO-7). A load balancer sets it when every server that it asked before
// could not serve: then none of them reaches the database, and a keyword answer of some
// seconds ago is better than a silent account. Of itself a server never takes that leave:
// one that is cut off alone must not answer what others have changed.
const leaveHeader = "X-Stale-Leave"

// possibleHeader stands with a 503 that leave would have made an answer. Without it a load
// balancer does not ask again: a server that cannot serve for another reason would only get
// more to do.
const possibleHeader = "X-Stale-Possible"

// errStale: what this server keeps may be too old to answer by.
var errStale = errors.New("no answer by what may be too old")

// staleHeader marks an answer that was made from memory under such a leave.
const staleHeader = "X-Stale"

// staleWait is how long a try with leave waits for the database: those before it have
// waited already.
const staleWait = 200 * time.Millisecond

// mayBeStale reports whether the try has leave.
func mayBeStale(r *http.Request) bool { return r.Header.Get(leaveHeader) != "" }

// stale reports whether a message has to be answered by what may be too old. Without leave
// that is an error, and it comes while the try can still say so: a database may be silent for
// longer than the budget.
func (h *Handler) stale(ctx context.Context, leave bool) (bool, error) {
	wait := h.cfg.Budget / 2
	if leave {
		wait = staleWait
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	err := h.cfg.Current(ctx)
	switch {
	case err == nil:
		return false, nil
	case leave:
		return true, nil
	default:
		return false, fmt.Errorf("%w: %w", errStale, err)
	}
}
