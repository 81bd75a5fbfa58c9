package stat

// Indicator is 1 for what is so and 0 for what is not: a sum of them counts.
func Indicator(is bool) int {
	if is {
		return 1
	}
	return 0
}
