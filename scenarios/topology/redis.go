package topology

import (
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// redisTick is how often the time of the embedded Redis moves on.
const redisTick = 50 * time.Millisecond

// redis is a Redis in the harness's own process. It outlives the server's, as a
// Redis on a host of its own does.
type redis struct {
	*miniredis.Miniredis
	quit, done chan struct{}
}

func startRedis() (*redis, error) {
	r := &redis{Miniredis: miniredis.NewMiniRedis(), quit: make(chan struct{}), done: make(chan struct{})}
	if err := r.Start(); err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	go r.drive()
	return r, nil
}

// drive moves its time on by what has really passed: it expires nothing by itself.
func (r *redis) drive() {
	defer close(r.done)
	ticker := time.NewTicker(redisTick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-r.quit:
			return
		case <-ticker.C:
		}
		now := time.Now()
		r.FastForward(now.Sub(last))
		last = now
	}
}

func (r *redis) stop() {
	close(r.quit)
	<-r.done
	r.Close()
}
