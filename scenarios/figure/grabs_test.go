package figure

import (
	"testing"

	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// TestGrabFigures: figures of red packets follow from answers, rows and snapshots.
func TestGrabFigures(t *testing.T) {
	l := lab.New()
	call := func(event, openID, packet string, at, due float64, status int, reason string, units int64) {
		seq := uint64(len(l.Plan))
		l.Plan = append(l.Plan, history.PlannedOp{Seq: seq, DueS: due, Kind: history.KindGrab, OpenID: openID, Event: event, Key: packet})
		history.GrabEvidence.Set(l.Arm, append(history.GrabEvidence.Of(l.Arm), history.PacketCall{
			Seq: seq, Try: 1, At: lab.At(at), TookS: 0.5, Event: event, OpenID: openID, Packet: packet, Status: status, Reason: reason, Units: units,
		}))
	}
	call(history.PacketSend, "oS", "p0", 0, 0, 200, "", 0)
	call(history.PacketGrab, "oA", "p0", 1, 1, 200, "", 3)
	call(history.PacketGrab, "oB", "p0", 1, 1, 503, "busy", 0)
	call(history.PacketGrab, "oB", "p0", 2, 1, 200, "", 7)
	call(history.PacketGrab, "oC", "p0", 2.5, 2, 409, "sold_out", 0)
	call(history.PacketAgain, "oA", "p0", 4, 4, 200, "", 3)
	call(history.PacketGrab, "oA", "p1", 5, 5, 200, "", 1)
	history.PacketEvidence.Set(l.Arm, []history.PacketRow{{Host: "db", ID: "1", Returns: 1, Returned: 4}, {Host: "db", ID: "2"}})
	for i, v := range []float64{100, 60, 30, 0, 7, 3} {
		l.Samples = append(l.Samples, history.Sample{AtS: 3, Probe: history.ProbeBooks + ".db", Name: history.BooksSeries()[i], Value: v})
	}
	got := map[string]float64{}
	for _, f := range All(l.Arm, nil) {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]float64{
		"packets_sent": 1, "grabbers": 4, "winners": 3, "winners_hot": 2, "shares_doubled": 1, "calls_failed": 1, "grabs_hot_per_s": 1.5,
		"winner_told_p99_s": 1.5, "books_snapshots": 1, "books_missing": 3, "packets_returned": 1, "units_returned": 4,
	} {
		if got[name] != want {
			t.Errorf("%s is %g, want %g", name, got[name], want)
		}
	}
}
