package figure

// measurement is what an instrument's evidence yields: the rows of its figures, and what enters
// them. Without its evidence it enters none.
type measurement struct {
	rows  []Row
	enter func(*reckoning)
}

// measurements are all, in the order of the figures in run.json.
func measurements() []measurement {
	return []measurement{
		{usageRows, (*reckoning).usage},
		{networkRows, (*reckoning).network},
		{loginRows, (*reckoning).logins},
		{grabRows, (*reckoning).grabs},
		{tokenRows, (*reckoning).tokenReads},
	}
}
