// Package s3 keeps files in a store that speaks the S3 protocol, which all servers share.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"oalab/server/internal/filestore"
)

const (
	// timeout bounds one operation, with the client's own repeats.
	timeout = 30 * time.Second
	// tries is how often the client asks in all where an answer was lost. Each operation may be
	// repeated.
	tries = 3
)

// Store is a bucket, or what begins with a prefix in one.
type Store struct {
	client    *minio.Client
	transport *http.Transport
	bucket    string
	prefix    string
}

var _ filestore.Store = (*Store)(nil)

// Open makes the client of a bucket. It makes no call. It must be closed.
func Open(cfg filestore.S3) (*Store, error) {
	u, err := url.Parse(cfg.Endpoint)
	if err != nil || u.Host == "" {
		return nil, errors.New("files.s3.endpoint is not an http:// or https:// address")
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: timeout}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(cfg.AccessKey, string(cfg.SecretKey), ""),
		Secure: u.Scheme == "https", Transport: transport, Region: cfg.Region, BucketLookup: minio.BucketLookupPath, MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("make the client of files.s3: %w", err)
	}
	return &Store{client: client, transport: transport, bucket: cfg.Bucket, prefix: cfg.Prefix}, nil
}

// Close drops idle connections.
func (s *Store) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// Put implements filestore.Store. One request carries the whole file: the store shows it when
// it has all of it, and never a part.
func (s *Store) Put(ctx context.Context, key string, content []byte) error {
	if err := filestore.CheckFile(key, content); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{
		ContentType: "application/octet-stream", DisableMultipart: true, SendContentMd5: true,
	})
	return said("store", key, err)
}

// Get implements filestore.Store.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	if err := filestore.CheckKey(key); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	object, err := s.client.GetObject(ctx, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, said("read", key, err)
	}
	content, err := io.ReadAll(io.LimitReader(object, filestore.MaxSize))
	if err = errors.Join(err, object.Close()); err != nil {
		return nil, said("read", key, err)
	}
	return content, nil
}

// Delete implements filestore.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := filestore.CheckKey(key); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := said("delete", key, s.client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{}))
	if errors.Is(err, filestore.ErrNotFound) {
		return nil
	}
	return err
}

// Check implements filestore.Store.
func (s *Store) Check(ctx context.Context) error {
	found, err := s.client.BucketExists(ctx, s.bucket)
	if err == nil && !found {
		err = errors.New("it is not there")
	}
	if err != nil {
		return fmt.Errorf("the bucket %s of files: %w", s.bucket, err)
	}
	return nil
}

// full are the codes by which stores say that they have no room.
var full = []string{"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage"}

// said puts an error into the words of package filestore.
func said(verb, key string, err error) error {
	if err == nil {
		return nil
	}
	answer, _ := errors.AsType[minio.ErrorResponse](err)
	switch {
	case answer.Code == minio.NoSuchKey:
		return fmt.Errorf("%w: %s", filestore.ErrNotFound, key)
	case slices.Contains(full, answer.Code), answer.StatusCode == http.StatusInsufficientStorage:
		err = fmt.Errorf("%w: %w", filestore.ErrFull, err)
	}
	return fmt.Errorf("%s the file %s: %w", verb, key, err)
}
