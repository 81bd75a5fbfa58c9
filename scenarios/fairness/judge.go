package fairness

// judge gives the verdicts of all findings of one examination: it corrects both
// families of tests by Holm and states what each test could see at the level that
// the strictest step of the correction leaves it. alpha is the level of the accusations. The sheets
// are judged together.
func judge(sheets []*sheet, alpha float64) {
	type entry struct {
		f       *Finding
		against bool
	}
	var accused, equal []entry
	var accusedP, equalP []float64
	for _, s := range sheets {
		for i := range s.findings {
			f := &s.findings[i]
			switch {
			case f.P == nil:
			case f.AgainstP != nil:
				equal, equalP = append(equal, entry{f: f}), append(equalP, *f.P)
				accused, accusedP = append(accused, entry{f: f, against: true}), append(accusedP, *f.AgainstP)
			default:
				accused, accusedP = append(accused, entry{f: f}), append(accusedP, *f.P)
			}
		}
	}
	for i, p := range Holm(equalP) {
		equal[i].f.HolmP = &p
	}
	for i, p := range Holm(accusedP) {
		if accused[i].against {
			accused[i].f.AgainstHolmP = &p
		} else {
			accused[i].f.HolmP = &p
		}
	}
	level := alpha / float64(max(1, len(accused)))
	for _, s := range sheets {
		for i := range s.findings {
			f := &s.findings[i]
			if f.AgainstP != nil {
				f.Sees = s.sees[i](Beta / float64(len(equal)))
			} else {
				f.Sees = s.sees[i](level)
			}
			f.decide(alpha)
		}
	}
}

// decide turns corrected p-values into a verdict; exact counts have theirs.
func (f *Finding) decide(alpha float64) {
	switch {
	case f.P == nil:
	case f.AgainstP != nil && *f.AgainstHolmP <= alpha:
		f.Verdict = Convicted
	case f.AgainstP != nil && *f.HolmP <= Beta:
		f.Verdict = Acquitted
	case f.AgainstP != nil:
		f.Verdict = NotProven
	case *f.HolmP <= alpha:
		f.Verdict = Convicted
	default:
		f.Verdict = Acquitted
	}
}
