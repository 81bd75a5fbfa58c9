// Package packets reads the books of the red packets from each database that has them (SCN-15):
// the sums while the load lasts, and all rows when it is over.
package packets

import (
	"context"
	"errors"
	"time"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/instrument"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology"
)

// Instrument reads the books.
type Instrument struct {
	instrument.Idle
	// AwaitEnd waits after the load until every packet has ended, and all databases say so. It
	// is for packets that end soon.
	AwaitEnd bool
}

// Name implements instrument.Instrument.
func (Instrument) Name() string { return "packets" }

// Needs are the databases.
func (Instrument) Needs() []topology.Need { return []topology.Need{{Power: topology.PowerBooks}} }

const (
	// every is the time between two looks at the books. A look walks over all rows.
	every = 250 * time.Millisecond
	// patience is how long one look may take on a busy machine.
	patience = 5 * time.Second
	// endEvery is the time between two looks whether all packets have ended, and endWithin how
	// long that is waited for: longer than a packet lives, and less than the runner waits.
	endEvery  = 200 * time.Millisecond
	endWithin = 15 * time.Second
)

// Probes read the sums, each in one snapshot.
func (Instrument) Probes(ctx context.Context, a instrument.Arm) ([]probe.Probe, error) {
	books, err := books(a)
	if err != nil {
		return nil, err
	}
	var list []probe.Probe
	for _, b := range books {
		list = append(list, probe.Probe{
			Name: history.ProbeBooks + "." + b.Host(), Every: every, Timeout: chaos.Patient(ctx, patience),
			Read: func(ctx context.Context) ([]probe.Reading, error) {
				sums, err := b.Sums(ctx)
				if err != nil {
					return nil, err
				}
				readings := make([]probe.Reading, 0, len(sums))
				for _, name := range history.BooksSeries() {
					readings = append(readings, probe.Reading{Name: name, Value: float64(sums[name])})
				}
				return readings, nil
			},
		})
	}
	return list, nil
}

func books(a instrument.Arm) ([]topology.PacketBooks, error) {
	power, err := topology.BooksOf(a.System)
	if err != nil {
		return nil, err
	}
	return power.PacketBooks()
}

// After reads all rows. What differs between the databases then is a finding.
func (i Instrument) After(ctx context.Context, a instrument.Arm) error {
	books, err := books(a)
	if err != nil {
		return err
	}
	if i.AwaitEnd {
		awaitEnd(ctx, books)
	}
	var packets []history.PacketRow
	var balances []history.BalanceRow
	for _, b := range books {
		p, s, wrong := b.Rows(ctx)
		packets, balances, err = append(packets, p...), append(balances, s...), errors.Join(err, wrong)
	}
	return errors.Join(err, history.PacketEvidence.Write(a.Out, packets), history.BalanceEvidence.Write(a.Out, balances))
}

// awaitEnd waits until no database has an open packet. Those that are left when the time is over
// are in the rows.
func awaitEnd(ctx context.Context, books []topology.PacketBooks) {
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, endWithin))
	defer cancel()
	tick := time.NewTicker(endEvery)
	defer tick.Stop()
	for {
		left := 0
		for _, b := range books {
			n, err := b.Open(ctx)
			if err != nil {
				n = 1
			}
			left += n
		}
		if left == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
