package fairness

// Count is the outcome of an exact check: what was looked at and what was wrong.
type Count struct {
	Checked    int `json:"checked"`    // packets
	Violations int `json:"violations"` // packets that break the rule
	First      int `json:"first"`      // index of the first one, -1 without any
}

// Conservation counts the packets whose shares do not sum to total. An unclaimed
// or lost share shows here, so it is the test for doubles and losses in a database.
func Conservation(splits [][]int, total int) Count {
	return count(splits, func(shares []int) bool {
		sum := 0
		for _, x := range shares {
			sum += x
		}
		return sum == total
	})
}

// Minimum counts the packets with a share below least.
func Minimum(splits [][]int, least int) Count {
	return count(splits, func(shares []int) bool {
		for _, x := range shares {
			if x < least {
				return false
			}
		}
		return true
	})
}

func count(splits [][]int, good func([]int) bool) Count {
	c := Count{Checked: len(splits), First: -1}
	for i, shares := range splits {
		if good(shares) {
			continue
		}
		if c.Violations == 0 {
			c.First = i
		}
		c.Violations++
	}
	return c
}
