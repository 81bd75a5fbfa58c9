package job

import "time"

// Patience is how long a job that is so old waits for what others have to mend, such as a
// platform that is away: an eighth of its age, 200 ms at least and 5 s at most.
func Patience(age time.Duration) time.Duration {
	return min(max(age/8, 200*time.Millisecond), 5*time.Second)
}
