package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // its DecodeConfig
	_ "image/jpeg" // its DecodeConfig
	_ "image/png"  // its DecodeConfig
	"slices"
	"strings"
)

// Kind is what the platform takes a file for.
type Kind string

// The kinds of files that can be uploaded.
const (
	Image Kind = "image"
	Voice Kind = "voice"
	Video Kind = "video"
	Thumb Kind = "thumb" // the picture of music
)

// Content types, as first bytes say.
const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeGIF  = "image/gif"
	typeBMP  = "image/bmp"
	typeWebP = "image/webp"
	typeAMR  = "audio/amr"
	typeMP3  = "audio/mpeg"
	typeOgg  = "audio/ogg" // what the platform calls speex
	typeMP4  = "video/mp4"
)

// endings are the file names' by which the platform knows a type.
var endings = map[string]string{
	typeJPEG: ".jpg", typePNG: ".png", typeGIF: ".gif", typeBMP: ".bmp", typeAMR: ".amr", typeMP3: ".mp3", typeMP4: ".mp4",
}

// rule is what a kind may be.
type rule struct {
	size  int
	types []string
}

// uploads are the platform's limits of what it is given.
var uploads = map[Kind]rule{
	Image: {10 << 20, []string{typeJPEG, typePNG, typeGIF, typeBMP}},
	Voice: {2 << 20, []string{typeAMR, typeMP3}},
	Video: {10 << 20, []string{typeMP4}},
	Thumb: {64 << 10, []string{typeJPEG}},
}

// receipts are what followers may send, by MsgType; the size is a setting.
var receipts = map[string][]string{
	"image": {typeJPEG, typePNG, typeGIF, typeBMP, typeWebP}, "voice": {typeAMR, typeMP3, typeOgg},
	"video": {typeMP4}, "shortvideo": {typeMP4},
}

// Kinds are the kinds of files.
func Kinds() []Kind { return []Kind{Image, Voice, Video, Thumb} }

// KindOf is the kind of a file by its content; "" when it is of none. A thumb looks like an image.
func KindOf(content []byte) Kind {
	kind, _, _ := strings.Cut(sniff(content), "/")
	if kind == "audio" {
		return Voice
	}
	return Kind(kind)
}

// CheckUpload returns the content type of a file of a kind, or why the platform would refuse it.
func CheckUpload(kind Kind, content []byte) (string, error) {
	r, known := uploads[kind]
	if !known {
		return "", fmt.Errorf("kind %q is none of image, voice, video, thumb", kind)
	}
	if len(content) > r.size {
		return "", fmt.Errorf("it has %d bytes; the platform takes %d of kind %s", len(content), r.size, kind)
	}
	return checked(content, r.types)
}

// errContent says that content is not what it should be.
var errContent = errors.New("its content is of another type")

// maxPixels is how large a picture may be: one of a few bytes can claim to be of any size, and
// fill the memory of the program that shows it.
const maxPixels = 100_000_000

// checked returns the type of content that has to be one of some.
func checked(content []byte, types []string) (string, error) {
	got := sniff(content)
	if !slices.Contains(types, got) {
		if got == "" {
			got = "unknown"
		}
		return "", fmt.Errorf("%w: it is %s, and should be %s", errContent, got, strings.Join(types, " or "))
	}
	if got != typeJPEG && got != typePNG && got != typeGIF {
		return got, nil
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(content))
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: it begins like %s and is none: %w", errContent, got, err)
	case size.Width <= 0 || size.Height <= 0 || size.Width > maxPixels/size.Height:
		return "", fmt.Errorf("%w: a picture of %d × %d, more than %d points", errContent, size.Width, size.Height, maxPixels)
	}
	return got, nil
}

// sniff is the type of content by its first bytes, "" for any but those above. What a sender
// says of it counts for nothing.
func sniff(b []byte) string {
	has := func(at int, magic string) bool {
		return len(b) >= at+len(magic) && string(b[at:at+len(magic)]) == magic
	}
	switch {
	case has(0, "\xff\xd8\xff"):
		return typeJPEG
	case has(0, "\x89PNG\r\n\x1a\n"):
		return typePNG
	case has(0, "GIF87a"), has(0, "GIF89a"):
		return typeGIF
	case has(0, "RIFF") && has(8, "WEBPVP8"):
		return typeWebP
	case has(0, "BM") && len(b) > 14 && int64(binary.LittleEndian.Uint32(b[2:])) == int64(len(b)):
		return typeBMP
	case has(0, "#!AMR\n"), has(0, "#!AMR-WB\n"):
		return typeAMR
	case has(0, "OggS"):
		return typeOgg
	case has(4, "ftyp"):
		return typeMP4
	case has(0, "ID3"), len(b) > 3 && b[0] == 0xff && b[1]&0xe0 == 0xe0 && b[1]&0x18 != 0x08 && b[1]&0x06 == 0x02 && b[2]&0xf0 != 0xf0:
		return typeMP3
	}
	return ""
}
