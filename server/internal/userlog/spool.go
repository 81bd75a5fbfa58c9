package userlog

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errSpoolFull   = errors.New("the spool has reached its limit")
	errSpoolStuck  = errors.New("the disk of the spool does not keep up")
	errSpoolClosed = errors.New("the spool is closed")
)

// segment is one file of the spool, locked by this process.
type segment struct {
	path string
	file *os.File
	size int64
}

func (s *segment) close() { _ = s.file.Close() } // what counted was synced before

// spool keeps messages in local files while the database does not take them. All
// that waits while a file is being synced shares the next sync. A segment is
// appended to until it is to be replayed, and removed after that.
type spool struct {
	dir   string
	limit int64
	bytes atomic.Int64

	mu       sync.Mutex
	waiting  *flush // what the next sync covers; nil for nothing
	flushing bool
	rotate   bool // the current segment is wanted for replay, as soon as it is synced
	closed   bool
	flushes  sync.WaitGroup
	current  *segment   // appended to; nil when there is none
	sealed   []*segment // to be replayed, the oldest first
}

// flush is one write and one sync. done is closed when err is set.
type flush struct {
	lines []byte
	done  chan struct{}
	err   error
}

// openSpool makes the folder and takes over what dead processes left in it.
func openSpool(dir string, limit int64) (*spool, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of the spool: %w", err)
	}
	s := &spool{dir: dir, limit: limit}
	return s, s.adopt()
}

// adopt takes the segments over that no living process has.
func (s *spool) adopt() error {
	paths, err := filepath.Glob(filepath.Join(s.dir, "*.jsonl"))
	if err != nil {
		return fmt.Errorf("look into the spool: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			continue // another process has just replayed it
		}
		seg := &segment{path: path, file: f}
		info, err := f.Stat()
		if err != nil || !lock(f) || !seg.linked() {
			seg.close()
			continue
		}
		seg.size = info.Size()
		s.bytes.Add(seg.size)
		s.sealed = append(s.sealed, seg)
	}
	slices.SortFunc(s.sealed, func(a, b *segment) int {
		if a.path < b.path {
			return -1
		}
		return 1
	})
	return nil
}

// linked reports whether the file still has its name: another process may have
// removed it between the opening and the lock.
func (s *segment) linked() bool {
	own, err := s.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(s.path)
	return err == nil && os.SameFile(own, named)
}

// maxWaiting bounds the lines that wait in memory for a sync, in bytes.
const maxWaiting = 8 << 20

// add gives lines to the next sync, and returns what will tell of it.
func (s *spool) add(lines []byte) *flush {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refused error
	switch {
	case s.closed:
		refused = errSpoolClosed
	case s.bytes.Load()+int64(len(lines)) > s.limit:
		refused = errSpoolFull
	case s.waiting != nil && len(s.waiting.lines) > maxWaiting:
		refused = errSpoolStuck
	}
	if refused != nil {
		f := &flush{done: make(chan struct{}), err: refused}
		close(f.done)
		return f
	}
	if s.waiting == nil {
		s.waiting = &flush{done: make(chan struct{})}
	}
	f := s.waiting
	f.lines = append(f.lines, lines...)
	if !s.flushing {
		s.flushing = true
		s.flushes.Go(s.flush)
	}
	return f
}

// flush writes and syncs until nothing waits.
func (s *spool) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.waiting != nil {
		f := s.waiting
		s.waiting = nil
		seg, err := s.segment()
		if err == nil {
			s.mu.Unlock()
			n, failed := seg.file.Write(f.lines)
			err = errors.Join(failed, seg.file.Sync())
			s.mu.Lock()
			seg.size += int64(n)
			s.bytes.Add(int64(n))
			if err != nil || s.rotate { // after an error its end may be torn: nothing more behind that
				s.seal()
			}
		}
		f.err = err
		close(f.done)
	}
	s.flushing = false
}

// segment is the one to append to.
func (s *spool) segment() (*segment, error) {
	if s.current != nil {
		return s.current, nil
	}
	path := filepath.Join(s.dir, fmt.Sprintf("%020d-%s.jsonl", time.Now().UnixNano(), rand.Text()[:8]))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("make a file of the spool: %w", err)
	}
	seg := &segment{path: path, file: f}
	if !lock(f) || !seg.linked() {
		seg.close()
		return nil, fmt.Errorf("a new file of the spool is taken over by another process: %s", path)
	}
	if err := syncFolder(s.dir); err != nil {
		seg.close()
		return nil, errors.Join(err, os.Remove(path))
	}
	s.current = seg
	return seg, nil
}

// syncFolder makes the names in a folder outlive a loss of power.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open the folder of the spool: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync the folder of the spool: %w", err)
	}
	return nil
}

func (s *spool) seal() {
	s.rotate = false
	s.sealed = append(s.sealed, s.current)
	s.current = nil
}

// oldest is the segment to replay next; nil when nothing is spooled, or what is has
// still to be synced. While the database is away it is the same one at each call, so
// that files do not pile up.
func (s *spool) oldest() *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sealed) == 0 && s.current != nil {
		if s.flushing {
			s.rotate = true // and the next call finds it
		} else {
			s.seal()
		}
	}
	if len(s.sealed) == 0 {
		return nil
	}
	return s.sealed[0]
}

// read calls visit for the messages of a segment, from its beginning.
func (*spool) read(seg *segment, visit func(Message) error) (bad int, err error) {
	return readLines(io.NewSectionReader(seg.file, 0, seg.size), visit)
}

// remove forgets a segment that was replayed.
func (s *spool) remove(seg *segment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sealed = slices.DeleteFunc(s.sealed, func(o *segment) bool { return o == seg })
	s.bytes.Add(-seg.size)
	err := os.Remove(seg.path) // before the lock ends
	seg.close()
	if err != nil {
		return fmt.Errorf("remove a file of the spool: %w", err)
	}
	return nil
}

// close ends the spool after the syncs under way. What it holds stays on disk.
func (s *spool) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.flushes.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range append(s.sealed, s.current) {
		if seg != nil {
			seg.close()
		}
	}
	s.sealed, s.current = nil, nil
}
