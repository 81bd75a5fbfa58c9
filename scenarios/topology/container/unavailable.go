package container

// remedyStart is what helps when no daemon answers.
const remedyStart = "install Docker and start it (Debian: apt-get install docker.io), make sure that this user may use its socket " +
	"(group docker) or set DOCKER_HOST; oalab doctor shows what this machine can run"

// UnavailableError is the answer where containers cannot run: no Docker, one that
// is too old, or one whose networks cannot be reached from this process.
type UnavailableError struct {
	Err    error
	Remedy string // what to do about it, as a sentence without a full stop
}

// Error says both.
func (e *UnavailableError) Error() string {
	return "containers cannot run here: " + e.Err.Error() + ". Remedy: " + e.Remedy
}

// Unwrap is the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }
