package upstream

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
)

// MaxLatency caps every latency, so that a mock is never blocked for good.
const MaxLatency = 10 * time.Minute

// maxFileLines bounds the memory that a latency file may take.
const maxFileLines = 100_000

// The distributions of a latency.
const (
	DistConstant  = "constant"  // median_s
	DistLogNormal = "lognormal" // median_s, sigma
	DistFile      = "file"      // drawn from the lines of a file, seconds each
)

// Latency is how long a mock waits before it does what it was asked.
type Latency struct {
	Dist    string  `json:"dist"`
	MedianS float64 `json:"median_s,omitempty"` // seconds
	// Sigma is the standard deviation of the logarithm; the 99th percentile is
	// the median times exp(2.33 sigma).
	Sigma float64 `json:"sigma,omitempty"`
	// File is a path on the mock's host, read when the rule is set.
	File string `json:"file,omitempty"`
}

func (l Latency) check() error {
	switch l.Dist {
	case DistConstant, DistLogNormal:
		if l.MedianS == 0 || !upTo(l.MedianS, MaxLatency.Seconds()) {
			return fmt.Errorf("median_s: %v is not above 0 and at most %v seconds", l.MedianS, MaxLatency.Seconds())
		}
		if l.Dist == DistConstant && l.Sigma != 0 {
			return errors.New("sigma: a constant latency has none")
		}
		if !upTo(l.Sigma, 5) {
			return fmt.Errorf("sigma: %v is not between 0 and 5", l.Sigma)
		}
		if l.File != "" {
			return fmt.Errorf("file: goes with dist %q only", DistFile)
		}
	case DistFile:
		if l.File == "" {
			return errors.New("file: is missing")
		}
		if l.MedianS != 0 || l.Sigma != 0 {
			return errors.New("median_s: a latency from a file has neither median_s nor sigma")
		}
	default:
		return fmt.Errorf("dist: %q is none of %s, %s, %s", l.Dist, DistConstant, DistLogNormal, DistFile)
	}
	return nil
}

// draw returns one latency; samples are those of the file.
func (l Latency) draw(rng *rand.Rand, samples []float64) time.Duration {
	s := l.MedianS
	switch l.Dist {
	case DistLogNormal:
		s *= math.Exp(l.Sigma * rng.NormFloat64())
	case DistFile:
		s = samples[rng.IntN(len(samples))]
	}
	return min(time.Duration(s*float64(time.Second)), MaxLatency)
}

// readSamples reads seconds, one a line; empty lines and those that start with
// # are left out. The error names every line that is none, in one line.
func readSamples(path string) ([]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var samples []float64
	var wrong []string
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		s, err := strconv.ParseFloat(text, 64)
		if err != nil || !upTo(s, MaxLatency.Seconds()) {
			wrong = append(wrong, strconv.Itoa(n))
			continue
		}
		if len(samples) == maxFileLines {
			return nil, fmt.Errorf("%s: more than %d latencies", path, maxFileLines)
		}
		samples = append(samples, s)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("%s line %s: not a number of seconds from 0 to %v", path, strings.Join(wrong, ", "), MaxLatency.Seconds())
	}
	if len(samples) == 0 {
		return nil, fmt.Errorf("%s: no latency in it", path)
	}
	return samples, nil
}
