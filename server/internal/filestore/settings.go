package filestore

import (
	"strings"

	"oalab/server/internal/config"
)

// Settings says where files are. Without an S3 endpoint they are in a folder, which the
// servers of several hosts cannot share.
type Settings struct {
	// Folder is where files are on this host; empty means the folder files in data_dir. It is
	// not used with an S3 endpoint.
	Folder string `yaml:"folder"`
	// S3 is the store of several servers.
	S3 S3 `yaml:"s3"`
}

// S3 is a store that speaks the S3 protocol.
type S3 struct {
	// Endpoint is its address, such as https://s3.example.com; empty means none.
	Endpoint string `yaml:"endpoint"`
	// Region is that of the bucket; many stores take any.
	Region string `yaml:"region"`
	// Bucket has to be there.
	Bucket string `yaml:"bucket"`
	// Prefix begins every key, such as oalab/; empty means that the bucket is for these files alone.
	Prefix string `yaml:"prefix"`
	// AccessKey names who may read, write and delete in the bucket.
	AccessKey string `yaml:"access_key"`
	// SecretKey is the secret of that.
	SecretKey config.Secret `yaml:"secret_key"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings { return Settings{S3: S3{Region: "us-east-1"}} }

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	f.Address("files.s3.endpoint", s.S3.Endpoint)
	if s.S3.Endpoint == "" {
		return
	}
	for key, value := range map[string]string{
		"bucket": s.S3.Bucket, "region": s.S3.Region, "access_key": s.S3.AccessKey, "secret_key": string(s.S3.SecretKey),
	} {
		if value == "" {
			f.Add("files.s3."+key, "is missing: files.s3.endpoint is set")
		}
	}
	if prefix := strings.TrimSuffix(s.S3.Prefix, "/"); prefix != "" && CheckKey(prefix) != nil {
		f.Add("files.s3.prefix", "%q is not of letters, digits, -, _ and / between", s.S3.Prefix)
	}
}
