package figure

// drift adds how many lines of configuration only one of two hosts has that are meant
// to be equal (DIS-1). Where they could not be compared there is no figure.
func (r *reckoning) drift() {
	if d := r.arm.Record.Drift; d != nil && d.Error == "" && d.Compared > 0 {
		r.count("config_drift", len(d.Lines), d.Compared)
	}
}
