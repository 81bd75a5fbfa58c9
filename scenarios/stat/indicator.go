package stat

// Indicator is 1 for true and 0 for false. A sum of indicators is a count.
func Indicator(is bool) int {
	if is {
		return 1
	}
	return 0
}
