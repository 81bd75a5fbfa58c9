package media

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSniff(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	want := map[string]string{
		"": "", "x": "", "\xff\xd8\xff\xe0": typeJPEG, "\x89PNG\r\n\x1a\n": typePNG, "\x89PNG\n": "", "GIF89a": typeGIF, "GIF88a": "",
		"RIFF\x00\x00\x00\x00WEBPVP8 ": typeWebP, "RIFF\x00\x00\x00\x00WAVEfmt ": "", "BM\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00": typeBMP,
		"BM is a text, and no picture": "", "#!AMR\n": typeAMR, "#!/bin/sh\n": "", "OggS": typeOgg, "\x00\x00\x00\x20ftypisom": typeMP4,
		"ID3\x04": typeMP3, "\xff\xfb\x90\x00": typeMP3, "\xff\xfb\xf0\x00": "", "\xff\xfe<\x00s\x00": "", "MZ\x90\x00": "", "PK\x03\x04": "", "%PDF-1.7": "",
		"<html>": "", "<?xml": "",
	}
	for content := range want {
		got[content] = sniff([]byte(content))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for content, kind := range map[string]Kind{"\xff\xd8\xff\xe0": Image, "#!AMR\n": Voice, "\x00\x00\x00\x20ftypisom": Video, "MZ": ""} {
		if got := KindOf([]byte(content)); got != kind {
			t.Errorf("%q: kind %q", content, got)
		}
	}
}

// FuzzChecked: no content makes a panic, and what is taken is of a type that was asked for.
func FuzzChecked(f *testing.F) {
	for _, seed := range []string{"\xff\xd8\xff\xe0", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "GIF89a\x01\x00\x01\x00", "BM", "ID3", "\x00\x00\x00\x20ftyp"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for kind, types := range receipts {
			got, err := checked(content, types)
			if (err == nil) != (got != "") || err == nil && got != sniff(content) {
				t.Errorf("%s: %q, %v", kind, got, err)
			}
		}
	})
}
