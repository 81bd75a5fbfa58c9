package cache

import (
	"net"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// tick is how often the time of the embedded instance moves on: it does not
// expire keys by itself.
const tick = 50 * time.Millisecond

// embedded is a Redis in this process, without a socket.
type embedded struct {
	redis *miniredis.Miniredis
	quit  chan struct{}
	done  chan struct{}
}

func newEmbedded() *embedded {
	e := &embedded{redis: miniredis.NewMiniRedis(), quit: make(chan struct{}), done: make(chan struct{})}
	go e.drive()
	return e
}

func (e *embedded) dial() (net.Conn, error) { return e.redis.Dial() }

// drive moves the instance's time on by what has really passed.
func (e *embedded) drive() {
	defer close(e.done)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-e.quit:
			return
		case <-ticker.C:
		}
		now := time.Now()
		e.redis.FastForward(now.Sub(last))
		last = now
	}
}

func (e *embedded) close() {
	close(e.quit)
	<-e.done
	e.redis.Close()
}
