package lab

// Shift sends the last message later than it was due, with all its tries.
func (l *Lab) Shift(s float64) {
	n := len(l.Operations) - 1
	l.Operations[n].StartS += s
	for i := range l.Deliveries {
		if d := &l.Deliveries[i]; d.Seq == l.Operations[n].Seq {
			d.At = d.At.Add(At(s).Sub(At(0)))
		}
	}
}
