//go:build !race

package fairness

const slow = false
