//go:build race

package business_test

// raceDetector: what takes ten times as long under it does less.
const raceDetector = true
