package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"oalab/server/internal/filestore"
	"oalab/server/internal/job"
	"oalab/server/internal/media"
	"oalab/server/internal/message"
	"oalab/server/internal/wechatapi"
	"oalab/server/wechat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// picture is a PNG.
func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// memory is a store of both kinds.
type memory struct {
	mu       sync.Mutex
	files    map[string]media.File // by account and name
	received map[string]media.Received
	bytes    map[string][]byte
	full     bool
}

func newMemory() *memory {
	return &memory{files: map[string]media.File{}, received: map[string]media.Received{}, bytes: map[string][]byte{}}
}

func (m *memory) Clock(context.Context) (time.Time, error) { return time.Now(), nil }

func (m *memory) Files(context.Context) ([]media.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.files)), nil
}

func (m *memory) SaveFile(_ context.Context, f media.File) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.files[f.Account+" "+f.Name]
	if before.Kind == f.Kind {
		f.MediaID, f.Ends, f.PastID, f.PastEnds, f.Changed = before.MediaID, before.Ends, before.PastID, before.PastEnds, before.Changed
	}
	m.files[f.Account+" "+f.Name] = f
	return before.Key, nil
}

// change changes a file where its due time is as it was.
func (m *memory) change(f media.File, to func(*media.File)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, found := m.files[f.Account+" "+f.Name]
	if !found || !now.Due.Equal(f.Due) {
		return false
	}
	to(&now)
	m.files[f.Account+" "+f.Name] = now
	return true
}

func (m *memory) Drop(_ context.Context, account, name string, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, found := m.files[account+" "+name]
	if !found || f.Dropped {
		return media.ErrUnknown
	}
	f.PastID, f.PastEnds, f.MediaID, f.Ends, f.Changed, f.Due, f.Dropped = f.MediaID, f.Ends, "", time.Time{}, now, now, true
	m.files[account+" "+name] = f
	return nil
}

func (m *memory) Due(_ context.Context, now time.Time, limit int) (due []media.File, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.files {
		if !f.Due.After(now) && len(due) < limit {
			due = append(due, f)
		}
	}
	return due, nil
}

func (m *memory) Unusable(_ context.Context, now time.Time) (n int, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.files {
		if !f.Dropped && !f.Ends.After(now) {
			n++
		}
	}
	return n, nil
}

func (m *memory) Hold(_ context.Context, f media.File, until time.Time) (bool, error) {
	return m.change(f, func(now *media.File) { now.Due = until }), nil
}

func (m *memory) Uploaded(_ context.Context, held media.File, id string, now, ends, next time.Time) (bool, error) {
	return m.change(held, func(f *media.File) {
		f.PastID, f.PastEnds, f.MediaID, f.Ends, f.Changed, f.Due, f.Failures, f.Trouble = f.MediaID, f.Ends, id, ends, now, next, 0, ""
	}), nil
}

func (m *memory) Failed(_ context.Context, held media.File, next time.Time, why string) error {
	m.change(held, func(f *media.File) { f.Due, f.Trouble = next, why; f.Failures++ })
	return nil
}

func (m *memory) Remove(_ context.Context, held media.File) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, held.Account+" "+held.Name)
	return nil
}

func (m *memory) Note(_ context.Context, r media.Received, _ job.Envelope) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.received[r.Key] = r
	return nil
}

func (m *memory) Received(_ context.Context, _, key string) (media.Received, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, found := m.received[key]
	if !found {
		return r, media.ErrUnknown
	}
	return r, nil
}

func (m *memory) Settle(ctx context.Context, r media.Received) error {
	return m.Note(ctx, r, job.Envelope{})
}

func (m *memory) OldReceived(_ context.Context, before time.Time, _ int) (old []media.Received, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.received {
		if r.Sent.Before(before) {
			old = append(old, r)
		}
	}
	return old, nil
}

func (m *memory) Forget(_ context.Context, list []media.Received) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range list {
		delete(m.received, r.Key)
	}
	return nil
}

func (m *memory) Put(_ context.Context, key string, content []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full {
		return filestore.ErrFull
	}
	m.bytes[key] = content
	return filestore.CheckFile(key, content)
}

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	content, found := m.bytes[key]
	if !found {
		return nil, filestore.ErrNotFound
	}
	return content, nil
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.bytes, key)
	return nil
}

func (m *memory) Check(context.Context) error { return nil }

// file is the one that the tests keep under this name.
func (m *memory) file() media.File {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files["demo f"]
}

// platform knows what it was given for three days.
type platform struct {
	mu      sync.Mutex
	uploads []time.Time
	names   []string
	err     error
	slow    time.Duration
	fetched []byte
}

func (p *platform) UploadMedia(ctx context.Context, _, kind, fileName string, _ []byte) (string, error) {
	p.mu.Lock()
	if p.err != nil {
		defer p.mu.Unlock()
		return "", p.err
	}
	p.uploads, p.names = append(p.uploads, time.Now()), append(p.names, kind+" "+fileName)
	id := fmt.Sprint("M", len(p.uploads))
	p.mu.Unlock()
	time.Sleep(p.slow)
	return id, ctx.Err()
}

func (p *platform) FetchMedia(context.Context, string, string, int) ([]byte, error) {
	return p.fetched, p.err
}

// fails sets what the platform answers from now on.
func (p *platform) fails(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *platform) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.uploads)
}

func service(t *testing.T, m *memory, p *platform, log *bytes.Buffer, reg prometheus.Registerer) *media.Service {
	t.Helper()
	cfg := media.Config{Settings: media.DefaultSettings(), Seed: uint64(log.Len())} // a log with a line is that of another server
	s, err := media.New(cfg, m, m, p, slog.New(slog.NewTextHandler(log, nil)), reg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func add(t *testing.T, s *media.Service, name string) {
	t.Helper()
	if _, err := s.Add(t.Context(), "demo", name, media.Image, picture(t)); err != nil {
		t.Fatal(err)
	}
}

// gauge reads a metric without labels, or with one result.
func value(t *testing.T, reg *prometheus.Registry, name, result string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() == result) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, result)
	return 0
}

// TestRenewals: three servers keep twelve files alive for ten days. Each is uploaded by one of
// them at a time and well before its end, and not all at one moment.
func TestRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &platform{slow: time.Second}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range 3 {
			s := service(t, m, p, bytes.NewBufferString(strings.Repeat(".", i)), nil)
			if i == 0 {
				for n := range 12 {
					add(t, s, "f"+string(rune('a'+n)))
				}
			}
			wg.Go(func() { _ = s.Run(ctx) })
		}
		time.Sleep(time.Minute)
		if p.count() != 12 {
			t.Errorf("%d uploads at first", p.count())
		}
		for range 10 * 24 {
			time.Sleep(time.Hour)
			files, _ := m.Files(ctx)
			for _, f := range files {
				if left := time.Until(f.Ends); left < 11*time.Hour {
					t.Errorf("%s has %v left", f.Name, left)
				}
			}
		}
		cancel()
		wg.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		// Between two uploads are 48 to 60 hours: one at first, and 4 or 5 in ten days.
		if n := len(p.uploads); n < 12*5 || n > 12*6 {
			t.Errorf("%d uploads of 12 files in ten days", n)
		}
		hours := map[time.Time]int{}
		for _, at := range p.uploads[12:24] {
			hours[at.Truncate(time.Hour)]++
		}
		if len(hours) < 5 {
			t.Errorf("the first renewals are in %d hours", len(hours))
		}
		if p.names[0] != "image f"+p.names[0][7:8]+".png" {
			t.Errorf("uploaded as %q", p.names[0])
		}
	})
}

// TestAFileThatCannotBeUploaded is tried again with growing pauses, and people are told.
func TestAFileThatCannotBeUploaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p, log, reg := newMemory(), &platform{err: &wechatapi.CodeError{Code: 45009}}, &bytes.Buffer{}, prometheus.NewPedanticRegistry()
		s := service(t, m, p, log, reg)
		add(t, s, "f")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = s.Run(ctx) }()
		time.Sleep(6 * time.Hour)
		f := m.file()
		if f.Failures < 12 || f.Failures > 40 || !strings.Contains(f.Trouble, "45009") {
			t.Errorf("%+v", f)
		}
		if failed, unusable := value(t, reg, "oalab_media_uploads_total", "failed"), value(t, reg, "oalab_media_unusable_files", ""); failed != float64(f.Failures) || unusable != 1 {
			t.Errorf("metrics: %v failed, %v unusable", failed, unusable)
		}
		p.fails(nil)
		time.Sleep(time.Hour)
		if f := m.file(); f.MediaID == "" || f.Failures != 0 || value(t, reg, "oalab_media_unusable_files", "") != 0 {
			t.Errorf("mended: %+v", f)
		}
		cancel()
		<-done
		if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "could not be uploaded") {
			t.Errorf("log\n%s", log)
		}
	})
}

// TestAFileThatChangesMeanwhile: the upload of what was replaced or dropped counts for nothing.
func TestAFileThatChangesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p, reg := newMemory(), &platform{slow: 10 * time.Second}, prometheus.NewPedanticRegistry()
		s := service(t, m, p, &bytes.Buffer{}, reg)
		add(t, s, "f")
		old := m.file()
		done := make(chan error)
		go func() { done <- s.Renew(t.Context(), old) }()
		time.Sleep(time.Second)
		add(t, s, "f")
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if f := m.file(); f.MediaID != "" || value(t, reg, "oalab_media_uploads_total", "lost") != 1 {
			t.Errorf("%+v", f)
		}
		if _, err := m.Get(t.Context(), old.Key); !errors.Is(err, filestore.ErrNotFound) {
			t.Errorf("the replaced bytes are there: %v", err)
		}
		if err := s.Renew(t.Context(), m.file()); err != nil || m.file().MediaID == "" {
			t.Errorf("the new one: %+v, %v", m.file(), err)
		}
		if err := s.Drop(t.Context(), "demo", "f"); err != nil {
			t.Error(err)
		}
		if err := s.Renew(t.Context(), m.file()); err != nil || len(m.files)+len(m.bytes) > 0 {
			t.Errorf("dropped: %v, %v, %v", m.files, m.bytes, err)
		}
		if err := s.Drop(t.Context(), "demo", "f"); !errors.Is(err, media.ErrUnknown) {
			t.Errorf("dropped twice: %v", err)
		}
	})
}

// TestAnotherContent: what is not what was stored is not given to the platform.
func TestAnotherContent(t *testing.T) {
	t.Parallel()
	m, p := newMemory(), &platform{}
	s := service(t, m, p, &bytes.Buffer{}, nil)
	add(t, s, "f")
	m.bytes[m.file().Key] = []byte("other")
	if err := s.Renew(t.Context(), m.file()); err != nil || p.count() > 0 || !strings.Contains(m.file().Trouble, "another content") {
		t.Errorf("%+v, %v", m.file(), err)
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	s := service(t, newMemory(), &platform{}, &bytes.Buffer{}, nil)
	for _, test := range []struct {
		name    string
		kind    media.Kind
		content []byte
		want    string
	}{
		{"a b", media.Image, picture(t), "letters, digits"},
		{"", media.Image, picture(t), "letters, digits"},
		{"f", "song", picture(t), "none of image, voice, video, thumb"},
		{"f", media.Thumb, picture(t), "it is image/png, and should be image/jpeg"},
		{"f", media.Voice, []byte("#!AMR\n" + strings.Repeat("x", 2<<20)), "the platform takes 2097152"},
		{"f", media.Image, []byte("<html><script>"), "it is unknown"},
		{"f", media.Image, []byte("\xff\xd8\xff\xe0 picture"), "begins like image/jpeg and is none"},
	} {
		if _, err := s.Add(t.Context(), "demo", test.name, test.kind, test.content); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q %s: %v", test.name, test.kind, err)
		}
	}
}

// heard is what a follower sent.
func heard(body wechat.Body, kind string) message.Heard {
	return message.Heard{Account: "demo", Key: "k", Message: &wechat.Message{Type: kind, From: "oFan", CreateTime: time.Now().Unix(), Body: body}}
}

// TestWhatFollowersSend becomes what its message says, or is not kept; each fate is counted.
func TestWhatFollowersSend(t *testing.T) {
	t.Parallel()
	image := &wechat.Image{MediaID: "M"}
	bomb := picture(t)
	copy(bomb[16:], "\x00\x0f\xff\xff\x00\x0f\xff\xff") // a million points each way; its check sum is wrong, too
	for _, test := range []struct {
		name    string
		body    wechat.Body
		kind    string
		content []byte
		err     error
		state   media.State
		counted string
		again   bool // the job is to come again
	}{
		{"a picture", image, "image", picture(t), nil, media.Kept, "kept", false},
		{"a recording", &wechat.Voice{MediaID: "M"}, "voice", []byte("#!AMR\n<x"), nil, media.Kept, "kept", false},
		{"a video", &wechat.Video{MediaID: "M"}, "video", []byte("\x00\x00\x00\x20ftypisom"), nil, media.Kept, "kept", false},
		{"a short video", &wechat.Video{MediaID: "M", Short: true}, "shortvideo", []byte("\x00\x00\x00\x20ftypisom"), nil, media.Kept, "kept", false},
		{"a page", image, "image", []byte("<!DOCTYPE html><script>alert(1)</script>"), nil, media.Refused, "content", false},
		{"a program", image, "image", []byte("\x7fELF\x02\x01\x01"), nil, media.Refused, "content", false},
		{"a drawing with a script", image, "image", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), nil, media.Refused, "content", false},
		{"a recording as a picture", image, "image", []byte("#!AMR\nx"), nil, media.Refused, "content", false},
		{"a picture that fills the memory", image, "image", bomb, nil, media.Refused, "content", false},
		{"too large", image, "image", nil, wechatapi.ErrTooLarge, media.Refused, "size", false},
		{"elsewhere", image, "video", nil, wechatapi.ErrPlace, media.Refused, "content", false},
		{"ended", image, "image", nil, &wechatapi.CodeError{Code: 40007}, media.Gone, "gone", false},
		{"no right", image, "image", nil, &wechatapi.CodeError{Code: 48001}, media.Refused, "right", false},
		{"away", image, "image", nil, errors.New("cut"), media.Waiting, "", true},
		{"the account is refused", image, "image", nil, &wechatapi.CodeError{Code: 40164}, media.Waiting, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, reg := newMemory(), prometheus.NewPedanticRegistry()
			s := service(t, m, &platform{fetched: test.content, err: test.err}, &bytes.Buffer{}, reg)
			env := hear(t, m, heard(test.body, test.kind))
			err := s.Jobs()[0].Handle(t.Context(), env)
			got := m.received["k"]
			if got.State != test.state || (err != nil) != test.again || test.again && !job.IsPostponed(err) {
				t.Errorf("%+v, %v", got, err)
			}
			if test.counted != "" && value(t, reg, "oalab_media_received_total", test.counted) != 1 {
				t.Errorf("not counted as %s", test.counted)
			}
			if kept := m.bytes[got.File]; !bytes.Equal(kept, test.content) && test.state == media.Kept || test.state != media.Kept && len(m.bytes) > 0 {
				t.Errorf("kept %q", kept)
			}
		})
	}
}

// capture keeps the job of a message.
type capture struct {
	*memory
	env job.Envelope
}

func (c *capture) Note(ctx context.Context, r media.Received, env job.Envelope) error {
	c.env = env
	return c.memory.Note(ctx, r, env)
}

func hear(t *testing.T, m *memory, h message.Heard) job.Envelope {
	t.Helper()
	c := &capture{memory: m}
	list := media.Listeners(c, func(account string) bool { return account == "demo" })
	if err := list[0].Hear(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	other := h
	other.Account, other.Key = "other", "k2"
	if err := list[0].Hear(t.Context(), other); err != nil || len(m.received) != 1 {
		t.Errorf("an account that keeps nothing: %v, %v", m.received, err)
	}
	return c.env
}

// TestAPlatformThatIsAwayForLong is waited for until it has the file no longer.
func TestAPlatformThatIsAwayForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &platform{err: errors.New("cut")}
		s := service(t, m, p, &bytes.Buffer{}, nil)
		env := hear(t, m, heard(&wechat.Image{MediaID: "M"}, "image"))
		for time.Since(m.received["k"].Sent) < 71*time.Hour {
			err := s.Jobs()[0].Handle(t.Context(), env)
			if !job.IsPostponed(err) {
				t.Fatalf("%v", err)
			}
			time.Sleep(max(job.Delay(err), time.Minute))
		}
		time.Sleep(2 * time.Hour)
		if err := s.Jobs()[0].Handle(t.Context(), env); err != nil || m.received["k"].State != media.Gone {
			t.Errorf("%+v, %v", m.received["k"], err)
		}
	})
}

// TestAFullFileStore keeps the job.
func TestAFullFileStore(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.full = true
	s := service(t, m, &platform{fetched: picture(t)}, &bytes.Buffer{}, nil)
	env := hear(t, m, heard(&wechat.Image{MediaID: "M"}, "image"))
	if err := s.Jobs()[0].Handle(t.Context(), env); !job.IsPostponed(err) || !errors.Is(err, filestore.ErrFull) {
		t.Error(err)
	}
	m.full = false
	if err := s.Jobs()[0].Handle(t.Context(), env); err != nil || m.received["k"].State != media.Kept || len(m.bytes) != 1 {
		t.Errorf("%+v, %v", m.received, err)
	}
	rows, more, err := s.Old(time.Now().Add(time.Hour))(t.Context())
	if rows != 1 || more || err != nil || len(m.bytes)+len(m.received) > 0 {
		t.Errorf("%d rows, %v, %v, %v", rows, err, m.bytes, m.received)
	}
}

// moments answers with one moment.
type moments struct{ at time.Time }

func (m moments) Moment(context.Context, *message.Asked, message.Table) time.Time { return m.at }

// TestWhatAnswersShow: a media_id that has ended, or is about to, is never shown; tries of a
// message get that of its first one.
func TestWhatAnswersShow(t *testing.T) {
	t.Parallel()
	began := time.Now().Truncate(time.Second)
	m := newMemory()
	c, err := media.NewCopies(m, prometheus.NewPedanticRegistry())
	if err != nil {
		t.Fatal(err)
	}
	m.files["demo f"] = media.File{
		Account: "demo", Name: "f", Kind: media.Image, MediaID: "new", Changed: began, Ends: began.Add(media.Life),
		PastID: "old", PastEnds: began.Add(12 * time.Hour),
	}
	m.files["demo first"] = media.File{Account: "demo", Name: "first", Kind: media.Image, MediaID: "one", Changed: began, Ends: began.Add(media.Life)}
	m.files["demo dropped"] = media.File{Account: "demo", Name: "dropped", Kind: media.Image, PastID: "past", PastEnds: began.Add(time.Hour), Changed: began, Dropped: true}
	m.files["demo late"] = media.File{Account: "demo", Name: "late", Kind: media.Image, MediaID: "x", PastID: "ended", PastEnds: began.Add(-time.Hour), Changed: began, Ends: began.Add(media.Life)}
	ask := func(kind, name string, at time.Duration) string {
		id, ok := c.MediaID(t.Context(), &message.Asked{Heard: message.Heard{Account: "demo"}, Moments: moments{began.Add(at)}}, kind, name)
		if !ok {
			id = "-" + id
		}
		return id
	}
	if got := ask("image", "f", 0); got != "-" {
		t.Errorf("before the first load: %s", got)
	}
	if err := c.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{
		"now": ask("image", "f", 0), "before the renewal": ask("image", "f", -time.Second), "near its end": ask("image", "f", media.Life-11*time.Minute),
		"too near": ask("image", "f", media.Life-10*time.Minute), "ended": ask("image", "f", media.Life), "another kind": ask("voice", "f", 0),
		"unknown": ask("image", "none", 0), "before the first upload": ask("image", "first", -time.Second), "dropped": ask("image", "dropped", 0),
		"before it was dropped": ask("image", "dropped", -time.Second), "before a late renewal": ask("image", "late", -time.Second),
	}
	want := map[string]string{
		"now": "new", "before the renewal": "old", "near its end": "new", "too near": "-", "ended": "-", "another kind": "-", "unknown": "-",
		"before the first upload": "-", "dropped": "-", "before it was dropped": "past", "before a late renewal": "-",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !c.ChangedSince("demo", began.Add(-time.Second)) || c.ChangedSince("demo", began) || c.ChangedSince("other", time.Time{}) {
		t.Error("changes")
	}
}

// TestAnEndIsAChange: a try after the end of a media_id is answered as one before it.
func TestAnEndIsAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, began := newMemory(), time.Now()
		c, err := media.NewCopies(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		m.files["demo f"] = media.File{Account: "demo", Name: "f", Kind: media.Image, MediaID: "M", Changed: began, Ends: began.Add(time.Hour)}
		if err := c.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(49 * time.Minute)
		first := time.Now()
		if c.ChangedSince("demo", first) {
			t.Error("it has not ended")
		}
		time.Sleep(2 * time.Minute)
		if !c.ChangedSince("demo", first) || c.ChangedSince("demo", time.Now()) {
			t.Error("it ended between two tries")
		}
	})
}
