package platform

import (
	"context"
	"errors"
	"time"

	"oalab/chaos/upstream"
)

// Fault is what the active rules want for one call or one push.
type Fault struct {
	Latency time.Duration
	Code    Code
	Status  int
	Action  upstream.Action
}

// PathPush is the path by which fault rules match pushes.
const PathPush = "push"

// AcceptRule refuses rules that this mock could not play: they would look like a
// fault that does not bite.
func AcceptRule(r upstream.Rule) error {
	switch {
	case r.Fault != "":
		return errors.New("fault: is a SOAP fault; this mock answers errcode or status")
	case r.Match.Path == PathPush && (r.ErrCode != 0 || r.Status != 0 || r.Action == upstream.ActionDrip):
		return errors.New("a push is not answered by the platform: errcode, status and drip do not apply")
	}
	return nil
}

// Decide asks the rules; a push asks with PathPush.
func (p *Platform) Decide(path, op, account string) Fault {
	d := p.rules.Decide(path, op, account)
	return Fault{Latency: d.Latency, Code: Code(d.ErrCode), Status: d.Status, Action: d.Action}
}

// Wait waits for d and reports false when ctx ended first.
func Wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
