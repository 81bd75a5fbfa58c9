package container

import (
	"testing"
	"time"
)

// TestMeter reads what the kernel counts of a host that works, is limited, and talks
// (SCN-5, SCN-7).
func TestMeter(t *testing.T) {
	a, b := pair(t)
	ctx := limit(t, time.Minute)
	m, err := a.Meter(ctx)
	must(t, err)
	read := func() Counters {
		t.Helper()
		c, err := m.Read()
		must(t, err)
		return c
	}
	const work = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
	before := read()
	must(t, a.Run(ctx, "sh", "-c", work))
	worked := read()
	if used := worked.CPUS - before.CPUS; used <= 0 || used > 60 {
		t.Errorf("a host that counted to 100 000 used %g s of processor time", used)
	}
	if worked.Throttled != before.Throttled {
		t.Errorf("a host without limit was throttled %g times", worked.Throttled-before.Throttled)
	}
	must(t, a.LimitCPU(ctx, 0.2))
	must(t, a.Run(ctx, "sh", "-c", work))
	if limited := read(); limited.Throttled <= worked.Throttled || limited.Periods < limited.Throttled {
		t.Errorf("before the limit %+v, after work under it %+v; want it throttled in some of the periods", worked, limited)
	}
	quiet := read()
	must(t, b.Run(ctx, "sh", "-c", "echo > /dev/null"))
	reach(t, a, b.Addr(), true)
	if talked := read(); talked.Sent <= quiet.Sent || talked.Received <= quiet.Received {
		t.Errorf("before it talked %+v, afterwards %+v; want bytes both ways", quiet, talked)
	}
}
