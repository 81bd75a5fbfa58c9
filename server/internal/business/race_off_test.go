//go:build !race

package business_test

const raceDetector = false
